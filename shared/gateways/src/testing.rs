//! Vendors on this machine, for the tests of the modules.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use serde_json::Value;
use tokio::net::TcpListener;

/// An address where nobody listens.
pub(crate) const NOBODY: &str = "http://127.0.0.1:1";
/// What a captive portal or a login page looks like.
pub(crate) const PAGE: &str = "<!doctype html><title>Sign in</title>";

/// A call as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// `POST /path?query`.
    pub(crate) line: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Call {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/json");
        serde_json::from_str(&self.body).unwrap()
    }
}

/// A vendor that records calls and gives its answers in order, the last one again and again. The text of an answer with
/// a status of redirects is where it leads.
pub(crate) struct Vendor {
    pub(crate) base: String,
    state: Arc<Mutex<Script>>,
}

#[derive(Default)]
struct Script {
    calls: Vec<Call>,
    answers: Vec<(u16, String)>,
}

impl Vendor {
    pub(crate) async fn start<T: Into<String>>(answers: impl IntoIterator<Item = (u16, T)>) -> Self {
        let answers = answers.into_iter().map(|(status, text)| (status, text.into())).collect();
        let state = Arc::new(Mutex::new(Script { calls: Vec::new(), answers }));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&state));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { base, state }
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.state.lock().unwrap().calls.clone()
    }

    /// The only call there was.
    pub(crate) fn call(&self) -> Call {
        let calls = self.calls();
        let [call] = calls.as_slice() else { panic!("{calls:?}") };
        call.clone()
    }
}

async fn answer(
    State(state): State<Arc<Mutex<Script>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut script = state.lock().unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    script.calls.push(Call { line: format!("{method} {uri}"), headers, body });
    let turn = script.calls.len().min(script.answers.len());
    let (status, text) = script.answers[turn - 1].clone();
    let status = StatusCode::from_u16(status).unwrap();
    if status.is_redirection() && !text.is_empty() {
        (status, [("location", text)]).into_response()
    } else {
        (status, text).into_response()
    }
}

/// The address of a server that accepts, says `beginning` when asked and then nothing more.
pub(crate) async fn silent(beginning: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            stream.peek(&mut [0]).await.unwrap();
            stream.try_write(beginning.as_bytes()).unwrap();
            held.push(stream);
        }
    });
    base
}

/// Settings from a table, in place of the environment.
pub(crate) fn settings<'a>(table: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
    |name| table.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
}
