//! A stand-in for the Apps Script of the sheet, which can be told what goes wrong.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// Nothing is written, and the answer takes longer than anybody waits.
    Slow,
    /// Everything is written, but nobody hears of it.
    Lost,
    /// This status instead of the script.
    Status(u16),
    /// Everything is written, but the one-time address answers with this status.
    LateStatus(u16),
    /// A page to sign in, with status 200.
    Page,
    /// The script runs and declines.
    Declined,
}

/// A stand-in for the script: it answers a call with a redirect to an address that can be got once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script(Arc<Mutex<Sheet>>);

#[derive(Debug, Default)]
struct Sheet {
    faults: VecDeque<Fault>,
    calls: usize,
    /// Ids in the order of rows.
    rows: Vec<String>,
    known: BTreeSet<String>,
    replies: BTreeMap<u64, Value>,
    number: u64,
}

impl Sheet {
    /// Writes the records that are not there yet, as the script does.
    fn write(&mut self, body: &Value) -> Value {
        assert_eq!(body["action"], "insert_search_tracking");
        assert!(body["timestamp"].as_str().unwrap().ends_with("+00:00"));
        let before: BTreeSet<String> = self.known.clone();
        let (mut processed, mut skipped) = (0, 0);
        for record in body["data"].as_array().unwrap() {
            let id = record["id"].as_str().unwrap().to_owned();
            // The script looks only at what was there before the call.
            if before.contains(&id) {
                skipped += 1;
            } else {
                processed += 1;
                self.rows.push(id.clone());
                self.known.insert(id);
            }
        }
        json!({"success": true, "message": "ok", "records_processed": processed, "records_skipped": skipped})
    }
}

impl Script {
    pub(crate) async fn start(&self) -> String {
        let router = Router::new()
            .route("/exec", post(exec))
            .route("/once/{number}", get(once))
            .with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/exec", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        address
    }

    pub(crate) fn will(&self, faults: &[Fault]) {
        self.0.lock().unwrap().faults.extend(faults);
    }

    pub(crate) fn rows(&self) -> Vec<String> {
        self.0.lock().unwrap().rows.clone()
    }

    pub(crate) fn calls(&self) -> usize {
        std::mem::take(&mut self.0.lock().unwrap().calls)
    }
}

async fn exec(State(script): State<Script>, Json(body): Json<Value>) -> Response {
    let (fault, answer) = {
        let mut sheet = script.0.lock().unwrap();
        sheet.calls += 1;
        let fault = sheet.faults.pop_front();
        let reply = match fault {
            None | Some(Fault::Lost | Fault::LateStatus(_)) => sheet.write(&body),
            Some(Fault::Declined) => json!({"success": false, "message": "Sin espacio"}),
            _ => Value::Null,
        };
        let number = sheet.number;
        sheet.number += 1;
        let reply = match fault {
            Some(Fault::LateStatus(status)) => json!(status),
            Some(Fault::Page) => json!("page"),
            _ => reply,
        };
        sheet.replies.insert(number, reply);
        (fault, (StatusCode::FOUND, [(header::LOCATION, format!("/once/{number}"))]).into_response())
    };
    match fault {
        Some(Fault::Slow | Fault::Lost) => {
            tokio::time::sleep(Duration::from_secs(2)).await;
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
        Some(Fault::Status(status)) => StatusCode::from_u16(status).unwrap().into_response(),
        _ => answer,
    }
}

async fn once(State(script): State<Script>, Path(number): Path<u64>) -> Response {
    match script.0.lock().unwrap().replies.remove(&number) {
        None => StatusCode::NOT_FOUND.into_response(),
        Some(Value::Number(status)) => {
            StatusCode::from_u16(u16::try_from(status.as_u64().unwrap()).unwrap()).unwrap().into_response()
        }
        Some(Value::String(_)) => Html("<html>Sign in</html>").into_response(),
        Some(reply) => Json(reply).into_response(),
    }
}
