use std::sync::Mutex;

use axum::{
    Router,
    body::Body,
    http::Request,
    response::{IntoResponse, Redirect},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;
use crate::testing::{NOBODY, Vendor, silent};

const SHORT: Duration = Duration::from_millis(300);
const CALENDAR: &str = "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n";
/// Where this process may read in the tests that refuse other addresses of this machine.
const HERE: &str = "127.0.0.1";

/// A server whose answers `answer` makes.
async fn server<R: IntoResponse + 'static>(
    answer: impl Fn(Request<Body>) -> R + Clone + Send + Sync + 'static,
) -> String {
    let listener = TcpListener::bind((HERE, 0)).await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(move |request: Request<Body>| {
        let answer = answer.clone();
        async move { answer(request).into_response() }
    });
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    base
}

/// A server that says `beginning` to whoever asks and then `more` for ever.
async fn endless(beginning: &'static str, more: &'static [u8]) -> String {
    let listener = TcpListener::bind((HERE, 0)).await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert_ne!(stream.read(&mut [0; 4_096]).await.unwrap(), 0);
        stream.write_all(beginning.as_bytes()).await.unwrap();
        while stream.write_all(more).await.is_ok() {}
    });
    base
}

async fn fetch(url: &str) -> Result<Fetched, FeedError> {
    FeedFetcher::anywhere().fetch(url, None, None).await
}

#[tokio::test]
async fn a_calendar_comes_with_its_validators() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let base = server(move |request| {
        log.lock().unwrap().push(request.headers().clone());
        if request.headers().get(IF_NONE_MATCH).is_some_and(|tag| tag == "W/\"7\"") {
            return StatusCode::NOT_MODIFIED.into_response();
        }
        let headers = [(ETAG, "W/\"7\""), (LAST_MODIFIED, "Mon, 30 Nov 2026 10:00:00 GMT")];
        (headers, CALENDAR).into_response()
    })
    .await;
    let fetcher = FeedFetcher::anywhere();
    let first = fetcher.fetch(&format!("{base}/secret.ics?s=secret"), None, None).await.unwrap();
    let Fetched::Body { bytes, etag, last_modified } = first.clone() else { panic!("{first:?}") };
    assert_eq!(bytes, CALENDAR.as_bytes());
    assert_eq!(etag.as_deref(), Some("W/\"7\""));
    assert_eq!(last_modified.as_deref(), Some("Mon, 30 Nov 2026 10:00:00 GMT"));

    let again = fetcher.fetch(&base, etag.as_deref(), last_modified.as_deref()).await.unwrap();
    assert_eq!(again, Fetched::NotModified);
    let other = fetcher.fetch(&base, Some("\"8\""), None).await.unwrap();
    assert_eq!(other, first);

    let seen = seen.lock().unwrap();
    assert!(!seen[0].contains_key(IF_NONE_MATCH) && !seen[0].contains_key(IF_MODIFIED_SINCE));
    assert_eq!(seen[1][IF_MODIFIED_SINCE], "Mon, 30 Nov 2026 10:00:00 GMT");
    assert_eq!(seen[1]["user-agent"], AGENT);
}

#[tokio::test]
async fn validators_that_no_header_can_carry_are_left_out() {
    let base = server(|request| {
        assert!(!request.headers().contains_key(IF_NONE_MATCH));
        ([(ETAG, "x".repeat(LONGEST_VALIDATOR + 1))], CALENDAR)
    })
    .await;
    let fetched = FeedFetcher::anywhere().fetch(&base, Some("a\nb"), Some("")).await.unwrap();
    assert!(matches!(fetched, Fetched::Body { etag: None, last_modified: None, .. }));
}

#[tokio::test]
async fn statuses_say_whether_to_try_again() {
    for (status, expected) in [
        (201, FeedError::Refused(201)),
        (304, FeedError::Refused(304)),
        (401, FeedError::Refused(401)),
        (404, FeedError::Refused(404)),
        (410, FeedError::Refused(410)),
        (429, FeedError::Busy(429)),
        (500, FeedError::Busy(500)),
        (503, FeedError::Busy(503)),
    ] {
        let vendor = Vendor::start([(status, "")]).await;
        assert_eq!(fetch(&vendor.base).await, Err(expected), "{status}");
    }
}

#[tokio::test]
async fn nobody_and_silence_are_told_apart() {
    assert_eq!(fetch(&format!("{NOBODY}/secret")).await, Err(FeedError::Unreachable));
    for beginning in ["", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nBEGIN"] {
        let address = silent(beginning).await;
        let fetcher = FeedFetcher::anywhere().with_timeout(SHORT);
        assert_eq!(fetcher.fetch(&address, None, None).await, Err(FeedError::Slow), "{beginning}");
    }
}

#[tokio::test]
async fn what_is_cut_off_is_no_calendar() {
    let vendor = Vendor::start([(200, CALENDAR)]).await;
    assert!(fetch(&vendor.base).await.is_ok());
    let listener = TcpListener::bind((HERE, 0)).await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert_ne!(stream.read(&mut [0; 4_096]).await.unwrap(), 0);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nBEGIN").await.unwrap();
    });
    assert_eq!(fetch(&base).await, Err(FeedError::Unreachable));
}

#[tokio::test]
async fn no_more_than_the_bound_is_read() {
    let exactly = Vendor::start([(200, "x".repeat(LARGEST))]).await;
    assert_eq!(format!("{:?}", fetch(&exactly.base).await.unwrap()), "Body(2000000 bytes)");
    let vendor = Vendor::start([(200, "x".repeat(LARGEST + 1))]).await;
    assert_eq!(fetch(&vendor.base).await, Err(FeedError::TooLarge));
    // It says that it is large: nothing is waited for.
    let address = silent("HTTP/1.1 200 OK\r\ncontent-length: 2000001\r\n\r\n").await;
    assert_eq!(fetch(&address).await, Err(FeedError::TooLarge));
    // It does not say, and does not end.
    let address = endless("HTTP/1.1 200 OK\r\n\r\n", &[b'x'; 4_096]).await;
    assert_eq!(fetch(&address).await, Err(FeedError::TooLarge));
    let address = endless(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        b"40\r\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n",
    )
    .await;
    assert_eq!(fetch(&address).await, Err(FeedError::TooLarge));
}

#[tokio::test]
async fn redirects_are_followed_a_few_times() {
    let base = server(|request| match request.uri().path() {
        "/3" => Redirect::temporary("/2").into_response(),
        "/2" => Redirect::to("1").into_response(),
        "/1" => Redirect::permanent("/0?x").into_response(),
        "/0" => CALENDAR.into_response(),
        "/ftp" => Redirect::to("ftp://127.0.0.1/").into_response(),
        "/nowhere" => StatusCode::FOUND.into_response(),
        _ => Redirect::to("/3").into_response(),
    })
    .await;
    assert!(matches!(fetch(&format!("{base}/3")).await, Ok(Fetched::Body { .. })));
    assert_eq!(fetch(&format!("{base}/4")).await, Err(FeedError::Redirects));
    assert_eq!(fetch(&format!("{base}/ftp")).await, Err(FeedError::Address));
    assert_eq!(fetch(&format!("{base}/nowhere")).await, Err(FeedError::Refused(302)));
}

#[tokio::test]
async fn every_redirect_is_checked_anew() {
    let base = server(|request| match request.uri().path() {
        "/direct" => CALENDAR.into_response(),
        path => Redirect::to(&format!("http:/{path}")).into_response(),
    })
    .await;
    let port = base.rsplit_once(':').unwrap().1.to_owned();
    let only_here = FeedFetcher::new(|ip| ip.to_string() == HERE, true);
    let fetch = async |path: &str| only_here.fetch(&format!("{base}/{path}"), None, None).await;
    assert!(matches!(fetch("direct").await, Ok(Fetched::Body { .. })));
    assert!(matches!(fetch(&format!("{HERE}:{port}/direct")).await, Ok(Fetched::Body { .. })));
    for elsewhere in ["127.0.0.2", "0.0.0.0", "2130706434", "127.2", "[::ffff:127.0.0.1]", "[::1]"] {
        let outcome = fetch(&format!("{elsewhere}:{port}/direct")).await;
        assert_eq!(outcome, Err(FeedError::Private), "{elsewhere}");
    }
}

#[tokio::test]
async fn names_are_looked_up_and_checked() {
    let base = server(|_| CALENDAR).await;
    let named = base.replace(HERE, "localhost");
    assert!(matches!(fetch(&named).await, Ok(Fetched::Body { .. })));
    let none = FeedFetcher::new(|_| false, true);
    assert_eq!(none.fetch(&named, None, None).await, Err(FeedError::Private));
}

#[tokio::test]
async fn private_addresses_are_refused_however_they_are_written() {
    let public = FeedFetcher::public();
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0",
        "0.0.0.0",
        "10.0.0.1",
        "169.254.169.254",
        "user:secret@192.168.1.1",
        "[::]",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::a00:1]",
        "[fe80::1]",
        "１２７.０.０.１",
        "localhost",
        "LOCALHOST",
    ] {
        for url in [format!("http://{host}/secret"), format!("https://{host}:443/secret")] {
            let outcome = public.fetch(&url, None, None).await;
            assert_eq!(outcome, Err(FeedError::Private), "{url}");
        }
    }
}

#[tokio::test]
async fn other_schemes_and_ports_are_refused() {
    let public = FeedFetcher::public();
    for url in [
        "",
        "secret",
        "//example.com/",
        "file:///etc/passwd",
        "ftp://example.com/",
        "webcal://example.com/",
        "data:text/calendar,BEGIN",
        "http://",
        "http://example.com:22/",
        "https://example.com:8443/",
        "http://1.1.1.1:6379/",
        "https://exa mple.com/",
    ] {
        assert_eq!(public.fetch(url, None, None).await, Err(FeedError::Address), "{url}");
    }
}

#[tokio::test]
async fn redirects_do_not_lead_out_of_encryption() {
    let answer = || {
        let answer =
            axum::http::Response::builder().header(LOCATION, "http://example.com/").body("").unwrap();
        Response::from(answer)
    };
    assert!(next(&"https://example.com/".parse().unwrap(), &answer()).is_none());
    assert!(next(&"http://example.com/".parse().unwrap(), &answer()).is_some());
}

#[test]
fn nothing_shows_addresses_or_guests() {
    let body =
        Fetched::Body { bytes: b"secret".to_vec(), etag: Some("secret".to_owned()), last_modified: None };
    assert_eq!(format!("{body:?} {:?}", FeedFetcher::public()), "Body(6 bytes) FeedFetcher(…)");
}
