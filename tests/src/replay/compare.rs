//! Compares an answer with a recorded one. Keys that the recording lacks are fine (decision 20).

use std::fmt;

use serde_json::Value;

/// Most differences worth showing of one answer.
const SHOWN: usize = 6;
/// Longest value shown whole, in characters.
const LONGEST: usize = 140;

/// A place in a JSON value.
#[derive(Clone, Debug, Default)]
struct Place(Vec<Step>);

#[derive(Clone, Debug)]
enum Step {
    Key(String),
    Index(usize),
}

impl Place {
    fn key(&self, key: &str) -> Self {
        Self(self.0.iter().cloned().chain([Step::Key(key.to_owned())]).collect())
    }

    fn index(&self, index: usize) -> Self {
        Self(self.0.iter().cloned().chain([Step::Index(index)]).collect())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("$")?;
        for step in &self.0 {
            match step {
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// A pattern of places: `$.a.b`, `$.list[*].x`, `$.list[0]`, `$..key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Want>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Want {
    Key(String),
    Index(usize),
    AnyIndex,
    /// Any number of steps.
    Anywhere,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Panics
    /// When the text is none: recordings are ours, so that is a mistake in them.
    pub(super) fn new(text: &str) -> Self {
        let Some(mut rest) = text.strip_prefix('$') else { panic!("no pattern: {text}") };
        let mut wanted = Vec::new();
        while !rest.is_empty() {
            if let Some(inside) = rest.strip_prefix('[') {
                let Some((index, after)) = inside.split_once(']') else { panic!("no pattern: {text}") };
                wanted.push(match index.parse() {
                    Ok(index) => Want::Index(index),
                    Err(_) => Want::AnyIndex,
                });
                rest = after;
                continue;
            }
            let Some(after) = rest.strip_prefix('.') else { panic!("no pattern: {text}") };
            let after = match after.strip_prefix('.') {
                Some(after) => {
                    wanted.push(Want::Anywhere);
                    after
                }
                None => after,
            };
            let end = after.find(['.', '[']).unwrap_or(after.len());
            wanted.push(Want::Key(after[..end].to_owned()));
            rest = &after[end..];
        }
        Self(wanted)
    }

    /// The value at the one place the pattern means; `None` when there is none or it means many.
    pub(super) fn find<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(value, |value, want| match want {
            Want::Key(key) => value.get(key),
            Want::Index(index) => value.get(index),
            Want::AnyIndex | Want::Anywhere => None,
        })
    }

    fn covers(&self, place: &Place) -> bool {
        fn fits(wanted: &[Want], steps: &[Step]) -> bool {
            match (wanted, steps) {
                ([], []) => true,
                ([Want::Anywhere, more @ ..], _) => (0..=steps.len()).any(|skip| fits(more, &steps[skip..])),
                ([Want::Key(want), more @ ..], [Step::Key(key), rest @ ..]) => {
                    want == key && fits(more, rest)
                }
                ([Want::Index(want), more @ ..], [Step::Index(at), rest @ ..]) => {
                    want == at && fits(more, rest)
                }
                ([Want::AnyIndex, more @ ..], [Step::Index(_), rest @ ..]) => fits(more, rest),
                _ => false,
            }
        }
        fits(&self.0, &place.0)
    }
}

/// How one answer is compared.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    /// Only keys and kinds of values count.
    pub shape_only: bool,
    /// Places that are not compared.
    pub ignored: Vec<Pattern>,
    /// Arrays whose order does not count.
    pub unordered: Vec<Pattern>,
}

impl Rules {
    /// What differs, one line each; empty when the answer is as recorded.
    pub(super) fn differences(&self, expected: &Value, actual: &Value) -> Vec<String> {
        let mut found = self.walk(expected, actual, &Place::default());
        if found.len() > SHOWN {
            let more = found.len() - SHOWN;
            found.truncate(SHOWN);
            found.push(format!("and {more} more"));
        }
        found
    }

    fn walk(&self, expected: &Value, actual: &Value, place: &Place) -> Vec<String> {
        let matches = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.covers(place));
        if matches(&self.ignored) {
            return Vec::new();
        }
        let differs = || vec![format!("{place}: expected {}, got {}", brief(expected), brief(actual))];
        match (expected, actual) {
            (Value::String(wanted), Value::String(text)) if wanted == "<text>" || wanted == "<token>" => {
                if text.is_empty() {
                    differs()
                } else {
                    Vec::new()
                }
            }
            (Value::Object(wanted), Value::Object(given)) => {
                let mut found = Vec::new();
                for (key, wanted) in wanted {
                    let place = place.key(key);
                    match given.get(key) {
                        Some(given) => found.extend(self.walk(wanted, given, &place)),
                        None if self.ignored.iter().any(|pattern| pattern.covers(&place)) => {}
                        None => found.push(format!("{place}: missing, expected {}", brief(wanted))),
                    }
                }
                found
            }
            (Value::Array(wanted), Value::Array(given)) if self.shape_only => {
                self.shapes(wanted, given, place)
            }
            (Value::Array(wanted), Value::Array(given)) if wanted.len() != given.len() => {
                vec![format!("{place}: expected {} items, got {}", wanted.len(), given.len())]
            }
            (Value::Array(wanted), Value::Array(given)) if matches(&self.unordered) => {
                self.in_any_order(wanted, given, place)
            }
            (Value::Array(wanted), Value::Array(given)) => {
                let pairs = wanted.iter().zip(given).enumerate();
                pairs.flat_map(|(at, (wanted, given))| self.walk(wanted, given, &place.index(at))).collect()
            }
            _ if self.shape_only && kind(expected) == kind(actual) => Vec::new(),
            (Value::Number(wanted), Value::Number(given)) if wanted.as_f64() == given.as_f64() => Vec::new(),
            _ if expected == actual => Vec::new(),
            _ => differs(),
        }
    }

    /// Every item must look like one of the recorded ones, and where some were recorded there must be some.
    fn shapes(&self, wanted: &[Value], given: &[Value], place: &Place) -> Vec<String> {
        if !wanted.is_empty() && given.is_empty() {
            return vec![format!("{place}: expected items, got none")];
        }
        if wanted.is_empty() {
            return Vec::new();
        }
        let nearest = |(at, given): (usize, &Value)| {
            let tries = wanted.iter().map(|wanted| self.walk(wanted, given, &place.index(at)));
            tries.min_by_key(Vec::len).unwrap_or_default()
        };
        given.iter().enumerate().flat_map(nearest).collect()
    }

    /// Pairs equal items off, then reports what is left with whatever is nearest to it.
    fn in_any_order(&self, wanted: &[Value], given: &[Value], place: &Place) -> Vec<String> {
        let mut rest: Vec<&Value> = given.iter().collect();
        let mut unmatched = Vec::new();
        for (at, wanted) in wanted.iter().enumerate() {
            match rest.iter().position(|given| self.walk(wanted, given, &place.index(at)).is_empty()) {
                Some(found) => {
                    rest.swap_remove(found);
                }
                None => unmatched.push((at, wanted)),
            }
        }
        let nearest = |(at, wanted): (usize, &Value)| {
            let tries = rest.iter().map(|given| self.walk(wanted, given, &place.index(at)));
            tries.min_by_key(Vec::len).unwrap_or_default()
        };
        unmatched.into_iter().flat_map(nearest).collect()
    }
}

fn kind(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) => 4,
        Value::Object(_) => 5,
    }
}

fn brief(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rules(shape_only: bool, ignored: &[&str], unordered: &[&str]) -> Rules {
        let patterns = |texts: &[&str]| texts.iter().map(|text| Pattern::new(text)).collect();
        Rules { shape_only, ignored: patterns(ignored), unordered: patterns(unordered) }
    }

    #[test]
    fn exact() {
        let rules = rules(false, &[], &[]);
        assert!(
            rules
                .differences(&json!({"a": 123.0, "t": "<text>"}), &json!({"t": "x", "a": 123, "b": 1}))
                .is_empty()
        );
        for (expected, actual, told) in [
            (json!({"a": 1}), json!({"a": "1"}), "$.a: expected 1, got \"1\""),
            (json!({"a": null}), json!({}), "$.a: missing, expected null"),
            (json!([1, 2]), json!([2, 1]), "$[0]: expected 1, got 2"),
            (json!([1]), json!([]), "$: expected 1 items, got 0"),
            (json!("<token>"), json!(""), "$: expected \"<token>\", got \"\""),
            (json!(false), json!(0), "$: expected false, got 0"),
        ] {
            assert_eq!(rules.differences(&expected, &actual).first().map(String::as_str), Some(told));
        }
    }

    #[test]
    fn ignored_places() {
        let expected = json!({"a": {"b": 1}, "list": [{"x": 1, "y": 2}, {"x": 3}], "deep": {"key": 1, "in": [{"key": 2}]}});
        let actual =
            json!({"a": {}, "list": [{"x": 9, "y": 2}, {"x": 8}], "deep": {"key": 7, "in": [{"key": 8}]}});
        let found = |ignored: &[&str]| rules(false, ignored, &[]).differences(&expected, &actual).len();
        assert_eq!(found(&[]), 5);
        assert_eq!(found(&["$.a.b"]), 4);
        assert_eq!(found(&["$.list[*].x"]), 3);
        assert_eq!(found(&["$.list[0].x"]), 4);
        assert_eq!(found(&["$..key"]), 3);
        assert_eq!(found(&["$.a.b", "$.list[*].x", "$..key"]), 0);
    }

    #[test]
    fn any_order_counts_every_item() {
        let rules = rules(false, &["$.r[*].z"], &["$.r"]);
        let expected = json!({"r": [{"i": 1}, {"i": 2}, {"i": 2}]});
        assert!(
            rules.differences(&expected, &json!({"r": [{"i": 2, "z": 0}, {"i": 1}, {"i": 2}]})).is_empty()
        );
        let told = rules.differences(&expected, &json!({"r": [{"i": 2}, {"i": 1}, {"i": 1}]}));
        assert_eq!(told, ["$.r[2].i: expected 2, got 1"]);
    }

    #[test]
    fn shapes() {
        let rules = rules(true, &[], &[]);
        let expected = json!({"n": 1, "list": [{"a": 1}, {"a": null}]});
        assert!(
            rules
                .differences(&expected, &json!({"n": 2.5, "list": [{"a": null}, {"a": 7}, {"a": 8}]}))
                .is_empty()
        );
        assert_eq!(rules.differences(&expected, &json!({"n": "2", "list": [{"a": "x"}]})).len(), 2);
        assert_eq!(
            rules.differences(&expected, &json!({"n": 2, "list": []})),
            ["$.list: expected items, got none"]
        );
    }

    #[test]
    fn captures_are_found() {
        let body = json!({"results": [{"id": "x"}]});
        assert_eq!(Pattern::new("$.results[0].id").find(&body), Some(&json!("x")));
        assert_eq!(Pattern::new("$.results[1].id").find(&body), None);
    }
}
