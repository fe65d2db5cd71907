//! A guest who is signed in and asks for what is another guest's.

use casa_tests::{contents::Contents, document::Operation};
use serde_json::Value;

use crate::{
    Answer, Setting, filling,
    seed::{CURIOUS, PRIVATE, STAYS, TRACES, traces},
};

/// What a guest sees of themselves.
const OWN: [&str; 7] = [
    "clients/client-auth/profile/",
    "clients/client-auth/points/",
    "clients/client-auth/reservations/",
    "clients/client-auth/reservations/feedc0de-0000-4000-8000-00000000000b/",
    "clients/reservations/list/",
    "clients/voucher/status/b3333333-0000-4000-8000-00000000000b/",
    "clients/track-search/",
];

async fn everything(setting: &Setting, token: &str) -> Vec<Value> {
    let mut all = Vec::new();
    for path in OWN {
        let answer = setting.get(path, token).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        let mut body = answer.json();
        // Addresses of files are signed anew each time.
        if let Some(receipts) = body.pointer_mut("/reservation/recipts") {
            *receipts = receipts.as_array().map(Vec::len).into();
        }
        all.push(body);
    }
    all
}

#[tokio::test]
async fn a_guest_sees_and_changes_nothing_of_another() {
    let setting = Setting::new().await;
    let (hers, _) = setting.sign_in(&PRIVATE).await;
    let (token, _) = setting.sign_in(&CURIOUS).await;
    let before = everything(&setting, &hers).await;
    let shown: String = before.iter().map(ToString::to_string).collect();
    // Comments of staff are theirs; receipts are compared by number.
    let hidden = ["prefiere silencio", "comprobante_de_z"];
    let missing: Vec<_> = TRACES
        .iter()
        .filter(|(_, trace)| !shown.to_lowercase().contains(trace) && !hidden.contains(trace))
        .collect();
    assert!(missing.is_empty(), "the traces are not what she herself sees: {missing:?}");

    let held = Contents::of(&setting.casa.shared).await;
    let (mut complaints, mut walked) = (Vec::new(), 0);
    for operation in setting.operations.iter().filter(|one| one.knows_guests) {
        walked += 1;
        let (query, body) = (filling::query(&setting, operation), filling::body(&setting, operation));
        for path in filling::paths(&setting, operation) {
            for query in [&Vec::new(), &query, &[query.clone(), filling::undocumented()].concat()] {
                let mut request = setting.request(&operation.method, &path).query(query).bearer_auth(&token);
                if let Some(body) = &body {
                    let mut body = body.clone();
                    for (name, value) in filling::undocumented() {
                        let fields = body.as_object_mut().unwrap();
                        fields.entry(name).or_insert(value.into());
                    }
                    request = filling::filled(request, operation, &body);
                }
                let Answer { status, text } = Answer::to(request).await;
                let found = traces(&text, &[]);
                // Anybody may ask to take part in the music of a stay (contract 07 §3.11).
                let asks = operation.path.ends_with("/request-access/");
                let is_hers = !operation.path_parameters().is_empty() && status < 400 && !asks;
                // There is no music server.
                let fails = status >= 500 && !(status == 503 && operation.path.contains("/music/"));
                if !found.is_empty() || is_hers || fails || !operation.answers.contains_key(&status) {
                    complaints
                        .push(format!("{} {path} {query:?}: {status} shows {found:?}", operation.method));
                }
            }
        }
    }
    assert!(walked > 10, "only {walked} operations know guests");
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    let changes = held.differences(&Contents::of(&setting.casa.shared).await);
    let is_request = |line: &String| line.contains("MUSIC");
    let hers_changed: Vec<_> =
        changes.iter().filter(|line| !traces(line, &[]).is_empty() && !is_request(line)).collect();
    assert!(hers_changed.is_empty(), "{hers_changed:?}");
    assert_eq!(everything(&setting, &hers).await, before);

    // What was refused to somebody else is refused to her for other reasons, if at all: the stay is to come.
    let mut answered = Vec::new();
    let by_stay = |one: &&Operation| {
        one.guest && one.path.contains("reservation_id}") && one.path_parameters().len() == 1
            || one.path.contains("/voucher/")
    };
    for operation in setting.operations.iter().filter(by_stay) {
        let mut request =
            setting.request(&operation.method, &operation.path_with(STAYS[2])).bearer_auth(&hers);
        if let Some(body) = filling::body(&setting, operation) {
            request = filling::filled(request, operation, &body);
        }
        let Answer { status, text } = Answer::to(request).await;
        assert!(![401, 403, 404].contains(&status), "{}: {status} {text}", operation.name());
        answered.push(operation.path.strip_prefix("/api/v1/").unwrap());
    }
    assert_eq!(
        answered,
        [
            "clients/voucher/status/{id}/",
            "clients/voucher/upload/{id}/",
            "music/sessions/{reservation_id}/participants/",
            "music/sessions/{reservation_id}/request-access/",
            "music/sessions/{reservation_id}/requests/",
            "payment/additional-services/{reservation_id}/",
            "payment/process/{reservation_id}/",
        ]
    );
}
