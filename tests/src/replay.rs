//! Sends recorded requests to a running server and compares its answers with the recorded ones. The format is described
//! in `fixtures/golden-compact/README.md`.

mod compare;
mod set;

use std::{collections::HashMap, fs, path::Path};

use reqwest::{Client, Method, RequestBuilder, header, multipart};
use serde_json::{Map, Value};

use self::compare::{Pattern, Rules};
pub use self::set::{NOBODY, Set};

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|problem| panic!("{}: {problem}", path.display()))
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|problem| panic!("{problem} in {text}"))
}

/// A request and the answer it got.
#[derive(Clone, Debug)]
pub struct Recording(Value);

impl Recording {
    /// Its name.
    pub fn id(&self) -> &str {
        self.0["id"].as_str().unwrap_or_default()
    }

    fn text(&self, key: &str) -> &str {
        self.0[key].as_str().unwrap_or_default()
    }

    fn rules(&self) -> Rules {
        let patterns = |key: &str| {
            let texts = self.0[key].as_array().into_iter().flatten().filter_map(Value::as_str);
            texts.map(Pattern::new).collect()
        };
        let shape_only = match self.text("compare") {
            "" | "exact" => false,
            "shape" => true,
            other => panic!("{}: no way to compare by {other}", self.id()),
        };
        Rules { shape_only, ignored: patterns("ignore"), unordered: patterns("unordered") }
    }
}

/// What a server answered.
#[derive(Debug)]
struct Answer {
    status: u16,
    media_type: String,
    body: Value,
}

/// Replays recordings against one server. Keeps the tokens of who signed in and the values that steps of a story
/// captured.
#[derive(Debug)]
pub struct Replay<'a> {
    set: &'a Set,
    base: String,
    http: Client,
    tokens: HashMap<String, String>,
    captured: Map<String, Value>,
}

impl<'a> Replay<'a> {
    /// Against the server at `base` (without a slash at the end).
    pub fn new(set: &'a Set, base: &str) -> Self {
        Self { set, base: base.to_owned(), http: Client::new(), tokens: HashMap::new(), captured: Map::new() }
    }

    /// Sends one request; answers what differs from the recording, one line each.
    ///
    /// # Panics
    /// When the server does not answer, somebody cannot sign in, or the recording is unusable.
    pub async fn differences(&mut self, recording: &Recording) -> Vec<String> {
        if recording.text("hook") == "award-points" {
            // What the original did at once, a job does here in the night.
            let address = format!("{}/_casa/run/points-award", self.base);
            let done = self.http.post(address).send().await.map(|done| done.status());
            assert!(done.as_ref().is_ok_and(|status| *status == 200), "{}: {done:?}", recording.id());
        }
        let answer = self.send(recording).await;
        for (name, place) in recording.0["capture"].as_object().into_iter().flatten() {
            let found = Pattern::new(place.as_str().unwrap_or_default()).find(&answer.body).cloned();
            self.captured.insert(name.clone(), found.unwrap_or_default());
        }
        let status = u64::from(answer.status);
        if recording.0["status"] != status {
            return vec![format!("status: expected {}, got {status} {}", recording.0["status"], answer.body)];
        }
        let media_type = recording.text("content_type").split(';').next().unwrap_or_default().trim();
        if !media_type.is_empty() && media_type != answer.media_type {
            return vec![format!("media type: expected {media_type}, got {}", answer.media_type)];
        }
        recording.rules().differences(&self.filled(&recording.0["body"]), &answer.body)
    }

    /// Replays a list; answers `id: difference` lines for everything that differs.
    ///
    /// # Panics
    /// As [`Self::differences`].
    pub async fn all(&mut self, recordings: &[Recording]) -> Vec<String> {
        let mut lines = Vec::new();
        for recording in recordings {
            let found = self.differences(recording).await;
            lines.extend(found.into_iter().map(|line| format!("{}: {line}", recording.id())));
        }
        lines
    }

    /// A value with every `{name}` replaced by what was captured under it, and `<base>` by the server's address. A text
    /// that is nothing but a name becomes the captured value itself.
    fn filled(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.filled_text(text),
            Value::Array(items) => items.iter().map(|item| self.filled(item)).collect(),
            Value::Object(fields) => fields
                .iter()
                .map(|(key, value)| (key.clone(), self.filled(value)))
                .collect::<Map<_, _>>()
                .into(),
            other => other.clone(),
        }
    }

    fn filled_text(&self, text: &str) -> Value {
        let inside = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
        if let Some(value) = inside.and_then(|name| self.captured.get(name)) {
            return value.clone();
        }
        let with_base = text.replace("<base>", &self.base);
        let filled = self
            .captured
            .iter()
            .fold(with_base, |text, (name, value)| text.replace(&format!("{{{name}}}"), &self::text(value)));
        Value::String(filled)
    }

    fn filled_str(&self, text: &str) -> String {
        match self.filled_text(text) {
            Value::String(text) => text,
            other => other.to_string(),
        }
    }

    async fn send(&mut self, recording: &Recording) -> Answer {
        let method: Method = recording.text("method").parse().unwrap_or_default();
        let address = format!("{}{}", self.base, self.filled_str(recording.text("path")));
        let mut request = self.http.request(method, address).header(header::ACCEPT, "application/json");
        let query: Vec<(String, String)> = pairs(&self.filled(&recording.0["query"]));
        request = request.query(&query);
        if let Some(who) = recording.0["as"].as_str() {
            let who = self.filled_str(who);
            request = request.bearer_auth(self.token(&who).await);
        }
        let raw = recording.0["raw_body"].as_str();
        let parts = recording.0["multipart"].as_object();
        if let Some(raw) = raw {
            request = request.header(header::CONTENT_TYPE, "application/json").body(raw.to_owned());
        } else if parts.is_some_and(is_empty) {
            // A form with nothing in it still has an end, which the client here would leave out.
            request =
                request.header(header::CONTENT_TYPE, "multipart/form-data; boundary=b").body("--b--\r\n");
        } else if let Some(parts) = parts {
            request = request.multipart(self.form(parts));
        } else if !recording.0["json"].is_null() {
            request = request.json(&self.filled(&recording.0["json"]));
        }
        answer(recording.id(), request).await
    }

    fn form(&self, parts: &Map<String, Value>) -> multipart::Form {
        let mut form = multipart::Form::new();
        for (name, text) in pairs(&self.filled(&parts["fields"])) {
            form = form.text(name, text);
        }
        for (name, files) in parts.get("files").and_then(Value::as_object).into_iter().flatten() {
            let files = files.as_array().map_or_else(|| std::slice::from_ref(files), Vec::as_slice);
            for file in files {
                let path = self.set.path(file["path"].as_str().unwrap_or_default());
                let bytes = fs::read(&path).unwrap_or_else(|problem| panic!("{}: {problem}", path.display()));
                let file_name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let part = multipart::Part::bytes(bytes).file_name(file_name);
                let media_type = file["content_type"].as_str().unwrap_or("application/octet-stream");
                let part =
                    part.mime_str(media_type).unwrap_or_else(|problem| panic!("{media_type}: {problem}"));
                form = form.part(name.clone(), part);
            }
        }
        form
    }

    /// The token of `staff:<username>` or `client:<document>` (signs in the first time), or of `bearer:<token>`.
    async fn token(&mut self, who: &str) -> String {
        if let Some(token) = who.strip_prefix("bearer:") {
            return token.to_owned();
        }
        if let Some(token) = self.tokens.get(who) {
            return token.clone();
        }
        let users = &self.set.users;
        let (path, body, key) = match who.split_once(':') {
            Some(("staff", name)) => {
                let user = &users["staff"][name];
                let body = serde_json::json!({"email": user["email"], "password": user["password"]});
                (&users["login_staff"], body, "access")
            }
            Some(("client", number)) => {
                let user = &users["clients"][number];
                let body = serde_json::json!({
                    "document_type": user["document_type"], "number_doc": number, "password": user["password"],
                });
                (&users["login_client"], body, "token")
            }
            _ => panic!("nobody signs in as {who}"),
        };
        let address = format!("{}{}", self.base, path.as_str().unwrap_or_default());
        let answer = answer(who, self.http.post(address).json(&body)).await;
        let Some(token) = answer.body[key].as_str() else { panic!("{who} cannot sign in: {answer:?}") };
        self.tokens.insert(who.to_owned(), token.to_owned());
        token.to_owned()
    }
}

/// Whether a recorded form has neither fields nor files.
fn is_empty(parts: &Map<String, Value>) -> bool {
    parts.values().all(|part| part.as_object().is_none_or(Map::is_empty))
}

/// Names and texts of an object's fields; a list gives its name several times.
fn pairs(fields: &Value) -> Vec<(String, String)> {
    let each = |(name, value): (&String, &Value)| match value {
        Value::Array(values) => values.iter().map(|value| (name.clone(), text(value))).collect(),
        value => vec![(name.clone(), text(value))],
    };
    fields.as_object().into_iter().flatten().flat_map(each).collect()
}

async fn answer(what: &str, request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap_or_else(|problem| panic!("{what}: no answer: {problem}"));
    let status = response.status().as_u16();
    let media_type = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = media_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_owned();
    let bytes = response.bytes().await.unwrap_or_else(|problem| panic!("{what}: broken answer: {problem}"));
    let body = match (bytes.is_empty(), media_type.ends_with("json")) {
        (true, _) => Value::Null,
        (false, true) => serde_json::from_slice(&bytes).unwrap_or_else(|problem| panic!("{what}: {problem}")),
        (false, false) => Value::String(String::from_utf8_lossy(&bytes).into_owned()),
    };
    Answer { status, media_type, body }
}
