//! Typesets a template with typst, in this process and shut off from it: a template sees the values of one contract as
//! `sys.inputs`, the fonts in `fonts`, and no file, package, network or clock.

use std::{collections::BTreeSet, sync::LazyLock};

use typst::{
    Library, LibraryExt, World,
    diag::{FileError, FileResult, SourceDiagnostic},
    foundations::{Bytes, Datetime, Dict, Duration, Smart, Str, Value},
    syntax::{FileId, Source},
    text::{Font, FontBook},
    utils::LazyHash,
};
use typst_layout::PagedDocument;
use typst_pdf::PdfOptions;

use crate::{fields::Fields, writer::Unusable};

/// A contract has two or three pages.
const MOST_PAGES: usize = 20;

/// Libertinus Serif (licence in `fonts/OFL.txt`).
const FONTS: [&[u8]; 3] = [
    include_bytes!("../fonts/LibertinusSerif-Regular.otf"),
    include_bytes!("../fonts/LibertinusSerif-Bold.otf"),
    include_bytes!("../fonts/LibertinusSerif-Italic.otf"),
];

struct Fonts {
    list: Vec<Font>,
    book: LazyHash<FontBook>,
}

static FONT_SET: LazyLock<Fonts> = LazyLock::new(|| {
    let list: Vec<_> = FONTS.into_iter().flat_map(|font| Font::iter(Bytes::new(font))).collect();
    let book = LazyHash::new(FontBook::from_fonts(&list));
    Fonts { list, book }
});

/// What one template may see.
struct Sheet {
    library: LazyHash<Library>,
    source: Source,
}

impl World for Sheet {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &FONT_SET.book
    }

    fn main(&self) -> FileId {
        self.source.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.source.id() { Ok(self.source.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn file(&self, _: FileId) -> FileResult<Bytes> {
        Err(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<Font> {
        FONT_SET.list.get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}

/// The PDF that a template gives with these values. They are data: nothing in them is read as markup.
///
/// # Errors
/// [`Unusable`].
pub(crate) fn typeset(template: &[u8], fields: &Fields) -> Result<Vec<u8>, Unusable> {
    let text = std::str::from_utf8(template).map_err(|_| Unusable::NotText)?;
    let inputs: Dict =
        fields.iter().map(|(name, value)| (Str::from(name), Value::Str(Str::from(value)))).collect();
    let library = LazyHash::new(Library::builder().with_inputs(inputs).build());
    let sheet = Sheet { library, source: Source::detached(text) };
    let made = make(&sheet);
    // Typst remembers what it computed, values included, until told to forget.
    typst::comemo::evict(0);
    made
}

fn make(sheet: &Sheet) -> Result<Vec<u8>, Unusable> {
    let refused = |errors: &[SourceDiagnostic]| Unusable::Refused(lines(sheet, errors));
    let document: PagedDocument = typst::compile(sheet).output.map_err(|errors| refused(&errors))?;
    if document.pages().len() > MOST_PAGES {
        return Err(Unusable::TooManyPages(MOST_PAGES));
    }
    let options = PdfOptions { creator: Smart::Custom(None), ..PdfOptions::default() };
    typst_pdf::pdf(&document, &options).map_err(|errors| refused(&errors))
}

/// The lines of the template where something is wrong, from 1: "3, 17". Empty when no line is to blame.
fn lines(sheet: &Sheet, errors: &[SourceDiagnostic]) -> String {
    use typst::WorldExt;
    let lines: BTreeSet<usize> = errors
        .iter()
        .filter_map(|error| sheet.range(error.span))
        .filter_map(|range| sheet.source.lines().byte_to_line(range.start))
        .map(|line| line + 1)
        .collect();
    lines.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{fields::tests::fields, writer::Format};

    /// The text of a PDF in one line.
    pub(crate) fn text(pdf: &[u8]) -> String {
        let text = pdf_extract::extract_text_from_mem(pdf).unwrap();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_built_in_template_names_every_value() {
        let fields = fields("José María", "Ñahui Peña");
        let pdf = typeset(Format::Pdf.built_in(), &fields).unwrap();
        assert!(pdf.starts_with(b"%PDF-"));
        let text = text(&pdf);
        for (name, value) in fields.iter() {
            assert!(text.contains(value), "{name} in {text}");
        }
        assert!(text.contains("Firmado el 5 de marzo del 2026"), "{text}");
    }

    #[test]
    fn names_are_never_markup() {
        for name in [
            "#PANIC()",
            "$",
            "*A* _B_ `C`",
            "#SYS.INPUTS",
            "<W:P>",
            "\\",
            "= A // B /* C */ ~ @D",
            "\"'--...:",
        ] {
            let pdf = typeset(Format::Pdf.built_in(), &fields(name, "Soto")).unwrap();
            let text = text(&pdf);
            assert!(text.contains(&format!("{name} SOTO")), "{name} in {text}");
        }
    }

    #[test]
    fn errors_tell_lines_and_no_values() {
        let template = b"Texto\n\n#int(sys.inputs.nombre)\n";
        let problem = typeset(template, &fields("Ana", "Soto")).unwrap_err();
        assert_eq!(problem, Unusable::Refused("3".to_owned()));
        assert_eq!(typeset(b"\xFF", &fields("Ana", "Soto")), Err(Unusable::NotText));
        let pages = b"#for n in range(21) [#n #pagebreak()]";
        assert_eq!(typeset(pages, &fields("Ana", "Soto")), Err(Unusable::TooManyPages(MOST_PAGES)));
    }
}
