//! The OpenAPI document of a running server, as far as tests walk it: which operations there are and what they promise.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::Casa;

/// The methods a path can have.
pub const METHODS: [&str; 5] = ["DELETE", "GET", "PATCH", "POST", "PUT"];

/// One operation.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Upper case.
    pub method: String,
    /// With `{parameters}`.
    pub path: String,
    /// Whether it demands the token of a member of staff, or in its place the key of a machine.
    pub staff: bool,
    /// Whether it demands the token of a guest.
    pub guest: bool,
    /// Whether it knows guests by their token, also where it answers anybody.
    pub knows_guests: bool,
    /// Every documented status with its media types.
    pub answers: BTreeMap<u16, BTreeSet<String>>,
    /// Media types of the body; empty when it takes none.
    pub bodies: BTreeSet<String>,
    /// Fields of the body with their schemas, files left out.
    pub fields: BTreeMap<String, Value>,
    /// Names of the query parameters.
    pub query: Vec<String>,
}

impl Operation {
    /// `GET /path/`.
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Whether it answers anybody, also with a token that is worth nothing.
    pub fn is_public(&self) -> bool {
        !self.staff && !self.guest
    }

    /// Names of the parameters in its path.
    pub fn path_parameters(&self) -> Vec<String> {
        let parts = self.path.split('{').skip(1);
        parts.filter_map(|part| part.split_once('}').map(|(name, _)| name.to_owned())).collect()
    }

    /// The path with every parameter replaced.
    pub fn path_with(&self, value: &str) -> String {
        self.path_parameters()
            .iter()
            .fold(self.path.clone(), |path, name| path.replace(&format!("{{{name}}}"), value))
    }

    /// What is wrong with an answer to this operation: a failure of the server, a status or media type that the document
    /// does not name, or a body that is not what its media type says.
    pub fn complaint(&self, status: u16, content_type: Option<&str>, body: &[u8]) -> Option<String> {
        // Without a music server, that is what is right to say (contract 07 §3).
        let no_music = status == 503 && self.path.starts_with("/api/v1/music/");
        if status >= 500 && !no_music {
            return Some(format!("status {status}: {}", String::from_utf8_lossy(body)));
        }
        let Some(media_types) = self.answers.get(&status) else {
            return Some(format!("status {status} is not documented: {}", String::from_utf8_lossy(body)));
        };
        let media_type = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        if status == 204 {
            return (!body.is_empty() || content_type.is_some()).then(|| "204 with a body".to_owned());
        }
        if !media_types.contains(media_type) {
            return Some(format!(
                "status {status} with media type {media_type:?}, documented: {media_types:?}"
            ));
        }
        if media_type.ends_with("json") && serde_json::from_slice::<Value>(body).is_err() {
            return Some(format!("status {status} with broken JSON"));
        }
        None
    }
}

/// All operations of a running server, from the document it serves itself.
///
/// # Panics
/// When it serves none.
pub async fn operations(casa: &Casa) -> Vec<Operation> {
    let document: Value = match reqwest::get(casa.url("schema/?format=json")).await {
        Ok(answer) => answer.json().await.unwrap_or_default(),
        Err(problem) => panic!("no OpenAPI document: {problem}"),
    };
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for method in METHODS {
            if let Some(operation) = item.get(method.to_lowercase()) {
                operations.push(read(&document, method, path, operation));
            }
        }
    }
    assert!(operations.len() > 30, "the document names only {} operations", operations.len());
    operations
}

fn read(document: &Value, method: &str, path: &str, operation: &Value) -> Operation {
    let object = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let answers = object(&operation["responses"]).into_iter().filter_map(|(status, answer)| {
        Some((
            status.parse().ok()?,
            object(&answer["content"]).into_iter().map(|(media_type, _)| media_type).collect(),
        ))
    });
    let content = object(&operation["requestBody"]["content"]);
    let mut fields = BTreeMap::new();
    for body in content.values() {
        let schema = resolved(document, &body["schema"]);
        let properties = object(&schema["properties"]).into_iter().filter(|(_, schema)| !is_file(schema));
        fields.extend(properties);
    }
    let demands = operation["security"].as_array().cloned().unwrap_or_default();
    // An empty demand beside it makes the token optional.
    let staff = demands.iter().any(|one| one.get("staff").is_some())
        && demands.iter().all(|one| ["staff", "bot", "music"].iter().any(|key| one.get(key).is_some()));
    let guest = !demands.is_empty() && demands.iter().all(|one| one.get("client").is_some());
    let knows_guests = demands.iter().any(|one| one.get("client").is_some());
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let query = parameters.filter(|parameter| parameter["in"] == "query");
    Operation {
        method: method.to_owned(),
        path: path.to_owned(),
        staff,
        guest,
        knows_guests,
        answers: answers.collect(),
        bodies: content.keys().cloned().collect(),
        fields,
        query: query.filter_map(|parameter| parameter["name"].as_str().map(str::to_owned)).collect(),
    }
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str().and_then(|target| target.strip_prefix('#')) {
        Some(target) => document.pointer(target).unwrap_or(schema),
        None => schema,
    }
}

fn is_file(schema: &Value) -> bool {
    let binary = |schema: &Value| schema["format"] == "binary" || schema.get("contentMediaType").is_some();
    binary(schema) || binary(&schema["items"])
}
