//! Shapes that the OpenAPI documents of all functions share.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use utoipa::{
    IntoResponses, ToSchema,
    openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder},
};

/// An error in words.
#[derive(Debug, Serialize, ToSchema)]
pub struct Detail {
    /// What is wrong, in Spanish.
    pub detail: String,
}

/// Errors by field, summed up in `detail`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Invalid {
    /// A broken rule, or a body that cannot be read.
    Rule(HashMap<String, TextOrTexts>),
}

/// One text or several.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum TextOrTexts {
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}

/// Missing or bad credentials.
#[derive(Debug, Serialize, ToSchema)]
pub struct Unauthorized {
    /// What is wrong, in Spanish.
    pub detail: String,
    /// `token_not_valid`, `user_not_found`, `user_inactive` or `bad_authorization_header`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// A failed hand-written check.
#[derive(Debug, Serialize, ToSchema)]
pub struct Failure {
    /// Always false.
    pub success: bool,
    /// What is wrong, in Spanish.
    pub error: String,
    /// The same text.
    pub detail: String,
}

/// Answers by status.
pub type Responses = BTreeMap<String, RefOr<Response>>;

/// An answer in JSON: its status, when it comes and the name of its schema.
pub fn response(status: &str, description: &str, schema: &str) -> (String, RefOr<Response>) {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(schema))).build();
    let response =
        ResponseBuilder::new().description(description).content("application/json", content).build();
    (status.to_owned(), response.into())
}

/// What every endpoint for staff may answer instead.
#[derive(Debug)]
pub struct ForStaff;

impl IntoResponses for ForStaff {
    fn responses() -> Responses {
        Responses::from([response("401", "No token, or a bad one", "Unauthorized")])
    }
}

/// What every endpoint for sellers and administrators may answer instead.
#[derive(Debug)]
pub struct ForSellers;

impl IntoResponses for ForSellers {
    fn responses() -> Responses {
        let mut responses = ForStaff::responses();
        responses.extend([response("403", "Neither seller nor administrator", "Detail")]);
        responses
    }
}

/// What every endpoint for guests may answer instead.
#[derive(Debug)]
pub struct ForGuests;

impl IntoResponses for ForGuests {
    fn responses() -> Responses {
        Responses::from([response("401", "No token of a guest, or a bad one", "Unauthorized")])
    }
}

/// What every endpoint that reads a body may answer instead.
#[derive(Debug)]
pub struct WithBody;

impl IntoResponses for WithBody {
    fn responses() -> Responses {
        Responses::from([
            response("413", "The body is too large", "Detail"),
            response("415", "The body has another media type", "Detail"),
        ])
    }
}

/// What every endpoint whose change can lose a race may answer instead.
#[derive(Debug)]
pub struct Racing;

impl IntoResponses for Racing {
    fn responses() -> Responses {
        Responses::from([response(
            "409",
            "Somebody else changed it at the same moment: look and try again",
            "Detail",
        )])
    }
}
