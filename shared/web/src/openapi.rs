//! Shapes that the OpenAPI documents of all functions share.

use std::collections::HashMap;

use serde::Serialize;
use utoipa::ToSchema;

/// An error in words.
#[derive(Debug, Serialize, ToSchema)]
pub struct Detail {
    /// What is wrong, in Spanish.
    pub detail: String,
}

/// A broken rule over several fields.
#[derive(Debug, Serialize, ToSchema)]
pub struct Rule {
    /// What is wrong, in Spanish.
    pub detail: Vec<String>,
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
