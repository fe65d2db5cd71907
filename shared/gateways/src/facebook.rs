//! Facebook accounts of guests through the Graph API (contract 02 §3.9 and §5.3).

use reqwest::{Response, StatusCode, header::HeaderValue};
use serde_json::Value;

use crate::{GatewayError, PATIENCE, setting, wire};

const VENDOR: &str = "Facebook";
const FIELDS: &str = "id,name,email,picture.type(large)";
/// Facebook's own numbers for trouble that passes; they come with the same statuses as a bad token.
const PASSING: [i64; 7] = [1, 2, 4, 17, 32, 341, 613];

/// Who a user token stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct FacebookProfile {
    /// Id of the account, as this app sees it.
    pub id: Option<String>,
    /// Name that the account shows.
    pub name: Option<String>,
    /// Address of the picture.
    pub picture: Option<String>,
    /// The whole answer.
    pub whole: Value,
}

/// What Facebook knows of a user token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenFacts {
    /// Whether it is good.
    pub is_valid: bool,
    /// The app it was made for.
    pub app_id: Option<String>,
    /// The account it stands for.
    pub user_id: Option<String>,
    /// When it ends, in seconds since 1970; 0 for never.
    pub expires_at: Option<i64>,
}

/// The app of the house on Facebook.
#[derive(Clone)]
pub struct Facebook {
    http: reqwest::Client,
    base: String,
    app_id: String,
    /// Never logged.
    app_token: String,
}

impl std::fmt::Debug for Facebook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Facebook(…)")
    }
}

impl Facebook {
    /// The app that `FACEBOOK_APP_ID` and either `FACEBOOK_APP_ACCESS_TOKEN` or `FACEBOOK_APP_SECRET` configure; `None`
    /// without them. The token goes before the secret.
    pub fn from_env() -> Option<Self> {
        Self::configured(setting)
    }

    fn configured(setting: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let app_id = setting("FACEBOOK_APP_ID")?;
        let made = || setting("FACEBOOK_APP_SECRET").map(|secret| format!("{app_id}|{secret}"));
        let app_token = setting("FACEBOOK_APP_ACCESS_TOKEN").or_else(made)?;
        let base = setting("FACEBOOK_GRAPH_URL").unwrap_or_else(|| "https://graph.facebook.com".to_owned());
        Some(Self::new(&base, &app_id, &app_token))
    }

    /// The app `app_id` with its token, at `base`.
    pub fn new(base: &str, app_id: &str, app_token: &str) -> Self {
        Self {
            http: wire::http(PATIENCE),
            base: base.trim_end_matches('/').to_owned(),
            app_id: app_id.to_owned(),
            app_token: app_token.to_owned(),
        }
    }

    #[cfg(test)]
    fn with_timeout(self, patience: std::time::Duration) -> Self {
        Self { http: wire::http(patience), ..self }
    }

    /// Id of the app.
    pub fn app_id(&self) -> &str {
        &self.app_id
    }

    /// Who the token of a user stands for; `None` when Facebook refuses it, without a call for what no token can be.
    ///
    /// # Errors
    /// [`GatewayError`].
    pub async fn profile(&self, user_token: &str) -> Result<Option<FacebookProfile>, GatewayError> {
        let Some(authorization) = bearer(user_token) else { return Ok(None) };
        let request = self.http.get(format!("{}/me", self.base)).query(&[("fields", FIELDS)]);
        let request = request.header(reqwest::header::AUTHORIZATION, authorization);
        let answer = wire::send(VENDOR, request).await?;
        let is_about_the_token =
            matches!(answer.status(), StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED);
        let whole = match understood(answer).await {
            Err(GatewayError::Refused { .. }) if is_about_the_token => return Ok(None),
            outcome => outcome?,
        };
        if !whole.is_object() {
            return Err(wire::nonsense(VENDOR));
        }
        Ok(Some(FacebookProfile {
            id: id(&whole["id"]),
            name: whole["name"].as_str().map(str::to_owned),
            picture: whole["picture"]["data"]["url"].as_str().map(str::to_owned),
            whole,
        }))
    }

    /// What Facebook knows of the token of a user.
    ///
    /// # Errors
    /// [`GatewayError`]; a token that is not good is none.
    pub async fn inspect(&self, user_token: &str) -> Result<TokenFacts, GatewayError> {
        let request = self.http.get(format!("{}/debug_token", self.base));
        let request = request.query(&[("input_token", user_token), ("access_token", &self.app_token)]);
        let whole = understood(wire::send(VENDOR, request).await?).await?;
        let facts = &whole["data"];
        if !facts.is_object() {
            return Err(wire::nonsense(VENDOR));
        }
        Ok(TokenFacts {
            is_valid: facts["is_valid"] == true,
            app_id: id(&facts["app_id"]),
            user_id: id(&facts["user_id"]),
            expires_at: facts["expires_at"].as_i64(),
        })
    }
}

/// The JSON of a good answer; otherwise what kind of failure it is.
async fn understood(answer: Response) -> Result<Value, GatewayError> {
    let status = answer.status();
    let body = wire::json(VENDOR, answer).await;
    if status.is_success() {
        return body;
    }
    Err(match body {
        Ok(body) if passes(&body["error"]) => GatewayError::Busy { vendor: VENDOR },
        _ => wire::failure(VENDOR, status),
    })
}

fn passes(error: &Value) -> bool {
    error["is_transient"] == true || error["code"].as_i64().is_some_and(|code| PASSING.contains(&code))
}

/// A header with a user token; no token has blanks, controls or letters beyond ASCII.
fn bearer(user_token: &str) -> Option<HeaderValue> {
    if user_token.is_empty() || !user_token.chars().all(|c| c.is_ascii_graphic()) {
        return None;
    }
    let mut header = HeaderValue::from_str(&format!("Bearer {user_token}")).ok()?;
    header.set_sensitive(true);
    Some(header)
}

/// An id, which comes as a text or as a number.
fn id(value: &Value) -> Option<String> {
    match value {
        Value::String(id) if !id.is_empty() => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
