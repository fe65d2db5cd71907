//! The built-in template of Word says what the built-in template of PDF says: it is made from it.
//! `CASA_WRITE_CONTRACT=1 cargo test -p contracts --test word_template` writes it anew.

#![allow(clippy::unwrap_used)] // a test ends where it cannot go on

use std::{
    fmt::Write as _,
    fs,
    io::{Cursor, Read, Write as _},
    path::Path,
};

use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

const NAMESPACE: &str = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
const XML: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;

const TYPES: &str = r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/><Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/></Types>"#;
const PACKAGE: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>"#;
const DOCUMENT: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#;
const STYLES: &str = r#"<w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="Cambria" w:hAnsi="Cambria" w:cs="Cambria"/><w:sz w:val="21"/><w:lang w:val="es-PE"/></w:rPr></w:rPrDefault><w:pPrDefault><w:pPr><w:spacing w:after="120"/></w:pPr></w:pPrDefault></w:docDefaults><w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:pPr><w:jc w:val="both"/></w:pPr></w:style><w:style w:type="paragraph" w:styleId="Title"><w:name w:val="Title"/><w:basedOn w:val="Normal"/><w:pPr><w:spacing w:after="240"/><w:jc w:val="center"/></w:pPr><w:rPr><w:b/><w:sz w:val="26"/></w:rPr></w:style><w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/><w:basedOn w:val="Normal"/><w:pPr><w:keepNext/><w:spacing w:before="200" w:after="80"/><w:outlineLvl w:val="0"/></w:pPr><w:rPr><w:b/></w:rPr></w:style><w:style w:type="paragraph" w:styleId="ListBullet"><w:name w:val="List Bullet"/><w:basedOn w:val="Normal"/><w:pPr><w:tabs><w:tab w:val="left" w:pos="425"/></w:tabs><w:spacing w:after="40"/><w:ind w:left="425" w:hanging="283"/></w:pPr></w:style><w:style w:type="paragraph" w:styleId="Signature"><w:name w:val="Signature"/><w:basedOn w:val="Normal"/><w:pPr><w:keepNext/><w:spacing w:after="0"/><w:jc w:val="center"/></w:pPr></w:style>"#;
/// Room for the signature above a line that is as wide as the cell allows.
const SIGNED: &str = r#"<w:p><w:pPr><w:pStyle w:val="Signature"/><w:pBdr><w:bottom w:val="single" w:sz="6" w:space="1" w:color="auto"/></w:pBdr><w:spacing w:before="1100" w:after="60"/><w:ind w:left="300" w:right="300"/></w:pPr></w:p>"#;

/// The text of the template of PDF with Word's placeholders for its own.
fn text(template: &str) -> String {
    let (_, text) = template.split_once("// Texto\n").unwrap();
    let mut rest = text;
    let mut out = String::new();
    while let Some((before, after)) = rest.split_once("#dato.") {
        let end = after.find(|letter: char| !letter.is_ascii_lowercase()).unwrap();
        write!(out, "{before}{{{{ {} }}}}", &after[..end]).unwrap();
        rest = &after[end..];
    }
    out + rest
}

/// A paragraph whose text has `*bold*` parts.
fn paragraph(style: &str, text: &str) -> String {
    let mut out = format!("<w:p><w:pPr><w:pStyle w:val=\"{style}\"/></w:pPr>");
    for (index, part) in text.split('*').enumerate().filter(|(_, part)| !part.is_empty()) {
        let bold = if index % 2 == 1 { "<w:rPr><w:b/></w:rPr>" } else { "" };
        let part = part.replace('&', "&amp;").replace('<', "&lt;").replace('\t', "</w:t><w:tab/><w:t>");
        write!(out, "<w:r>{bold}<w:t xml:space=\"preserve\">{part}</w:t></w:r>").unwrap();
    }
    out + "</w:p>"
}

fn signatures() -> String {
    let mut out =
        "<w:tbl><w:tblPr><w:tblW w:w=\"5000\" w:type=\"pct\"/></w:tblPr><w:tblGrid><w:gridCol w:w=\"4590\"/>\
                   <w:gridCol w:w=\"4590\"/></w:tblGrid><w:tr><w:trPr><w:cantSplit/></w:trPr>"
            .to_owned();
    for lines in [
        ["{{ arrendador }}", "{{ arrendadordocumento }}", "*EL ARRENDADOR*"],
        ["{{ nombre }}", "{{ tipodocumento }} {{ dni }}", "*EL ARRENDATARIO*"],
    ] {
        out.push_str("<w:tc><w:tcPr><w:tcW w:w=\"2500\" w:type=\"pct\"/></w:tcPr>");
        out.push_str(SIGNED);
        out.extend(lines.map(|line| paragraph("Signature", line)));
        out.push_str("</w:tc>");
    }
    out + "</w:tr></w:tbl><w:p/>"
}

fn body(text: &str) -> String {
    let mut out = String::new();
    for block in text.split("\n\n").map(str::trim).filter(|block| !block.is_empty()) {
        if block == "#firmas" {
            out.push_str(&signatures());
        } else if let Some(title) = block.strip_prefix("= ") {
            out.push_str(&paragraph("Title", title));
        } else if let Some(title) = block.strip_prefix("== ") {
            out.push_str(&paragraph("Heading1", title));
        } else if block.starts_with("- ") {
            out.extend(block.lines().map(|line| paragraph("ListBullet", &line.replacen("- ", "•\t", 1))));
        } else {
            assert!(!block.contains(['#', '\\', '_', '`', '$']), "markup without a counterpart: {block}");
            out.push_str(&paragraph("Normal", &block.replace('\n', " ")));
        }
    }
    out
}

fn parts(template: &str) -> Vec<(&'static str, String)> {
    let page = r#"<w:sectPr><w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1134" w:right="1361" w:bottom="1134" w:left="1361" w:header="567" w:footer="567" w:gutter="0"/></w:sectPr>"#;
    let body = body(&text(template));
    vec![
        ("[Content_Types].xml", format!("{XML}{TYPES}")),
        ("_rels/.rels", format!("{XML}{PACKAGE}")),
        ("word/_rels/document.xml.rels", format!("{XML}{DOCUMENT}")),
        (
            "word/document.xml",
            format!("{XML}<w:document xmlns:w=\"{NAMESPACE}\"><w:body>{body}{page}</w:body></w:document>"),
        ),
        ("word/styles.xml", format!("{XML}<w:styles xmlns:w=\"{NAMESPACE}\">{STYLES}</w:styles>")),
    ]
}

#[test]
fn both_templates_say_the_same() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let template = fs::read_to_string(folder.join("contract.typ")).unwrap();
    let wanted = parts(&template);
    let file = folder.join("contract.docx");
    if std::env::var_os("CASA_WRITE_CONTRACT").is_some() {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in &wanted {
            archive.start_file(*name, SimpleFileOptions::default()).unwrap();
            archive.write_all(text.as_bytes()).unwrap();
        }
        fs::write(&file, archive.finish().unwrap().into_inner()).unwrap();
    }
    let mut archive = ZipArchive::new(Cursor::new(fs::read(&file).unwrap())).unwrap();
    assert_eq!(archive.len(), wanted.len());
    for (name, text) in wanted {
        let mut own = String::new();
        archive.by_name(name).unwrap().read_to_string(&mut own).unwrap();
        assert_eq!(own, text, "{name}: write the template of Word anew");
    }
}
