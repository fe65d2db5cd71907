//! Fills a template of Word: placeholders such as `{{ nombre }}` in its text, headers, footers and notes.

mod part;

use std::io::{Cursor, Read, Write};

use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

use crate::{fields::Fields, writer::Unusable};

/// A template has a dozen parts.
const MOST_PARTS: usize = 500;
/// Text of all parts together, in bytes. A small archive can hold very much of it.
const LARGEST_TEXT: u64 = 8 * 1024 * 1024;

const BROKEN: Unusable = Unusable::NotDocx("the archive is broken");

/// The document that a template gives with these values. Parts without text, such as images, stay as they are.
///
/// # Errors
/// [`Unusable`].
pub(crate) fn fill(template: &[u8], fields: &Fields) -> Result<Vec<u8>, Unusable> {
    let mut archive = ZipArchive::new(Cursor::new(template)).map_err(|_| BROKEN)?;
    if archive.len() > MOST_PARTS {
        return Err(Unusable::TooLarge);
    }
    let mut document = ZipWriter::new(Cursor::new(Vec::new()));
    let (mut left, mut has_text) = (LARGEST_TEXT, false);
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(|_| BROKEN)?;
        let name = entry.name().map_err(|_| BROKEN)?.into_owned();
        let Some(kind) = kind(&name) else {
            document.raw_copy_file(entry).map_err(|_| BROKEN)?;
            continue;
        };
        let mut text = String::new();
        entry.take(left + 1).read_to_string(&mut text).map_err(|_| BROKEN)?;
        left = left.checked_sub(text.len() as u64).ok_or(Unusable::TooLarge)?;
        has_text |= kind == "document";
        let filled = part::fill(&text, fields)?;
        document.start_file(name, SimpleFileOptions::default()).map_err(|_| BROKEN)?;
        document.write_all(filled.as_bytes()).map_err(|_| BROKEN)?;
    }
    if !has_text {
        return Err(Unusable::NotDocx("it has no text"));
    }
    Ok(document.finish().map_err(|_| BROKEN)?.into_inner())
}

/// The kind of a part that holds text, from its name: `word/header2.xml` is a `header`.
fn kind(name: &str) -> Option<&str> {
    let stem = name.strip_prefix("word/")?.strip_suffix(".xml")?;
    let kind = stem.trim_end_matches(|letter: char| letter.is_ascii_digit());
    ["document", "header", "footer", "footnotes", "endnotes"].contains(&kind).then_some(kind)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{fields::tests::fields, writer::Format};

    /// One part of a file of Word.
    pub(crate) fn part(docx: &[u8], name: &str) -> String {
        let mut archive = ZipArchive::new(Cursor::new(docx)).unwrap();
        let mut text = String::new();
        archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    /// The text of its body in one line.
    pub(crate) fn text(docx: &[u8]) -> String {
        let body = part(docx, "word/document.xml").replace("</w:p>", " ").replace("<w:tab/>", " ");
        let mut text = String::new();
        for piece in body.split('<') {
            text.push_str(piece.split_once('>').map_or(piece, |(_, text)| text));
        }
        let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
        let text = text.replace("&apos;", "'").replace("&amp;", "&");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// An archive of these parts.
    pub(crate) fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in parts {
            archive.start_file(*name, SimpleFileOptions::default()).unwrap();
            archive.write_all(text.as_bytes()).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    #[test]
    fn the_built_in_template_names_every_value() {
        let fields = fields("José María", "Ñahui Peña");
        let text = text(&fill(Format::Docx.built_in(), &fields).unwrap());
        for (name, value) in fields.iter() {
            assert!(text.contains(value), "{name} in {text}");
        }
        assert!(!text.contains("{{"), "{text}");
    }

    #[test]
    fn names_are_never_markup() {
        for name in ["#PANIC()", "$", "<W:P>", "A & B", "]]>", "\"'", "{{ DNI }}", "&LT;"] {
            let document = fill(Format::Docx.built_in(), &fields(name, "Soto")).unwrap();
            assert!(text(&document).contains(&format!("{name} SOTO")), "{name}");
            // Still a tree: filling it anew reads it whole.
            part::fill(&part(&document, "word/document.xml").replace("{{ DNI }}", ""), &fields("a", "b"))
                .unwrap();
        }
    }

    #[test]
    fn headers_are_filled_and_other_parts_kept() {
        let template = archive(&[
            ("[Content_Types].xml", "<Types/>"),
            ("word/document.xml", "<w:p><w:r><w:t>{{ dni }}</w:t></w:r></w:p>"),
            ("word/header2.xml", "<w:p><w:r><w:t>{{numpax}}</w:t></w:r></w:p>"),
            ("word/media/image1.png", "{{ dni }}"),
        ]);
        let document = fill(&template, &fields("Ana", "Soto")).unwrap();
        assert!(part(&document, "word/document.xml").contains(">40000001<"));
        assert!(part(&document, "word/header2.xml").contains(">7<"));
        assert_eq!(part(&document, "word/media/image1.png"), "{{ dni }}");
        assert_eq!(part(&document, "[Content_Types].xml"), "<Types/>");
    }

    #[test]
    fn what_is_no_template() {
        let bomb = "x".repeat(9 * 1024 * 1024);
        for (template, expected) in [
            (b"PK".to_vec(), BROKEN),
            (archive(&[("[Content_Types].xml", "<Types/>")]), Unusable::NotDocx("it has no text")),
            (archive(&[("word/document.xml", bomb.as_str())]), Unusable::TooLarge),
            (
                archive(&[("word/document.xml", "<w:p><w:r></w:p>")]),
                Unusable::NotDocx("a part is not well-formed XML"),
            ),
        ] {
            assert_eq!(fill(&template, &fields("Ana", "Soto")), Err(expected));
        }
    }
}
