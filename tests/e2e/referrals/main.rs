//! Rankings, figures and pages of the referral programme, and the way of searches into the sheet.

#![allow(clippy::unwrap_used)] // a test ends where it cannot go on

mod script;

use std::{collections::BTreeSet, time::Duration};

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use casa_domain::{search::Search, time::Month};
use casa_gateways::Sheets;
use casa_jobs::{
    ranking,
    searches::{Pace, Since, SyncReport, sync_at},
};
use casa_store::Store;
use casa_tests::{Casa, Options, contents::Contents, replay::Set};
use casa_web::{AppState, Aws, Clock, Settings};
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Client;
use serde_json::{Value, json};
use uuid::Uuid;

use script::{Fault, Script};

fn start(set: &Set, settings: &[(&str, &str)]) -> Casa {
    let path = |name: &str| set.path(name).to_string_lossy().into_owned();
    let arguments = ["--memory", "--import", &path("dataset.json"), "--clock", set.clock()];
    let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Casa::start(&Options {
        arguments: arguments.map(str::to_owned).to_vec(),
        environment: settings.collect(),
        ..Options::default()
    })
}

/// What a job has, on the table of a running server.
fn state(casa: &Casa, set: &Set) -> AppState {
    let (key, secret) =
        (casa.shared.endpoint("AWS_ACCESS_KEY_ID"), casa.shared.endpoint("AWS_SECRET_ACCESS_KEY"));
    let credentials = Credentials::new(key, secret, None, None, "test");
    let dynamodb = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(credentials)
        .endpoint_url(casa.shared.endpoint("AWS_ENDPOINT_URL_DYNAMODB"))
        .build();
    let s3 = aws_sdk_s3::Config::builder().behavior_version(BehaviorVersion::latest()).build();
    let sqs = aws_sdk_sqs::Config::builder().behavior_version(BehaviorVersion::latest()).build();
    let mut settings = Settings::without_secret().unwrap();
    settings.clock = Clock::frozen_at(set.clock().parse().unwrap(), "America/Lima".parse().unwrap());
    let aws = Aws {
        dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb),
        s3: aws_sdk_s3::Client::from_conf(s3),
        sqs: aws_sdk_sqs::Client::from_conf(sqs),
    };
    AppState::with_sdk(settings, aws)
}

async fn add_searches(store: &Store, count: u128, from: DateTime<Utc>, step: TimeDelta) {
    for number in 0..count {
        let at = from + step * i32::try_from(number).unwrap();
        let search = Search {
            id: Uuid::new_v4(),
            created: at,
            updated: at,
            deleted: false,
            client: None,
            check_in_date: at.date_naive(),
            check_out_date: at.date_naive(),
            guests: 2,
            house: None,
            search_timestamp: at,
            session_key: None,
            ip_address: None,
            user_agent: None,
            referrer: None,
        };
        store.searches().enter(&search).await.unwrap();
    }
}

/// The ids of all searches, as the export names them.
async fn all_searches(casa: &Casa, token: &str) -> Vec<String> {
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let address = casa.url(&format!("clients/track-search/export/?limit=70&cursor={cursor}"));
        let answer = Client::new().get(address).bearer_auth(token).send().await.unwrap();
        let page: Value = answer.json().await.unwrap();
        let rows = page["data"].as_array().unwrap();
        assert_eq!(page["metadata"]["total_records"], rows.len());
        ids.extend(rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()));
        match page["metadata"]["next"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    ids
}

fn quick() -> Pace {
    Pace {
        batch: 40,
        patience: Duration::from_millis(400),
        pauses: vec![Duration::from_millis(10); 3],
        whole: Duration::from_secs(60),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_lost_or_doubled_on_the_way_to_the_sheet() {
    let set = Set::compact();
    let casa = start(&set, &[]);
    let (email, password) = set.staff("gerente");
    let token = casa.sign_in(email, password).await;
    let script = Script::default();
    let sheets = Sheets::new(&script.start().await).unwrap();
    let state = state(&casa, &set);
    let from = "2025-08-01T00:00:00Z".parse().unwrap();
    add_searches(&state.store, 400, from, TimeDelta::hours(5)).await;
    let before = all_searches(&casa, &token).await;
    let count = set.rows("clients.searchtracking").len() + 400;
    assert_eq!(before.len(), count);
    let run = |since: Since, dry: bool| {
        let (state, sheets) = (state.clone(), sheets.clone());
        async move { sync_at(&quick(), &state, &sheets, since, dry).await.unwrap() }
    };

    let contents = Contents::of(&casa.shared).await;
    let rehearsal = run(Since::LastRun, true).await;
    assert_eq!((rehearsal.records, rehearsal.complete, rehearsal.dry_run), (count, true, true));
    assert_eq!(contents.differences(&Contents::of(&casa.shared).await), Vec::<String>::new());
    assert_eq!(script.calls(), 0);

    // Each fault once, then one that outlasts all tries of its batch.
    script.will(&[
        Fault::Slow,
        Fault::Status(429),
        Fault::Status(500),
        Fault::Lost,
        Fault::Page,
        Fault::LateStatus(500),
        Fault::Declined,
    ]);
    let mut runs: Vec<SyncReport> = Vec::new();
    while runs.last().is_none_or(|run| !run.complete) {
        assert!(runs.len() < 9, "{runs:?}");
        runs.push(run(Since::LastRun, false).await);
    }
    let retries: usize = runs.iter().map(|run| run.retries).sum();
    assert!(runs.len() > 1 && runs[0].problem.is_some() && retries == 6, "{runs:?}");
    let in_order = |rows: Vec<String>| {
        let expected: Vec<_> = before.iter().rev().cloned().collect();
        assert_eq!(rows, expected, "oldest first, each once");
    };
    in_order(script.rows());
    assert!(runs.last().unwrap().position.is_some());

    // Nothing new: what is close to the end is handed over again, and skipped.
    script.calls();
    let again = run(Since::LastRun, false).await;
    assert!(again.complete && again.records < 10, "{again:?}");
    assert_eq!(script.calls(), again.batches);
    in_order(script.rows());

    // Refused for good: not tried again.
    add_searches(&state.store, 5, "2025-11-12T15:31:00Z".parse().unwrap(), TimeDelta::zero()).await;
    script.will(&[Fault::Status(403)]);
    let refused = run(Since::LastRun, false).await;
    assert!(refused.retries == 0 && !refused.complete && refused.problem.unwrap().contains("403"));
    let later = run(Since::LastRun, false).await;
    assert!(later.complete, "{later:?}");
    let rows = script.rows();
    assert_eq!((rows.len(), rows.iter().collect::<BTreeSet<_>>().len()), (count + 5, count + 5));

    // A search that is stored late, a little before the last one.
    add_searches(&state.store, 1, "2025-11-12T15:29:00Z".parse().unwrap(), TimeDelta::zero()).await;
    assert!(run(Since::LastRun, false).await.complete);
    assert_eq!(script.rows().len(), count + 6);

    // All once more, three at once: only those who have the sheet call.
    let position = later.position;
    let (a, b, c) =
        tokio::join!(run(Since::Beginning, false), run(Since::Beginning, false), run(Since::LastRun, false));
    let done: Vec<_> = [&a, &b, &c].into_iter().filter(|run| run.complete).collect();
    assert!(!done.is_empty(), "{a:?} {b:?} {c:?}");
    assert!(done.iter().all(|run| run.position == position), "the place does not go back");
    assert_eq!(script.rows().len(), count + 6);

    // From an instant behind the place: handed over, but the gap is not forgotten.
    add_searches(&state.store, 90, "2025-11-13T00:00:00Z".parse().unwrap(), TimeDelta::hours(1)).await;
    let part = run(Since::Instant("2025-11-15T00:00:00Z".parse().unwrap()), false).await;
    assert!(part.complete && part.records == 42 && part.position == position, "{part:?}");
    assert!(run(Since::LastRun, false).await.complete);
    let rows = script.rows();
    assert_eq!((rows.len(), rows.iter().collect::<BTreeSet<_>>().len()), (count + 96, count + 96));
    assert_eq!(rows.iter().collect::<BTreeSet<_>>(), all_searches(&casa, &token).await.iter().collect());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn staff_push_searches_and_nobody_else() {
    let set = Set::compact();
    let script = Script::default();
    let casa = start(&set, &[("GOOGLE_SCRIPT_WEBHOOK", &script.start().await)]);
    let (email, password) = set.staff("gerente");
    let token = casa.sign_in(email, password).await;
    let http = Client::new();
    let (get, post) = (
        |query: &str| http.get(casa.url(&format!("clients/track-search/export/?{query}"))),
        |query: &str| http.post(casa.url(&format!("clients/track-search/export/?{query}"))),
    );
    for request in [get("send_to_sheets=true"), post(""), get("send_to_sheets=true").bearer_auth("x")] {
        assert_eq!(request.send().await.unwrap().status(), 401);
    }
    let answered = |request: reqwest::RequestBuilder| {
        let request = request.bearer_auth(&token);
        async move {
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 200);
            answer.json::<Value>().await.unwrap()
        }
    };
    assert!(answered(get("send_to_sheets=1")).await.get("google_sheets_sync").is_none());
    assert_eq!(script.calls(), 0);

    let pushed = answered(get("send_to_sheets=TRUE&limit=2")).await;
    let sync = &pushed["google_sheets_sync"];
    assert_eq!(sync["google_response"]["records_processed"], 2);
    for (key, expected) in [("successful_sends", 2), ("failed_sends", 0), ("total_records", 2)] {
        assert_eq!(sync[key], expected, "{sync}");
    }
    let all = answered(post("")).await;
    assert_eq!(all["google_sheets_sync"]["google_response"]["records_skipped"], 2, "{all}");
    let count = set.rows("clients.searchtracking").len();
    assert_eq!(script.rows().len(), count);
    for fault in [Fault::Status(500), Fault::Status(404), Fault::Page, Fault::Declined] {
        script.calls();
        script.will(&[fault]);
        let failed = answered(post("")).await["google_sheets_sync"].take();
        let counts = (&failed["successful_sends"], &failed["failed_sends"]);
        assert_eq!(
            (failed["success"].as_bool(), counts),
            (Some(false), (&json!(0), &json!(count))),
            "{fault:?}"
        );
        assert!(failed["message"].as_str().is_some_and(|text| !text.is_empty()));
        assert_eq!(script.calls(), 1, "somebody waits");
    }
    let nothing = answered(post("date_to=2001-01-01")).await;
    assert_eq!(nothing["google_sheets_sync"]["success"], false);
    for bad in ["client_id=x", "limit=0", "cursor=x", "property_id=%00"] {
        let answer = get(bad).bearer_auth(&token).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_public_sees_first_names_and_initials() {
    let set = Set::compact();
    let casa = start(&set, &[]);
    let state = state(&casa, &set);
    let http = Client::new();
    // Rankings of several months, so that there is something to see.
    for month in ["2025-08", "2025-09", "2025-10"] {
        let report = ranking::run(&state, Some(month.parse().unwrap()), true, false).await.unwrap();
        assert_eq!((report.had_one, report.dry_run), (false, false));
    }
    let mut public = vec![
        "clients/referral-ranking/?limit=1000".to_owned(),
        "clients/referral-ranking/current/?limit=1000".to_owned(),
        "clients/referral-stats/?limit=1000".to_owned(),
        "clients/referral-stats/?limit=1000&scope=with_reservations".to_owned(),
    ];
    public.extend(
        (7..=11).map(|month| format!("clients/referral-ranking/?year=2025&month={month}&limit=1000")),
    );
    let whole_names = public.len();
    let clients = set.rows("clients.clients");
    let text = |fields: &Value, name: &str| fields[name].as_str().unwrap_or_default().to_owned();
    let codes =
        clients.iter().map(|(_, client)| text(client, "referral_code")).filter(|code| !code.is_empty());
    public.extend(codes.map(|code| format!("clients/by-referral-code/{}/", code.to_lowercase())));
    let pages = public.len();
    public.extend(set.rows("reservation.reservation").iter().map(|(id, _)| format!("qr/{id}/")));

    let (mut named, mut found) = (0, 0);
    for (number, path) in public.iter().enumerate() {
        let answer = http.get(casa.url(path)).send().await.unwrap();
        assert!(matches!(answer.status().as_u16(), 200 | 404), "{path}");
        found += usize::from(answer.status() == 200);
        let body = answer.text().await.unwrap();
        named += body.matches("client_name").count();
        for (_, client) in clients {
            for secret in ["number_doc", "tel_number", "email"] {
                let secret = text(client, secret);
                assert!(secret.len() < 6 || !body.contains(&secret), "{path} shows {secret}");
            }
            let (first, last) = (text(client, "first_name"), text(client, "last_name"));
            // The names of several words are whole only in full answers. The QR of a stay shows them, as documented.
            let too_much = [(pages, last.clone()), (pages, format!("{first} {last}")), (whole_names, last)];
            for (until, name) in too_much {
                let tells = name.len() > 3 && body.contains(&name);
                let partly = until == pages && !name.trim().contains(' ');
                assert!(number >= until || partly || !tells, "{path} shows {name}");
            }
        }
    }
    assert!(named > 20 && found > 100, "{named} {found}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_job_keeps_what_the_month_showed() {
    let set = Set::compact();
    let casa = start(&set, &[]);
    let state = state(&casa, &set);
    let get = |path: &str| {
        let request = Client::new().get(casa.url(path));
        async move { request.send().await.unwrap().json::<Value>().await.unwrap() }
    };
    let current = get("clients/referral-ranking/current/?limit=100").await;
    assert!(current["rankings"].as_array().unwrap().len() > 1, "{current}");
    let month: Month = "2025-11".parse().unwrap();
    let contents = Contents::of(&casa.shared).await;
    let rehearsal = ranking::run(&state, Some(month), false, true).await.unwrap();
    assert_eq!(contents.differences(&Contents::of(&casa.shared).await), Vec::<String>::new());
    let report = ranking::run(&state, Some(month), false, false).await.unwrap();
    assert_eq!((rehearsal.ranked, rehearsal.written), (report.ranked, 0));
    assert_eq!(report.written, report.ranked);
    let kept = get("clients/referral-ranking/?year=2025&month=11&limit=100").await;
    assert_eq!(kept["rankings"], current["rankings"]);
    let history = get("clients/referral-ranking/?limit=100").await;
    assert_eq!(history["type"], "global_historical");

    let again = ranking::run(&state, Some(month), false, false).await.unwrap();
    assert!(again.had_one && again.written == 0, "{again:?}");
    let forced = ranking::run(&state, Some(month), true, false).await.unwrap();
    assert_eq!((forced.had_one, forced.written, forced.removed), (false, 0, 0));
    let before = ranking::run(&state, None, false, true).await.unwrap();
    assert_eq!(before.month, "2025-10".parse().unwrap());

    for bad in ["limit=x", "limit=-1", "year=x&month=1", "year=2025&month=-3", "year=1e9&month=1"] {
        let answer =
            Client::new().get(casa.url(&format!("clients/referral-ranking/?{bad}"))).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{bad}");
        assert!(answer.json::<Value>().await.unwrap()["error"].is_string());
    }
}

#[tokio::test]
async fn searches_are_noted_without_the_household() {
    let set = Set::compact();
    let casa = start(&set, &[]);
    let http = Client::new();
    let (email, password) = set.staff("gerente");
    let token = casa.sign_in(email, password).await;
    let address = casa.url("clients/track-search/");
    let body = json!({"check_in_date": "2026-1-2", "check_out_date": "2026-01-01", "guests": "3",
        "property": Uuid::nil()});
    let request = http
        .post(&address)
        .header("X-Forwarded-For", "203.0.113.77")
        .header("User-Agent", "x".repeat(700))
        .header("Referer", format!("https://sitio.example/{}", "y".repeat(400)))
        .bearer_auth(&token)
        .json(&body);
    let noted: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!((&noted["success"], &noted["data"]["property"]), (&json!(true), &Value::Null), "{noted}");
    assert!(noted["data"].get("property_name").is_none());
    let exported = casa.url("clients/track-search/export/?date_from=2025-11-12&limit=1");
    let exported: Value = http.get(exported).bearer_auth(&token).send().await.unwrap().json().await.unwrap();
    let row = &exported["data"][0];
    assert_eq!(row["client_info"]["id"], "ANONIMO", "a member of staff is no guest: {row}");
    let origin = &row["technical_data"];
    assert_eq!(origin["ip_address"], "127.0.0.0", "what somebody claims is not believed");
    let length = |name: &str| origin[name].as_str().unwrap().len();
    assert_eq!((length("user_agent"), length("referrer")), (500, 200));

    for (kind, body, status) in [
        ("application/json", "{", 400),
        ("application/json", "[]", 400),
        ("application/json", "", 400),
        ("text/plain", "x", 415),
        ("application/x-www-form-urlencoded", "check_in_date=2026-01-01&guests=%00", 400),
    ] {
        let request = http.post(&address).header("Content-Type", kind).body(body);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status, "{kind} {body}");
        let answer: Value = answer.json().await.unwrap();
        assert!(status == 415 || (answer["success"] == false && answer["errors"].is_string()), "{answer}");
    }
    assert_eq!(http.get(&address).send().await.unwrap().status(), 401);
}
