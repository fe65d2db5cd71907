//! One part of a file of Word. Word cuts a paragraph into runs as it likes (after a correction, or where it checked the
//! spelling), so that `{{ nombre }}` may lie in several; a placeholder is looked for in the paragraph's whole text.

use std::{collections::HashMap, ops::Range};

use quick_xml::{
    Reader, Writer,
    events::{BytesStart, BytesText, Event},
};

use crate::{fields::Fields, writer::Unusable};

const MALFORMED: Unusable = Unusable::NotDocx("a part is not well-formed XML");

/// A text element: its events, start and end included, and what it says.
#[derive(Debug)]
struct Piece {
    events: Range<usize>,
    text: String,
}

/// The part with its placeholders filled. Everything else stays as it is, to the byte.
///
/// # Errors
/// [`Unusable`].
pub(super) fn fill(xml: &str, fields: &Fields) -> Result<String, Unusable> {
    let events = read(xml)?;
    let changed = changes(&events, fields)?;
    if changed.is_empty() {
        return Ok(xml.to_owned());
    }
    let mut writer = Writer::new(Vec::with_capacity(xml.len()));
    let mut at = 0;
    while let Some(event) = events.get(at) {
        match (changed.get(&at), event) {
            (Some((end, text)), Event::Start(start)) => {
                write(&mut writer, Event::Start(keeping_spaces(start)?))?;
                write(&mut writer, Event::Text(BytesText::new(text)))?;
                let name = start.to_end().into_owned();
                write(&mut writer, Event::End(name))?;
                at = *end;
            }
            _ => {
                write(&mut writer, event.borrow())?;
                at += 1;
            }
        }
    }
    String::from_utf8(writer.into_inner()).map_err(|_| MALFORMED)
}

fn write(writer: &mut Writer<Vec<u8>>, event: Event<'_>) -> Result<(), Unusable> {
    writer.write_event(event).map_err(|_| MALFORMED)
}

fn read(xml: &str) -> Result<Vec<Event<'_>>, Unusable> {
    let mut reader = Reader::from_str(xml);
    let (mut events, mut open) = (Vec::new(), 0usize);
    loop {
        let event = reader.read_event().map_err(|_| MALFORMED)?;
        match &event {
            // Word writes none, and they are where XML gets dangerous.
            Event::DocType(_) => return Err(MALFORMED),
            Event::Start(_) => open += 1,
            Event::End(_) => open = open.checked_sub(1).ok_or(MALFORMED)?,
            Event::Eof if open == 0 => return Ok(events),
            Event::Eof => return Err(MALFORMED),
            _ => {}
        }
        events.push(event);
    }
}

/// The text elements that change: by the first event of each, the event after its last, and the new text.
fn changes(events: &[Event<'_>], fields: &Fields) -> Result<HashMap<usize, (usize, String)>, Unusable> {
    let mut changed = HashMap::new();
    // Paragraphs nest: a text box lies in one and has its own.
    let mut paragraphs: Vec<Vec<Piece>> = Vec::new();
    let mut piece: Option<Piece> = None;
    for (index, event) in events.iter().enumerate() {
        match event {
            Event::Start(start) if is(start, "w:p") => paragraphs.push(Vec::new()),
            Event::End(end) if end.name().as_ref() == "w:p" => {
                for (piece, text) in filled(&paragraphs.pop().unwrap_or_default(), fields)? {
                    changed.insert(piece.start, (piece.end, text));
                }
            }
            Event::Start(start) if is(start, "w:t") => {
                piece = Some(Piece { events: index..index, text: String::new() });
            }
            Event::End(end) if end.name().as_ref() == "w:t" => {
                if let (Some(mut piece), Some(paragraph)) = (piece.take(), paragraphs.last_mut()) {
                    piece.events.end = index + 1;
                    paragraph.push(piece);
                }
            }
            event => {
                if let Some(piece) = &mut piece {
                    say(event, &mut piece.text)?;
                }
            }
        }
    }
    Ok(changed)
}

fn is(start: &BytesStart<'_>, name: &str) -> bool {
    start.name().as_ref() == name
}

/// Adds what an event inside of a text element says.
fn say(event: &Event<'_>, text: &mut String) -> Result<(), Unusable> {
    match event {
        Event::Text(some) => text.push_str(some),
        Event::CData(some) => text.push_str(some),
        Event::GeneralRef(reference) => match reference.resolve_char_ref().map_err(|_| MALFORMED)? {
            Some(letter) => text.push(letter),
            None => text.push_str(match &**reference {
                "amp" => "&",
                "lt" => "<",
                "gt" => ">",
                "quot" => "\"",
                "apos" => "'",
                _ => return Err(MALFORMED),
            }),
        },
        Event::Comment(_) | Event::PI(_) => {}
        _ => return Err(MALFORMED),
    }
    Ok(())
}

/// The pieces of a paragraph that have part in a placeholder, with their new texts: the value stands in the piece where the
/// placeholder begins, and so looks as its first letter did.
fn filled(pieces: &[Piece], fields: &Fields) -> Result<Vec<(Range<usize>, String)>, Unusable> {
    let whole: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
    let found = placeholders(&whole, fields)?;
    let (mut changed, mut from) = (Vec::new(), 0);
    for piece in pieces {
        let to = from + piece.text.len();
        let mine: Vec<_> = found.iter().filter(|(range, _)| range.start < to && range.end > from).collect();
        if !mine.is_empty() {
            let (mut text, mut at) = (String::new(), from);
            for (range, value) in mine {
                text.push_str(whole.get(at..range.start).unwrap_or_default());
                if range.start >= from {
                    text.push_str(value);
                }
                at = range.end.min(to);
            }
            text.push_str(whole.get(at..to).unwrap_or_default());
            changed.push((piece.events.clone(), text));
        }
        from = to;
    }
    Ok(changed)
}

/// Where placeholders are, and their values.
///
/// # Errors
/// [`Unusable::Placeholder`] for one that stands for nothing: nobody shall sign a contract with a hole.
fn placeholders<'a>(text: &str, fields: &'a Fields) -> Result<Vec<(Range<usize>, &'a str)>, Unusable> {
    let unknown = |name: &str| Unusable::Placeholder(name.chars().take(40).collect());
    if let Some(start) = text.find("{%") {
        return Err(unknown(&text[start..]));
    }
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(start) = text[at..].find("{{").map(|start| at + start) {
        let end = text[start..].find("}}").map(|end| start + end).ok_or_else(|| unknown(&text[start..]))?;
        let name = text[start + 2..end].trim();
        found.push((start..end + 2, fields.get(name).ok_or_else(|| unknown(name))?));
        at = end + 2;
    }
    Ok(found)
}

/// The start of a text element whose spaces count.
fn keeping_spaces(start: &BytesStart<'_>) -> Result<BytesStart<'static>, Unusable> {
    let mut start = start.clone().into_owned();
    if start.try_get_attribute("xml:space").map_err(|_| MALFORMED)?.is_none() {
        start.push_attribute(("xml:space", "preserve"));
    }
    Ok(start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::tests::fields;

    fn filled(xml: &str) -> Result<String, Unusable> {
        fill(xml, &fields("Ana", "<W:P>"))
    }

    #[test]
    fn placeholders_in_one_run_and_in_several() {
        for (xml, expected) in [
            (
                "<w:p><w:r><w:t>Don {{ nombre }}, {{dni}}.</w:t></w:r></w:p>",
                r#"<w:p><w:r><w:t xml:space="preserve">Don ANA &lt;W:P&gt;, 40000001.</w:t></w:r></w:p>"#,
            ),
            (
                r#"<w:p><w:r><w:rPr><w:b/></w:rPr><w:t xml:space="preserve">a {</w:t></w:r><w:proofErr/><w:r><w:t>{ </w:t></w:r><w:r><w:t>dn</w:t></w:r><w:r><w:t>i }} b</w:t></w:r></w:p>"#,
                r#"<w:p><w:r><w:rPr><w:b/></w:rPr><w:t xml:space="preserve">a 40000001</w:t></w:r><w:proofErr/><w:r><w:t xml:space="preserve"></w:t></w:r><w:r><w:t xml:space="preserve"></w:t></w:r><w:r><w:t xml:space="preserve"> b</w:t></w:r></w:p>"#,
            ),
            (
                "<w:p><w:r><w:t>{{dni}</w:t></w:r><w:r><w:t>}{{numpax}}{{dni}}x</w:t></w:r></w:p>",
                r#"<w:p><w:r><w:t xml:space="preserve">40000001</w:t></w:r><w:r><w:t xml:space="preserve">740000001x</w:t></w:r></w:p>"#,
            ),
            (
                "<w:p><w:r><w:t>A &amp; B&#241; {{ dni }}</w:t></w:r></w:p>",
                r#"<w:p><w:r><w:t xml:space="preserve">A &amp; Bñ 40000001</w:t></w:r></w:p>"#,
            ),
        ] {
            assert_eq!(filled(xml).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn a_text_box_has_paragraphs_of_its_own() {
        let xml = "<w:p><w:r><w:t>{{ d</w:t></w:r><w:r><w:txbxContent><w:p><w:r><w:t>{{numpax}}</w:t></w:r></w:p>\
                   </w:txbxContent></w:r><w:r><w:t>ni }}</w:t></w:r></w:p>";
        let filled = filled(xml).unwrap();
        assert!(filled.contains(">40000001<") && filled.contains(">7<"), "{filled}");
    }

    #[test]
    fn without_placeholders_nothing_changes() {
        let xml = "<?xml version=\"1.0\"?>\r\n<w:p  a='1'><w:r><w:t/>\n<w:t>{ 1 } &amp; }}</w:t></w:r></w:p>";
        assert_eq!(filled(xml).as_deref(), Ok(xml));
    }

    #[test]
    fn what_stands_for_nothing_is_refused() {
        for (text, name) in [
            ("{{ apellido }}", "apellido"),
            ("{{ nombre|upper }}", "nombre|upper"),
            ("a {{ nombre", "{{ nombre"),
            ("{% if nombre %}", "{% if nombre %}"),
        ] {
            let xml = format!("<w:p><w:r><w:t>{text}</w:t></w:r></w:p>");
            assert_eq!(filled(&xml), Err(Unusable::Placeholder(name.to_owned())));
        }
    }

    #[test]
    fn trees_that_are_none() {
        for xml in [
            "<w:p><w:r></w:p>",
            "<w:p>",
            "</w:p>",
            "<w:p><w:t>&nbsp;</w:t></w:p>",
            "<w:p><w:t><w:p/></w:t></w:p>",
            "<!DOCTYPE a [<!ENTITY b \"c\">]><w:p/>",
        ] {
            assert_eq!(filled(xml), Err(MALFORMED), "{xml}");
        }
    }
}
