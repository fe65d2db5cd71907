//! Searches on their way to the sheet.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};

use super::*;

/// A stand-in for the script of the sheet: the ids it has, and the status it answers with instead.
type Script = Arc<Mutex<(BTreeSet<String>, usize, Option<u16>)>>;

async fn exec(State(script): State<Script>, Json(body): Json<Value>) -> Response {
    let mut script = script.lock().unwrap();
    script.1 += 1;
    if let Some(status) = script.2 {
        return StatusCode::from_u16(status).unwrap().into_response();
    }
    let records = body["data"].as_array().unwrap();
    let new = records.iter().filter(|one| script.0.insert(one["id"].as_str().unwrap().to_owned())).count();
    let skipped = records.len() - new;
    Json(json!({"success": true, "records_processed": new, "records_skipped": skipped})).into_response()
}

#[tokio::test(flavor = "multi_thread")]
async fn searches_reach_the_sheet() {
    let search = |number: u32| {
        row(
            "clients.searchtracking",
            id(number),
            json!({
                "client": null, "check_in_date": "2025-12-15", "check_out_date": "2025-12-17", "guests": 4,
                "property": null, "search_timestamp": format!("2025-10-{:02}T14:00:00Z", number - 300),
                "session_key": null, "ip_address": null, "user_agent": null, "referrer": null,
            }),
        )
    };
    let rows: Vec<Value> = (301..306).map(search).collect();
    let off = start(&export(rows.clone()), EARLY, &[]);
    assert_eq!(report(&off, "sheets-sync").await, json!({"sheet": "not configured"}));
    drop(off);

    let script = Script::default();
    let router = Router::new().route("/exec", post(exec)).with_state(script.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/exec", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let casa = start(&export(rows), EARLY, &[("GOOGLE_SCRIPT_WEBHOOK", &address)]);
    assert_eq!(rehearsed(&casa, "sheets-sync").await["records"], 5);
    assert_eq!(script.lock().unwrap().1, 0, "a rehearsal calls nobody");
    script.lock().unwrap().2 = Some(403);
    let (status, answer) = ask(&casa, "sheets-sync").await;
    assert_eq!(status, 500);
    assert!(answer["detail"].as_str().unwrap().contains("403"), "{answer}");
    assert!(!answer.to_string().contains(&address), "who knows the address can write");
    script.lock().unwrap().2 = None;
    let run = report(&casa, "sheets-sync").await;
    assert_eq!((&run["records"], &run["complete"]), (&json!(5), &json!(true)), "{run}");
    assert_eq!(script.lock().unwrap().0.len(), 5);
    let again = report(&casa, "sheets-sync").await;
    assert_eq!((&again["complete"], &again["position"]), (&json!(true), &run["position"]), "{again}");
    assert!(again["records"].as_u64().unwrap() < 5, "not everything once more: {again}");
    let (status, answer) = ask(&casa, "reboot").await;
    assert_eq!(status, 404);
    assert!(answer["jobs"].as_array().unwrap().contains(&json!("sheets-sync")), "{answer}");
}
