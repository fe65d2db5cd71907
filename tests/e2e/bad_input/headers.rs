//! Odd headers.

use casa_tests::document::Operation;
use reqwest::header::{self, HeaderValue};

use crate::{Probe, Setting, refusals};

/// Everything that is not exactly the scheme and a good token is 401, also where a row would be changed.
pub(crate) fn authorization(setting: &Setting) -> Vec<Probe> {
    let walk = |operation| forms_of_authorization(setting, operation);
    setting.operations.iter().filter(|one| !one.is_public()).flat_map(walk).collect()
}

fn forms_of_authorization(setting: &Setting, operation: &Operation) -> Vec<Probe> {
    let token = setting.token(operation).to_owned();
    let unsigned = token.rsplit_once('.').unwrap().0;
    let mut forms: Vec<Vec<u8>> = [
        String::new(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        format!("bearer {token}"),
        format!("BEARER {token}"),
        format!("Bearer{token}"),
        token.clone(),
        format!("Token {token}"),
        format!("Basic {token}"),
        "Basic dXNlcjpwYXNz".to_owned(),
        format!("Bearer {token} {token}"),
        format!("Bearer \"{token}\""),
        format!("Bearer {token}x"),
        format!("Bearer {unsigned}"),
        format!("Bearer {unsigned}."),
        format!("Bearer ..{unsigned}"),
        "Bearer null".to_owned(),
        "Bearer undefined".to_owned(),
        "Bearer a.b.c".to_owned(),
        "Bearer ....".to_owned(),
        format!("Bearer {}", "x".repeat(8000)),
        format!("Bearer {}", "e30.".repeat(500)),
        // {"alg":"none"} with a manager's id.
        "Bearer eyJhbGciOiJub25lIn0.eyJ0b2tlbl90eXBlIjoiYWNjZXNzIiwidXNlcl9pZCI6Miwia2luZCI6InN0YWZmIn0."
            .to_owned(),
    ]
    .map(String::into_bytes)
    .into();
    forms.push(b"Bearer \xff\xfe".to_vec());
    forms.push(b"\xff".to_vec());
    let probe = |form: &Vec<u8>| {
        let what = String::from_utf8_lossy(&form[..form.len().min(40)]).into_owned();
        let value = HeaderValue::from_bytes(form).unwrap();
        let request = setting.anonymous(operation, &setting.set.existing(operation));
        Probe {
            what: format!("Authorization: {what}"),
            operation: operation.clone(),
            request: request.header(header::AUTHORIZATION, value),
            wanted: vec![401],
            names: Some("detail".to_owned()),
        }
    };
    forms.iter().map(probe).collect()
}

/// What the client wants to read changes nothing: there is only JSON, but where the document names more.
pub(crate) fn accept(setting: &Setting) -> Vec<Probe> {
    let long = "text/html,".repeat(800);
    let forms: [&[u8]; 10] = [
        b"",
        b"application/xml",
        b"text/html;q=0.9",
        b"*/*;q=0",
        b"image/png",
        b";;;,,,",
        b"\xff\xfe",
        b"application/json;q=x",
        b"../../etc/passwd",
        long.as_bytes(),
    ];
    let mut probes = Vec::new();
    for operation in &setting.operations {
        for form in forms {
            let what = String::from_utf8_lossy(&form[..form.len().min(40)]).into_owned();
            let value = HeaderValue::from_bytes(form).unwrap();
            let request =
                setting.request(operation, &setting.harmless(operation)).header(header::ACCEPT, value);
            let odd = HeaderValue::from_bytes(b"\xff, *;q=9").unwrap();
            probes.push(Probe {
                what: format!("Accept: {what}"),
                operation: operation.clone(),
                request: request
                    .header(header::ACCEPT_LANGUAGE, odd.clone())
                    .header("x-forwarded-proto", odd),
                wanted: Vec::new(),
                names: None,
            });
        }
    }
    probes
}

/// Bodies under media types that are not taken, or under none; one that would be taken changes nothing either.
pub(crate) fn content_types(setting: &Setting) -> Vec<Probe> {
    let forms: [&[u8]; 14] = [
        b"",
        b"text/plain",
        b"application/xml",
        b"text/html",
        b"application/octet-stream",
        b"image/png",
        b"application",
        b"json",
        b"/",
        b";",
        b"application/json2",
        b"application/vnd.api+json",
        b"\xff\xfe",
        b"multipart/mixed; boundary=b",
    ];
    let mut probes = Vec::new();
    for operation in setting.operations.iter().filter(|one| !one.bodies.is_empty()) {
        let send = |what: String, value: Option<HeaderValue>| {
            let mut request = setting.request(operation, &setting.set.existing(operation)).body("{\"a\": 1}");
            if let Some(value) = value {
                request = request.header(header::CONTENT_TYPE, value);
            }
            Probe {
                what,
                operation: operation.clone(),
                request,
                wanted: refusals(operation, &[400, 415]),
                // Farewells of browsers come under any type.
                names: (!operation.path.contains("/confirm/")).then(|| "detail".to_owned()),
            }
        };
        probes.push(send("no content type".to_owned(), None));
        for form in forms {
            let what = format!("Content-Type: {}", String::from_utf8_lossy(form));
            probes.push(send(what, Some(HeaderValue::from_bytes(form).unwrap())));
        }
    }
    probes
}
