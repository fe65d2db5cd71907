//! Signs that a file is more than it says it is.

use memchr::{memchr_iter, memmem};

/// A page or a program of a server; matched whatever the case of its letters.
const PAGES: [&[u8]; 3] = [b"<script", b"<html", b"<?php"];
/// The directory that makes a ZIP of a file stands at most this many bytes before its end: itself and a comment.
const ARCHIVE_TAIL: usize = 22 + 0xFFFF;
/// How far behind the end of a picture another file is looked for by signs too short to search megabytes for.
const NEAR: usize = 1024;

/// Whether a browser or server could take a part of this for a page or program.
pub(super) fn holds_page(bytes: &[u8]) -> bool {
    memchr_iter(b'<', bytes).any(|at| PAGES.iter().any(|page| begins(&bytes[at..], page)))
}

/// Whether a PDF begins anywhere in this.
pub(super) fn holds_pdf(bytes: &[u8]) -> bool {
    memmem::find(bytes, b"%PDF-").is_some()
}

/// Whether a reader of ZIP archives (office documents and Java programs too) would open this.
pub(super) fn is_archive(bytes: &[u8]) -> bool {
    let tail = &bytes[bytes.len().saturating_sub(ARCHIVE_TAIL)..];
    memmem::rfind(tail, b"PK\x05\x06").is_some()
}

/// Whether the bytes behind the end of a picture begin another kind of file. Phones put films and smaller pictures there,
/// which are fine; so signs of two to four letters count only where a file would begin.
pub(super) fn is_another_file(behind: &[u8]) -> bool {
    let padding = behind.iter().take_while(|byte| matches!(byte, 0 | b'\t' | b'\n' | b'\r' | b' ')).count();
    let near = &behind[..behind.len().min(NEAR)];
    behind[padding..].starts_with(b"MZ")
        || [&b"PK\x03\x04"[..], b"\x7fELF"].iter().any(|sign| memmem::find(near, sign).is_some())
        || memchr_iter(b'<', near).any(|at| begins(&near[at..], b"<svg"))
}

fn begins(bytes: &[u8], sign: &[u8]) -> bool {
    bytes.get(..sign.len()).is_some_and(|start| start.eq_ignore_ascii_case(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages() {
        for page in
            ["<script", "..<ScRiPt src=x>", "a<HTML>", "<!doctype html><html lang=es>", "<?PHP echo 1;"]
        {
            assert!(holds_page(page.as_bytes()), "{page}");
        }
        for other in ["", "<", "<scrip", "< script", "<?xpacket begin=''?><x:xmpmeta>", "html script"] {
            assert!(!holds_page(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn archives_end_with_their_directory() {
        let directory = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
        assert!(is_archive(directory));
        assert!(is_archive(&[&[7; 100_000], &directory[..]].concat()));
        assert!(is_archive(&[directory, &[7; 0xFFFF][..]].concat()), "the longest comment");
        assert!(!is_archive(&[directory, &[7; 0x1_0000][..]].concat()), "nobody looks so far");
        assert!(!is_archive(b"PK"));
    }

    #[test]
    fn files_behind_a_picture() {
        for behind in
            [&b"MZ\x90\0"[..], b"\r\n\0 MZ", b"PK\x03\x04", b"....PK\x03\x04", b"\x7fELF", b"\n<SVG "]
        {
            assert!(is_another_file(behind), "{behind:?}");
        }
        let film = [b"\0\0\0\x18ftypmp42", &[9; 5000][..], b"PK\x03\x04 by chance"].concat();
        for behind in [&b""[..], b"\0\0", b"\xff\xd8\xff\xe1", b"abMZ", &film] {
            assert!(!is_another_file(behind), "{behind:?}");
        }
    }
}
