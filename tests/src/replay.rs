//! Sends recorded requests to a running server and compares its answers with the recorded ones. The format is described
//! in `fixtures/golden-compact/README.md`.

mod compare;

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use reqwest::{Client, Method, RequestBuilder, header, multipart};
use serde_json::{Map, Value};

use self::compare::{Pattern, Rules};
use crate::{Casa, Options, document::Operation};

/// A folder with recordings, the files they upload and the users who sign in.
#[derive(Clone, Debug)]
pub struct Set {
    folder: PathBuf,
    users: Value,
    /// The data set by model.
    rows: HashMap<String, Vec<(String, Value)>>,
}

impl Set {
    /// The set in a folder.
    ///
    /// # Panics
    /// When its `users.json` or `dataset.json` cannot be read.
    pub fn open(folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        let users = parse(&read(&folder.join("users.json")));
        let mut rows: HashMap<String, Vec<(String, Value)>> = HashMap::new();
        for row in parse(&read(&folder.join("dataset.json"))).as_array_mut().into_iter().flatten() {
            rows.entry(text(&row["model"])).or_default().push((text(&row["pk"]), row["fields"].take()));
        }
        Self { folder, users, rows }
    }

    /// The compact set that comes with these tests.
    ///
    /// # Panics
    /// When it cannot be read.
    pub fn compact() -> Self {
        Self::open(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/golden-compact"))
    }

    /// A server with the set's data, its clock stopped at the instant of the recordings.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn start(&self) -> Casa {
        let path = |name: &str| self.path(name).to_string_lossy().into_owned();
        let (data, media) = (path("dataset.json"), path("media"));
        let arguments = ["--memory", "--import", &data, "--media", &media, "--clock", self.clock()]
            .map(str::to_owned)
            .to_vec();
        Casa::start(&Options { arguments, ..Options::default() })
    }

    /// E-mail address and password of a member of staff.
    ///
    /// # Panics
    /// When there is none of that name.
    pub fn staff(&self, name: &str) -> (&str, &str) {
        let user = &self.users["staff"][name];
        match (user["email"].as_str(), user["password"].as_str()) {
            (Some(email), Some(password)) => (email, password),
            _ => panic!("nobody is called {name}"),
        }
    }

    /// Document number (a `dni`) and password of a guest who can sign in and has reservations.
    ///
    /// # Panics
    /// When there is none.
    pub fn guest(&self) -> (&str, &str) {
        let guests = self.users["clients"].as_object();
        let mut with_stays = guests.into_iter().flatten().filter(|(number, _)| {
            let id = &self.guest_row(number).0;
            self.rows("reservation.reservation").iter().any(|(_, one)| is_stay_of(one, id))
        });
        match with_stays.next().map(|(number, guest)| (number.as_str(), guest["password"].as_str())) {
            Some((number, Some(password))) => (number, password),
            _ => panic!("no guest can sign in"),
        }
    }

    /// Id and fields of the guest with a document.
    ///
    /// # Panics
    /// When there is none.
    pub fn guest_row(&self, number: &str) -> &(String, Value) {
        let found = self.rows("clients.clients").iter().find(|(_, one)| one["number_doc"] == number);
        found.unwrap_or_else(|| panic!("nobody has the document {number}"))
    }

    /// The first live reservation of a guest.
    ///
    /// # Panics
    /// When there is none.
    pub fn reservation_of(&self, guest: &str) -> String {
        let found = self.rows("reservation.reservation").iter().find(|(_, one)| is_stay_of(one, guest));
        found.map_or_else(|| panic!("{guest} has no reservation"), |(id, _)| id.clone())
    }

    /// The rows of a model with their ids, in the order of the data set.
    pub fn rows(&self, model: &str) -> &[(String, Value)] {
        self.rows.get(model).map_or(&[], Vec::as_slice)
    }

    /// The path of an operation with its parameters naming a row that exists (a reservation of `vendedor1` that has not
    /// begun). New kinds of paths get an id that nothing has.
    pub fn existing(&self, operation: &Operation) -> String {
        let first = |model: &str| self.rows(model).first().map(|(id, _)| id.clone()).unwrap_or_default();
        let path = operation.path.strip_prefix("/api/v1/").unwrap_or_default();
        let value = match path.split('/').next().unwrap_or_default() {
            "reservations" | "vistacalendario" => self.reservation(),
            "photos" => first("property.propertyphoto"),
            "profit" => first("property.profitpropertyairbnb"),
            "recipt" | "delete-recipe" => first("reservation.rentalreceipt"),
            "property" if path.contains("automaticdiscount") => first("property.automaticdiscount"),
            "admin" => first("property.property"),
            "property" => text(&self.rows("property.property")[0].1["slug"]),
            "properties" => "1".to_owned(),
            "bot" => text(&self.rows("clients.clients")[0].1["number_doc"]),
            "qr" => self.reservation(),
            "clients" if path.contains("by-referral-code") => {
                text(&self.guest_row(self.guest().0).1["referral_code"])
            }
            "clients" if path.contains("reservations") => {
                self.reservation_of(&self.guest_row(self.guest().0).0)
            }
            "clients" => self.guest_row(self.guest().0).0.clone(),
            _ => NOBODY.to_owned(),
        };
        operation.path_with(&value)
    }

    /// A live reservation of `vendedor1` that has not begun, approved, not Airbnb's.
    ///
    /// # Panics
    /// When there is none.
    pub fn reservation(&self) -> String {
        let today = &self.clock()[..10];
        let seller =
            self.rows("accounts.customuser").iter().find(|(_, user)| user["username"] == "vendedor1");
        let Some((seller, _)) = seller else { panic!("no vendedor1") };
        let suits = |one: &Value| {
            let check_in = one["check_in_date"].as_str().unwrap_or_default();
            one["deleted"] == false
                && one["origin"] == "aus"
                && one["status"] == "approved"
                && text(&one["seller"]) == *seller
                && one["late_checkout"] == false
                && check_in > today
        };
        let found = self.rows("reservation.reservation").iter().find(|(_, one)| suits(one));
        found.map_or_else(|| panic!("no such reservation"), |(id, _)| id.clone())
    }

    /// The path of a file of the set.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The instant at which the recordings were made.
    pub fn clock(&self) -> &str {
        self.users["clock"].as_str().unwrap_or_default()
    }

    /// The recordings of a file, in order.
    ///
    /// # Panics
    /// When it cannot be read or has none.
    pub fn recordings(&self, file: &str) -> Vec<Recording> {
        let text = read(&self.path(file));
        let recordings: Vec<_> =
            text.lines().filter(|line| !line.trim().is_empty()).map(|line| Recording(parse(line))).collect();
        assert!(!recordings.is_empty(), "{file} has no recordings");
        recordings
    }
}

fn is_stay_of(reservation: &Value, guest: &str) -> bool {
    reservation["deleted"] == false && reservation["client"] == guest
}

/// An id that no row has.
pub const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

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
