//! From bytes to content lines (RFC 5545 §3.1), and from lines to events and zones.

use super::{IcalError, MOST_EVENTS};

/// Most bytes of a line that are kept; only attachments and descriptions are longer.
const LONGEST_LINE: usize = 65_536;
/// Deepest that parts may lie in each other; a reminder of an event lies at three.
const DEEPEST: usize = 8;
/// Most definitions of a zone, and parts of each.
const MOST_ZONES: usize = 200;

/// `NAME;PARAM=value:value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// In capitals.
    pub(super) name: String,
    /// Names in capitals, values without quotes.
    params: Vec<(String, String)>,
    /// As written.
    pub(super) value: String,
}

impl Line {
    /// `None` for what is no line of the format; one such line does not spoil the others.
    fn parse(text: &str) -> Option<Self> {
        let end = text.find([':', ';'])?;
        let name = text[..end].trim().to_ascii_uppercase();
        let mut rest = &text[end..];
        let mut params = Vec::new();
        while let Some(param) = rest.strip_prefix(';') {
            let (key, value) = param.split_at(param.find(['=', ':', ';'])?);
            let value = value.strip_prefix('=').unwrap_or(value);
            let (value, after) = param_value(value)?;
            params.push((key.trim().to_ascii_uppercase(), value));
            rest = after;
        }
        let value = rest.strip_prefix(':')?.to_owned();
        (!name.is_empty()).then_some(Self { name, params, value })
    }

    /// Value of a parameter, without quotes.
    pub(super) fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The value as a text, with its escapes resolved.
    pub(super) fn text(&self) -> String {
        let mut text = String::with_capacity(self.value.len());
        let mut letters = self.value.trim().chars();
        while let Some(letter) = letters.next() {
            match letter {
                '\\' => match letters.next() {
                    Some('n' | 'N') => text.push('\n'),
                    Some(other) => text.push(other),
                    None => {}
                },
                other => text.push(other),
            }
        }
        text
    }
}

/// The value at the beginning of a parameter and what follows it: `;`, or `:` and the line's value.
fn param_value(text: &str) -> Option<(String, &str)> {
    let (mut value, mut quoted) = (String::new(), false);
    for (at, letter) in text.char_indices() {
        match letter {
            '"' => quoted = !quoted,
            ':' | ';' if !quoted => return Some((value, &text[at..])),
            letter => value.push(letter),
        }
    }
    None
}

/// The lines of an event, without those of its reminders.
pub(super) type EventLines = Vec<Line>;

/// A zone that the calendar defines itself.
#[derive(Clone, Debug, Default)]
pub(super) struct ZoneLines {
    /// Lines of the zone, such as its name.
    pub(super) own: Vec<Line>,
    /// Lines of each part: standard time, summer time.
    pub(super) parts: Vec<Vec<Line>>,
}

/// What matters in a calendar.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    /// In the order of the calendar.
    pub(super) events: Vec<EventLines>,
    /// Wherever they stand: behind the events too.
    pub(super) zones: Vec<ZoneLines>,
}

/// Takes a calendar apart.
///
/// # Errors
/// [`IcalError`], where the text is none, is not whole, or has too many events.
pub(super) fn content(bytes: &[u8]) -> Result<Content, IcalError> {
    let mut content = Content::default();
    let mut within: Vec<String> = Vec::new();
    let mut complete = false;
    for line in unfolded(bytes) {
        let line = Line::parse(&line);
        let part = line.as_ref().map(|line| line.value.trim().to_ascii_uppercase()).unwrap_or_default();
        match line {
            Some(line) if line.name == "BEGIN" => {
                if within.is_empty() && part != "VCALENDAR" {
                    return Err(IcalError::NotACalendar);
                }
                if within.len() == DEEPEST {
                    return Err(IcalError::Broken);
                }
                begin(&mut content, &within, &part)?;
                within.push(part);
            }
            Some(line) if line.name == "END" => {
                if within.pop().is_none_or(|open| open != part) {
                    return Err(IcalError::Broken);
                }
                complete = within.is_empty();
            }
            Some(line) if !within.is_empty() => keep(&mut content, &within, line),
            // What stands behind a whole calendar does no harm; what stands before one says that it is something else.
            _ if within.is_empty() && !complete => return Err(IcalError::NotACalendar),
            _ => {}
        }
    }
    match (complete, within.is_empty()) {
        (true, _) => Ok(content),
        (false, true) => Err(IcalError::NotACalendar),
        (false, false) => Err(IcalError::Truncated),
    }
}

/// Makes room for the lines of a part that begins.
fn begin(content: &mut Content, within: &[String], part: &str) -> Result<(), IcalError> {
    match (within.len(), part) {
        (1, "VEVENT") if content.events.len() == MOST_EVENTS => return Err(IcalError::TooManyEvents),
        (1, "VEVENT") => content.events.push(Vec::new()),
        (1, "VTIMEZONE") if content.zones.len() == MOST_ZONES => return Err(IcalError::Broken),
        (1, "VTIMEZONE") => content.zones.push(ZoneLines::default()),
        (2, "STANDARD" | "DAYLIGHT") if within[1] == "VTIMEZONE" => {
            if let Some(zone) = content.zones.last_mut() {
                if zone.parts.len() == MOST_ZONES {
                    return Err(IcalError::Broken);
                }
                zone.parts.push(Vec::new());
            }
        }
        _ => {}
    }
    Ok(())
}

/// Keeps a line where it belongs, if it belongs to anything that matters.
fn keep(content: &mut Content, within: &[String], line: Line) {
    match (within.len(), within.get(1).map(String::as_str)) {
        (2, Some("VEVENT")) => {
            if let Some(event) = content.events.last_mut() {
                event.push(line);
            }
        }
        (2, Some("VTIMEZONE")) => {
            if let Some(zone) = content.zones.last_mut() {
                zone.own.push(line);
            }
        }
        (3, Some("VTIMEZONE")) if matches!(within[2].as_str(), "STANDARD" | "DAYLIGHT") => {
            if let Some(part) = content.zones.last_mut().and_then(|zone| zone.parts.last_mut()) {
                part.push(line);
            }
        }
        _ => {}
    }
}

/// Whole lines. The pieces are put together as bytes, for a fold may cut a letter.
fn unfolded(bytes: &[u8]) -> impl Iterator<Item = String> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut pieces = bytes.split(|byte| *byte == b'\n').map(without_return).peekable();
    std::iter::from_fn(move || {
        let mut line = pieces.find(|piece| !piece.trim_ascii().is_empty())?.to_vec();
        while let Some([b' ' | b'\t', more @ ..]) = pieces.peek() {
            line.extend_from_slice(more);
            pieces.next();
        }
        line.truncate(LONGEST_LINE);
        Some(String::from_utf8_lossy(&line).into_owned())
    })
}

fn without_return(mut piece: &[u8]) -> &[u8] {
    while let Some((b'\r', before)) = piece.split_last() {
        piece = before;
    }
    piece
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Line {
        Line::parse(text).unwrap()
    }

    #[test]
    fn lines_have_a_name_parameters_and_a_value() {
        let line = parsed("dtstart;VALUE=DATE-TIME;tzid=\"America/Lima: x;y\":20260101T000000");
        assert_eq!(line.name, "DTSTART");
        assert_eq!(line.param("TZID"), Some("America/Lima: x;y"));
        assert_eq!(line.param("VALUE"), Some("DATE-TIME"));
        assert_eq!(line.value, "20260101T000000");
        assert_eq!(parsed("SUMMARY:a:b;c").value, "a:b;c");
        assert_eq!(parsed("X;FLAG:v").param("FLAG"), Some(""));
        for none in ["", "plain", ":value", "NAME;P=\"open:value", "NAME;P"] {
            assert_eq!(Line::parse(none), None, "{none}");
        }
    }

    #[test]
    fn escapes_of_texts_are_resolved() {
        assert_eq!(parsed(r"SUMMARY:uno\, dos\; tres\\n\nfin\").text(), "uno, dos; tres\\n\nfin");
    }

    #[test]
    fn folds_are_undone_before_letters_are_read() {
        let bytes = b"\xEF\xBB\xBFA:ni\xC3\r\n \xB1o\n\t s\r\n\r\nB:2\r\n";
        assert_eq!(unfolded(bytes).collect::<Vec<_>>(), ["A:niño s", "B:2"]);
    }

    #[test]
    fn a_line_without_end_is_cut() {
        let bytes = format!("A:{}", "x".repeat(3 * LONGEST_LINE));
        assert_eq!(unfolded(bytes.as_bytes()).next().unwrap().len(), LONGEST_LINE);
    }
}
