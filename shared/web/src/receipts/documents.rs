//! PDF: kept byte for byte, so looked through for what could act or hide when somebody opens it.

use memchr::{memchr_iter, memmem};
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit as inflate;

use super::{Refused, markers};

/// Readers look for the end of a document in this many last bytes.
const END: usize = 1024;
/// Beginnings of the names of what acts or carries files: scripts, programs, attachments, embedded media.
const ACTIVE: [&[u8]; 4] = [b"JavaScript", b"Launch", b"EmbeddedFile", b"RichMedia"];
/// The longest name a document can hold, every letter written as a number (ISO 32000-1 annex C).
const LONGEST_NAME: usize = 3 * 127;
/// Most streams that are looked into; a receipt has some dozens.
const MOST_STREAMS: usize = 20_000;
/// Most bytes of objects that a document may hold in compressed form.
const MOST_OBJECTS: usize = 32 * 1024 * 1024;
/// How much of a stream tells whether it holds objects.
const TASTE: usize = 32;

/// Demands a whole document that runs nothing and carries nothing.
///
/// # Errors
/// [`Refused::CutOff`], [`Refused::Mixed`], [`Refused::Active`] or [`Refused::Sealed`].
pub(super) fn check(bytes: &[u8]) -> Result<(), Refused> {
    let end = &bytes[bytes.len().saturating_sub(END)..];
    if memmem::rfind(end, b"%%EOF").is_none() {
        return Err(Refused::CutOff);
    }
    if markers::is_archive(bytes) || markers::holds_page(bytes) {
        return Err(Refused::Mixed);
    }
    let mut packs_objects = false;
    for (name, rest) in names(bytes) {
        if is_active(&name, rest) {
            return Err(Refused::Active);
        }
        packs_objects |= name == b"ObjStm";
    }
    if packs_objects { check_packed(bytes) } else { Ok(()) }
}

/// Objects may be packed into compressed streams (ISO 32000-1 §7.5.7), where names cannot be seen from outside. Every stream
/// is tasted: what its dictionary says of it could be made to lie.
fn check_packed(bytes: &[u8]) -> Result<(), Refused> {
    let (mut streams, mut unpacked, mut found) = (0, 0, false);
    for at in memmem::find_iter(bytes, b"stream") {
        if bytes[..at].ends_with(b"end") {
            continue;
        }
        let data = &bytes[at + b"stream".len()..];
        // One line break by the rules; readers are not strict.
        let data = &data[data.iter().take_while(|byte| is_space(**byte)).count()..];
        streams += 1;
        if streams > MOST_STREAMS {
            return Err(Refused::Sealed);
        }
        let taste = inflate(data, TASTE).unwrap_or_else(|stopped| stopped.output);
        if !begins_as_objects(&taste) {
            continue;
        }
        // A damaged end does not keep a reader from what comes before it.
        let objects = inflate(data, MOST_OBJECTS - unpacked).unwrap_or_else(|stopped| stopped.output);
        unpacked += objects.len();
        if unpacked >= MOST_OBJECTS {
            return Err(Refused::Sealed);
        }
        if names(&objects).any(|(name, rest)| is_active(&name, rest)) {
            return Err(Refused::Active);
        }
        found = true;
    }
    // Encrypted, or packed in a way that nobody uses.
    if found { Ok(()) } else { Err(Refused::Sealed) }
}

/// Packed objects begin with a list of numbers.
fn begins_as_objects(bytes: &[u8]) -> bool {
    bytes.iter().any(u8::is_ascii_digit)
        && bytes.iter().take(4).all(|byte| byte.is_ascii_digit() || is_space(*byte))
}

/// Every name with what follows it. Names may stand anywhere: comments and streams are not told apart, because a reader
/// could be made to tell them apart otherwise.
fn names(bytes: &[u8]) -> impl Iterator<Item = (Vec<u8>, &[u8])> {
    memchr_iter(b'/', bytes).map(|at| {
        let rest = &bytes[at + 1..];
        let length =
            rest.iter().take(LONGEST_NAME).take_while(|byte| !is_space(**byte) && !is_delimiter(**byte));
        let (name, rest) = rest.split_at(length.count());
        (spelled(name), rest)
    })
}

/// A name as meant: `#4A` is a `J` (ISO 32000-1 §7.3.5).
fn spelled(name: &[u8]) -> Vec<u8> {
    let digit = |at: usize| name.get(at).and_then(|digit| char::from(*digit).to_digit(16));
    let (mut letters, mut at) = (Vec::new(), 0);
    while let Some(letter) = name.get(at) {
        let number =
            digit(at + 1).zip(digit(at + 2)).and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
        match number.filter(|_| *letter == b'#') {
            Some(meant) => {
                letters.push(meant);
                at += 3;
            }
            None => {
                letters.push(*letter);
                at += 1;
            }
        }
    }
    letters
}

/// Whether a name stands for something that acts. `/JS` is so short that compressed data contain it by chance, so it
/// counts only before what can be a script: a text or a reference.
fn is_active(name: &[u8], rest: &[u8]) -> bool {
    if name == b"JS" {
        let spaces = rest.iter().take_while(|byte| is_space(**byte)).count();
        return match rest.get(spaces) {
            Some(b'(' | b'<' | b'%') => true,
            Some(first) => spaces > 0 && first.is_ascii_digit(),
            None => false,
        };
    }
    ACTIVE.iter().any(|active| name.starts_with(active))
}

fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 0x0C | b'\r' | b' ')
}

fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

#[cfg(test)]
mod tests {
    use miniz_oxide::deflate::compress_to_vec_zlib as deflate;

    use super::*;

    fn document(inside: &[u8]) -> Vec<u8> {
        [b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", inside, b"\ntrailer <</Root 1 0 R>>\n%%EOF\n"].concat()
    }

    /// A document whose objects are packed.
    fn packed(objects: &[u8]) -> Vec<u8> {
        let head = b"7 0 obj <</Type /ObjStm /N 2 /First 9 /Filter /FlateDecode>> stream\r\n";
        document(&[&head[..], &deflate(objects, 6), b"\nendstream endobj"].concat())
    }

    #[test]
    fn ordinary_documents_pass() {
        let image =
            [b"3 0 obj <</Subtype /Image /JSomething 1>> stream\n", &[0xFE; 5000][..], b"\nendstream"]
                .concat();
        for inside in [
            &b"1 0 obj <</Type /Catalog /OpenAction [2 0 R /Fit]>> endobj"[..],
            b"1 0 obj <</Font /JSans /Title (Javascript a JS)>> endobj",
            b"\x01/JS\x9a\xff binary data by chance",
            &image,
        ] {
            assert_eq!(check(&document(inside)), Ok(()), "{}", inside.escape_ascii());
        }
        assert_eq!(check(&packed(b"1 0 2 15 <</Type /Page>> <</Length 3>>")), Ok(()));
    }

    #[test]
    fn documents_have_an_end() {
        assert_eq!(check(b"%PDF-1.7\n1 0 obj"), Err(Refused::CutOff));
        assert_eq!(check(&[document(b""), vec![b'x'; 500]].concat()), Ok(()));
        assert_eq!(check(&[document(b""), vec![b'x'; 5000]].concat()), Err(Refused::CutOff));
    }

    #[test]
    fn what_acts_or_carries_is_refused() {
        for inside in [
            &b"<</S /JavaScript /JS (app.alert\\(1\\))>>"[..],
            b"<</S/Rendition/JS 12 0 R>>",
            b"<</JS<6170702e616c657274>>>",
            b"<</JS % hidden\n (x)>>",
            b"<</S /J#61vaScr#69pt>>",
            b"<</#4a#53 (x)>>",
            b"<</S /Launch /F (cmd.exe)>>",
            b"<</Type /EmbeddedFile>>",
            b"<</Names <</EmbeddedFiles 5 0 R>>>>",
            b"<</Subtype /RichMedia>>",
        ] {
            let text = inside.escape_ascii();
            assert_eq!(check(&document(inside)), Err(Refused::Active), "{text}");
            let objects = [b"1 0 2 15 ", inside].concat();
            assert_eq!(check(&packed(&objects)), Err(Refused::Active), "packed: {text}");
        }
    }

    #[test]
    fn pages_inside_are_refused() {
        for inside in [&b"<script>alert(1)</script>"[..], b"(<HTML>)", b"PK\x05\x06\0\0\0\0"] {
            assert_eq!(check(&document(inside)), Err(Refused::Mixed), "{}", inside.escape_ascii());
        }
    }

    /// Packed objects that cannot be looked at may be anything; those that never end are a bomb.
    #[test]
    fn sealed_documents_are_refused() {
        let mut sealed = packed(b"1 0 2 15 <</Type /Page>> <</Length 3>>");
        let at = memmem::find(&sealed, b"stream\r\n").unwrap() + 8;
        sealed[at..at + 12].fill(0xEE);
        assert_eq!(check(&sealed), Err(Refused::Sealed));
        let mut bomb = b"1 0 ".to_vec();
        bomb.resize(MOST_OBJECTS + 1, b' ');
        assert_eq!(check(&packed(&bomb)), Err(Refused::Sealed));
        let many = [b"/ObjStm ", b"stream\n".repeat(MOST_STREAMS + 1).as_slice()].concat();
        assert_eq!(check(&document(&many)), Err(Refused::Sealed));
    }
}
