//! Fetching the calendars of other platforms over HTTP, without trusting their addresses.
//!
//! Staff enter an address and our machine goes there: it must not become a way into the network it stands in. So every
//! address that a name leads to is checked before anything is sent, on each redirect anew, and connections go to the
//! checked addresses only.

mod address;

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use reqwest::{
    RequestBuilder, Response, StatusCode, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{
        ACCEPT, ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
        LOCATION,
    },
    redirect::Policy,
};

use address::is_public;

/// For all hops together, the body included.
const PATIENCE: Duration = Duration::from_secs(15);
/// Most of a calendar that is read, in bytes.
const LARGEST: usize = 2_000_000;
/// Most redirects that are followed.
const MOST_HOPS: usize = 3;
/// Longest validator that is kept, in bytes.
const LONGEST_VALIDATOR: usize = 1_000;
/// Some platforms refuse callers without a name.
const AGENT: &str = "casa-austin-calendar/1.0";

/// What a platform answered.
#[derive(Clone, PartialEq, Eq)]
pub enum Fetched {
    /// Nothing has changed since the answer with the validators that were sent.
    NotModified,
    /// The calendar as it is now.
    Body {
        /// As sent; not checked yet. It may name guests.
        bytes: Vec<u8>,
        /// To send along next time.
        etag: Option<String>,
        /// To send along next time.
        last_modified: Option<String>,
    },
}

impl std::fmt::Debug for Fetched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotModified => f.write_str("NotModified"),
            Self::Body { bytes, .. } => write!(f, "Body({} bytes)", bytes.len()),
        }
    }
}

/// A calendar could not be fetched. The texts are for staff and never name the address, which is a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FeedError {
    /// It is no address of the web, or not on the web's own ports.
    #[error("La dirección del calendario no es válida.")]
    Address,
    /// It leads into a private network.
    #[error("La dirección del calendario no es pública.")]
    Private,
    /// Nobody answers there: try again later.
    #[error("No se pudo conectar con el servidor del calendario.")]
    Unreachable,
    /// The answer took too long: try again later.
    #[error("El servidor del calendario tardó demasiado.")]
    Slow,
    /// The server asks to slow down or has trouble: try again later.
    #[error("El servidor del calendario no está disponible (estado {0}).")]
    Busy(u16),
    /// The server refuses, and would refuse the same again.
    #[error("El servidor del calendario rechazó la consulta (estado {0}).")]
    Refused(u16),
    /// It is larger than any calendar of a house.
    #[error("El calendario es demasiado grande.")]
    TooLarge,
    /// It leads on and on, or out of encryption.
    #[error("El servidor del calendario redirige a donde no se puede seguir.")]
    Redirects,
}

/// Whether an address may be connected to.
type Allows = fn(IpAddr) -> bool;

/// Fetches calendars.
#[derive(Clone)]
pub struct FeedFetcher {
    http: Option<reqwest::Client>,
    allows: Allows,
    /// Not only those of the web.
    any_port: bool,
    patience: Duration,
}

impl std::fmt::Debug for FeedFetcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FeedFetcher(…)")
    }
}

impl FeedFetcher {
    /// For the deployed system: public addresses on ports 80 and 443 only.
    pub fn public() -> Self {
        Self::new(is_public, false)
    }

    /// For one machine and for tests: any address and port.
    pub fn anywhere() -> Self {
        Self::new(|_| true, true)
    }

    fn new(allows: Allows, any_port: bool) -> Self {
        // A proxy would look the name up once more, unchecked.
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .timeout(PATIENCE)
            .redirect(Policy::none())
            .no_proxy()
            .user_agent(AGENT)
            .dns_resolver(Arc::new(Resolver { allows }));
        // Without its settings a client would go anywhere: rather none.
        Self { http: http.build().ok(), allows, any_port, patience: PATIENCE }
    }

    #[cfg(test)]
    fn with_timeout(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Fetches the calendar at `url`. With the validators of an earlier answer the server need not send it again.
    ///
    /// # Errors
    /// [`FeedError`].
    pub async fn fetch(
        &self,
        url: &str,
        etag: Option<&str>,
        last_modified: Option<&str>,
    ) -> Result<Fetched, FeedError> {
        let mut validators = HeaderMap::new();
        add(&mut validators, IF_NONE_MATCH, etag);
        add(&mut validators, IF_MODIFIED_SINCE, last_modified);
        let http = self.http.as_ref().ok_or(FeedError::Unreachable)?;
        let end = Instant::now() + self.patience;
        let mut address = self.checked(Url::parse(url.trim()).map_err(|_| FeedError::Address)?)?;
        for _ in 0..=MOST_HOPS {
            let request = http.get(address.clone()).headers(validators.clone());
            let request = request.header(ACCEPT, "text/calendar, */*;q=0.5");
            let answer = send(request.timeout(end.saturating_duration_since(Instant::now()))).await?;
            match answer.status() {
                StatusCode::OK => return body(answer).await,
                StatusCode::NOT_MODIFIED if !validators.is_empty() => return Ok(Fetched::NotModified),
                status if status.is_redirection() && answer.headers().contains_key(LOCATION) => {
                    address = self.checked(next(&address, &answer).ok_or(FeedError::Redirects)?)?;
                }
                status => return Err(failure(status)),
            }
        }
        Err(FeedError::Redirects)
    }

    /// The address, if one may go there as far as it shows; what a name leads to is for the resolver.
    fn checked(&self, address: Url) -> Result<Url, FeedError> {
        let host = address.host_str().filter(|_| matches!(address.scheme(), "http" | "https"));
        let host = host.ok_or(FeedError::Address)?;
        // The parser has turned all ways to write a number as an address into the usual one.
        let ip = host.trim_matches(['[', ']']).parse::<IpAddr>();
        if ip.is_ok_and(|ip| !(self.allows)(ip)) {
            return Err(FeedError::Private);
        }
        if !self.any_port && !matches!(address.port_or_known_default(), Some(80 | 443)) {
            return Err(FeedError::Address);
        }
        Ok(address)
    }
}

/// Adds a validator, if a header can carry it.
fn add(headers: &mut HeaderMap, name: HeaderName, value: Option<&str>) {
    if let Some(value) =
        value.and_then(|value| HeaderValue::from_str(value).ok()).filter(|value| !value.is_empty())
    {
        headers.insert(name, value);
    }
}

async fn send(request: RequestBuilder) -> Result<Response, FeedError> {
    request.send().await.map_err(|error| trouble(&error))
}

fn trouble(error: &reqwest::Error) -> FeedError {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(one) = cause {
        if one.is::<NotPublic>() {
            return FeedError::Private;
        }
        cause = one.source();
    }
    if error.is_builder() {
        FeedError::Address
    } else if error.is_timeout() {
        FeedError::Slow
    } else {
        FeedError::Unreachable
    }
}

fn failure(status: StatusCode) -> FeedError {
    if status.is_server_error()
        || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT)
    {
        FeedError::Busy(status.as_u16())
    } else {
        FeedError::Refused(status.as_u16())
    }
}

/// Where a redirect leads, unless it leads out of encryption.
fn next(address: &Url, answer: &Response) -> Option<Url> {
    let to = address.join(answer.headers().get(LOCATION)?.to_str().ok()?).ok()?;
    (address.scheme() != "https" || to.scheme() == "https").then_some(to)
}

/// Reads a body within its bound, whether the server says how large it is or not.
async fn body(mut answer: Response) -> Result<Fetched, FeedError> {
    let most = u64::try_from(LARGEST).unwrap_or(u64::MAX);
    if answer.content_length().is_some_and(|length| length > most) {
        return Err(FeedError::TooLarge);
    }
    let validator = |name| {
        let value = answer.headers().get(name)?.to_str().ok()?;
        (value.len() <= LONGEST_VALIDATOR).then(|| value.to_owned())
    };
    let (etag, last_modified) = (validator(ETAG), validator(LAST_MODIFIED));
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| trouble(&error))? {
        if bytes.len() + chunk.len() > LARGEST {
            return Err(FeedError::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Fetched::Body { bytes, etag, last_modified })
}

/// Looks names up. One that leads to an address that is not allowed, even among others, leads nowhere.
struct Resolver {
    allows: Allows,
}

/// A name leads into a private network.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to an address that is not public")]
struct NotPublic;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allows = self.allows;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if found.iter().all(|address| allows(address.ip())) {
                Ok(Box::new(found.into_iter()) as Addrs)
            } else {
                Err(NotPublic.into())
            }
        })
    }
}

#[cfg(test)]
mod tests;
