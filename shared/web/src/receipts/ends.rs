//! Where a picture ends by the rules of its format. What a decoder leaves unread begins there.

use memchr::memchr;

use crate::FileKind;

/// What lies behind the end of a picture; empty when nothing does or when the end cannot be found.
pub(super) fn behind(bytes: &[u8], kind: FileKind) -> &[u8] {
    let end = match kind {
        FileKind::Jpeg => jpeg(bytes),
        FileKind::Png => png(bytes),
        FileKind::Webp => webp(bytes),
        FileKind::Gif => gif(bytes),
        FileKind::Heic | FileKind::Pdf => None,
    };
    end.and_then(|end| bytes.get(end..)).unwrap_or_default()
}

/// Segments with a length each, then entropy-coded data in which only marked bytes follow an 0xFF (ITU-T T.81, annex B).
fn jpeg(bytes: &[u8]) -> Option<usize> {
    let mut at = 2;
    loop {
        // Whatever stands between segments is skipped, as decoders do.
        at += memchr(0xFF, bytes.get(at..)?)?;
        let marker = *bytes.get(at + 1)?;
        match marker {
            0xFF => at += 1,
            0xD9 => return Some(at + 2),
            // Stuffing, restarts and other markers that stand alone.
            0x00 | 0x01 | 0xD0..=0xD8 => at += 2,
            _ => at += 2 + usize::from(u16::from_be_bytes([*bytes.get(at + 2)?, *bytes.get(at + 3)?])).max(2),
        }
    }
}

/// Chunks up to `IEND`.
fn png(bytes: &[u8]) -> Option<usize> {
    let mut at = 8;
    loop {
        let head: [u8; 8] = bytes.get(at..at + 8)?.try_into().ok()?;
        let [a, b, c, d, kind @ ..] = head;
        let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).ok()?;
        at = at.checked_add(length)?.checked_add(12)?;
        if kind == *b"IEND" {
            return Some(at);
        }
    }
}

/// One RIFF chunk, padded to an even size.
fn webp(bytes: &[u8]) -> Option<usize> {
    let length: [u8; 4] = bytes.get(4..8)?.try_into().ok()?;
    let length = usize::try_from(u32::from_le_bytes(length)).ok()?;
    length.checked_add(length & 1)?.checked_add(8)
}

/// Extensions and pictures up to the trailer (GIF89a §17 to §27).
fn gif(bytes: &[u8]) -> Option<usize> {
    let palette = |flags: u8| if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) };
    let mut at = 13 + palette(*bytes.get(10)?);
    loop {
        match *bytes.get(at)? {
            0x3B => return Some(at + 1),
            0x21 => at += 2,
            0x2C => at += 11 + palette(*bytes.get(at + 9)?),
            _ => return None,
        }
        // Blocks with a length each, up to an empty one.
        loop {
            let length = usize::from(*bytes.get(at)?);
            at += 1 + length;
            if length == 0 {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{encoded, sample};
    use super::*;

    #[test]
    fn what_follows_is_found() {
        for kind in [FileKind::Jpeg, FileKind::Png, FileKind::Webp, FileKind::Gif] {
            let bytes = encoded(&sample(37, 21), kind);
            assert!(behind(&bytes, kind).is_empty(), "{kind:?}");
            let longer = [&bytes[..], b"more"].concat();
            assert_eq!(behind(&longer, kind), b"more", "{kind:?}");
            for cut in 0..bytes.len() {
                assert!(behind(&bytes[..cut], kind).is_empty(), "{kind:?} cut at {cut}");
            }
        }
    }

    /// A thumbnail inside a segment has an end of its own, which is not the end of the picture.
    #[test]
    fn pictures_inside_a_picture_are_passed_over() {
        let bytes = encoded(&sample(16, 16), FileKind::Jpeg);
        let segment = [&b"\xff\xe1\0\x08"[..], b"\xff\xd9\xff\xd9\xff\xd9"].concat();
        let with = [&bytes[..2], &segment, &bytes[2..], b"tail"].concat();
        assert_eq!(behind(&with, FileKind::Jpeg), b"tail");
    }
}
