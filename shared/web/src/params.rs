//! What a request says outside its body: query parameters, ids in paths, the address it was sent to and from.

use std::{convert::Infallible, str::FromStr};

use axum::extract::{FromRequestParts, Path};
use http::{header, request::Parts};

use crate::{ApiError, error};

/// Query parameters; of a repeated one the last counts, and an empty one counts as absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// The parameters of a query string; undecodable ones are dropped.
    pub fn parse(query: &str) -> Self {
        Self(serde_urlencoded::from_str(query).unwrap_or_default())
    }

    /// The parameter's text, unless absent or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .filter(|text| !text.is_empty())
    }

    /// Whether there is no parameter at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the parameter is given at all.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// The same parameters, sorted by name, with `page` replaced or (for `None`) left out: the links of a page.
    pub(crate) fn with_page(&self, page: Option<u64>) -> String {
        let mut pairs: Vec<_> = self.0.iter().filter(|(key, _)| key != "page").cloned().collect();
        pairs.extend(page.map(|page| ("page".to_owned(), page.to_string())));
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
        serde_urlencoded::to_string(pairs).unwrap_or_default()
    }

    /// The parameters as one text, for keys of caches.
    pub fn canonical(&self) -> String {
        self.with_page(self.get("page").and_then(|page| page.parse().ok()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default()))
    }
}

/// An id in the path; a malformed one is a 404 like an unknown one (decision 15).
#[derive(Clone, Copy, Debug)]
pub struct IdPath<T>(pub T);

impl<S: Send + Sync, T: FromStr> FromRequestParts<S> for IdPath<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path(text) =
            Path::<String>::from_request_parts(parts, state).await.map_err(|_| error::not_found())?;
        text.parse().map(Self).map_err(|_| error::not_found())
    }
}

/// Scheme and host under which the request reached us, as clients know them (`https://api.example`), without a slash
/// at the end. Honours the forwarded scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(pub String);

impl<S: Send + Sync> FromRequestParts<S> for BaseUrl {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let scheme = match header("x-forwarded-proto").or(parts.uri.scheme_str()) {
            Some("https") => "https",
            _ => "http",
        };
        let host = header(header::HOST.as_str())
            .or_else(|| parts.uri.authority().map(http::uri::Authority::as_str))
            .filter(|host| host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte)))
            .unwrap_or("localhost");
        Ok(Self(format!("{scheme}://{host}")))
    }
}

/// The address the request came from, as the gateway (or the local server) saw it; empty when unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteAddress(pub String);

impl<S: Send + Sync> FromRequestParts<S> for RemoteAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        use lambda_http::request::RequestContext;
        let gateway = parts.extensions.get::<RequestContext>().and_then(|context| match context {
            RequestContext::ApiGatewayV2(context) => context.http.source_ip.clone(),
            #[allow(unreachable_patterns)]
            _ => None,
        });
        let local = || {
            parts
                .extensions
                .get::<axum::extract::ConnectInfo<std::net::SocketAddr>>()
                .map(|info| info.0.ip().to_string())
        };
        Ok(Self(gateway.or_else(local).unwrap_or_default()))
    }
}
