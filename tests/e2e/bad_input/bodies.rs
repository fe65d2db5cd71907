//! Bodies that cannot be read.

use bytes::Bytes;
use casa_tests::document::Operation;
use reqwest::header;

use crate::{Probe, Setting, refusals};

const MEGABYTE: usize = 1024 * 1024;

fn with_body(setting: &Setting) -> impl Iterator<Item = &Operation> {
    setting.operations.iter().filter(|one| !one.bodies.is_empty())
}

/// A body sent to rows that exist: it must be refused for what it is.
fn probe(
    setting: &Setting,
    operation: &Operation,
    what: &str,
    (content_type, body): (&str, Bytes),
    wanted: &[u16],
) -> Probe {
    let request = setting.request(operation, &setting.set.existing(operation));
    Probe {
        what: what.to_owned(),
        operation: operation.clone(),
        request: request.header(header::CONTENT_TYPE, content_type).body(body),
        wanted: refusals(operation, wanted),
        names: None,
    }
}

/// JSON that is broken, or is no object.
pub(crate) fn json(setting: &Setting) -> Vec<Probe> {
    let deep =
        |depth: usize, open: &str, close: &str| format!("{}1{}", open.repeat(depth), close.repeat(depth));
    let long = "x".repeat(MEGABYTE);
    let texts: Vec<(&str, Vec<u8>)> = vec![
        ("{", b"{".to_vec()),
        ("cut off", b"{\"a\": ".to_vec()),
        ("no quotes", b"{a: 1}".to_vec()),
        ("single quotes", b"{'a': 1}".to_vec()),
        ("trailing comma", b"{\"a\": 1,}".to_vec()),
        ("more behind", b"{\"a\": 1} x".to_vec()),
        ("two objects", b"{}{}".to_vec()),
        ("a word", b"nul".to_vec()),
        ("NaN", b"{\"a\": NaN}".to_vec()),
        ("too large a number", b"{\"a\": 1e400}".to_vec()),
        ("number with zero", b"{\"a\": 01}".to_vec()),
        ("half a surrogate", b"{\"a\": \"\\ud800\"}".to_vec()),
        ("not UTF-8", b"{\"a\": \"\xff\xfe\"}".to_vec()),
        ("UTF-16", b"\xff\xfe{\0}\0".to_vec()),
        ("a line break inside", b"{\"a\": \"\n\"}".to_vec()),
        ("only white space", b"   \n".to_vec()),
        ("NUL", b"\0".to_vec()),
        ("list", b"[]".to_vec()),
        ("list of objects", b"[{}]".to_vec()),
        ("text", b"\"x\"".to_vec()),
        ("number", b"1".to_vec()),
        ("null", b"null".to_vec()),
        ("true", b"true".to_vec()),
        ("deep list", deep(200, "[", "]").into_bytes()),
        ("very deep list", deep(100_000, "[", "]").into_bytes()),
        ("very deep object", deep(100_000, "{\"a\":", "}").into_bytes()),
        ("list of a megabyte", format!("[\"{long}\"]").into_bytes()),
        ("megabyte cut off", format!("{{\"a\": \"{long}").into_bytes()),
    ];
    let mut probes = Vec::new();
    for operation in with_body(setting) {
        let taken = operation.bodies.contains("application/json");
        let wanted = if taken { 400 } else { 415 };
        for (what, text) in &texts {
            let body = ("application/json", Bytes::copy_from_slice(text));
            probes.push(probe(setting, operation, what, body, &[wanted]));
        }
    }
    probes
}

/// Forms that are broken.
pub(crate) fn multipart(setting: &Setting) -> Vec<Probe> {
    let part = |head: &str, content: &str| format!("--b\r\n{head}\r\n\r\n{content}\r\n");
    let named = |name: &str, content: &str| {
        part(&format!("Content-Disposition: form-data; name=\"{name}\""), content)
    };
    let of = |parts: &str| format!("{parts}--b--\r\n").into_bytes();
    let with = "multipart/form-data; boundary=b";
    let many: String = (0..1001).map(|number| named(&format!("field{number}"), "x")).collect();
    let mut not_text = named("a", "x").replace('x', "?").into_bytes();
    if let Some(at) = not_text.iter().rposition(|byte| *byte == b'?') {
        not_text[at] = 0xFF;
    }
    not_text.extend(b"--b--\r\n");
    let forms: Vec<(&str, &str, Vec<u8>)> = vec![
        ("no boundary", "multipart/form-data", of(&named("a", "x"))),
        ("empty boundary", "multipart/form-data; boundary=", of(&named("a", "x"))),
        ("another boundary", "multipart/form-data; boundary=other", of(&named("a", "x"))),
        ("empty", with, Vec::new()),
        ("no form at all", with, b"\x00\xff\xfe garbage".to_vec()),
        ("JSON", with, b"{\"a\": 1}".to_vec()),
        ("cut off in a head", with, b"--b\r\nContent-Disposition: form-".to_vec()),
        ("cut off in a value", with, b"--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nxy".to_vec()),
        ("no end", with, named("a", "x").into_bytes()),
        (
            "cut off in a file",
            with,
            b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\r\n\x89PNG"
                .to_vec(),
        ),
        ("1001 fields", with, of(&many)),
        ("not UTF-8", with, not_text),
        ("broken head", with, of(&part("Content-Disposition", "x"))),
        ("no head", with, b"--b\r\n\r\nx".to_vec()),
        ("only dashes", "multipart/form-data; boundary=", b"--".repeat(4000)),
        ("quoted nothing", "multipart/form-data; boundary=\"\"", b"----\r\n".to_vec()),
    ];
    let mut probes = Vec::new();
    for operation in with_body(setting) {
        for (what, content_type, body) in &forms {
            probes.push(probe(
                setting,
                operation,
                what,
                (content_type, Bytes::copy_from_slice(body)),
                &[400],
            ));
        }
        // Twice the same field: the last one counts, and is bad.
        let fields =
            operation.fields.keys().map(|name| named(name, "1") + &named(name, "a\0b")).collect::<String>();
        if !fields.is_empty() {
            // The name of a template that does not exist is a 404 (contract 04 §3.8), as is what is no house (07 §3.9).
            let ends = ["/generate-discount/", "/auto-power-on/"];
            let unknown = ends.iter().any(|end| operation.path.ends_with(end));
            let wanted = refusals(operation, if unknown { &[404] } else { &[400] });
            probes.push(probe(setting, operation, "bad fields twice", (with, of(&fields).into()), &wanted));
        }
        let form = ("application/x-www-form-urlencoded", Bytes::from_static(b"%FF=%FF&a=%00"));
        // A form with bytes that are no text: refused, or read as if they were replaced; nothing of it is a known field.
        // (A simple code can be asked for with no field at all, and so can all of a payment's money.)
        let demands_nothing =
            ["/generate-simple-discount/", "/refund/"].iter().any(|end| operation.path.ends_with(end));
        if operation.method == "POST" && operation.bodies.contains(form.0) && !demands_nothing {
            probes.push(probe(setting, operation, "form not UTF-8", form, &[400]));
        }
    }
    probes
}

/// Bodies beyond the limit. The server may answer before it has read everything.
pub(crate) fn large(setting: &Setting) -> Vec<Probe> {
    let body = Bytes::from(vec![b'x'; 22 * MEGABYTE]);
    let form = ("application/x-www-form-urlencoded", body);
    with_body(setting)
        .map(|operation| probe(setting, operation, "22 MB", (form.0, form.1.clone()), &[413]))
        .collect()
}
