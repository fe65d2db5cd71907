//! Uploads beyond all measure are refused early: the server neither reads nor keeps them.

#![allow(clippy::unwrap_used)] // a test ends where it cannot go on

use std::time::{Duration, Instant};

use casa_tests::{Casa, replay::Set};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// What the server and the network between may take of a body before it is refused: the limit of 21 MB and buffers.
const BOUND: usize = 48 * 1024 * 1024;
/// How long an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

const FORM: &str = "Content-Type: multipart/form-data; boundary=cut";

struct Setting {
    casa: Casa,
    token: String,
    reservation: String,
}

impl Setting {
    async fn new() -> Self {
        let set = Set::compact();
        let casa = set.start();
        let (email, password) = set.staff("vendedor1");
        let token = casa.sign_in(email, password).await;
        let reservation = set.reservation();
        Self { casa, token, reservation }
    }

    /// A connection on which the head of an upload has been sent.
    async fn begin(&self, method: &str, path: &str, headers: &str) -> TcpStream {
        let address = self.casa.base.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        let token = &self.token;
        let head = format!(
            "{method} /api/v1/{path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
             {headers}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream
    }

    fn targets(&self) -> [(&'static str, String); 4] {
        [
            ("POST", "reservations/".to_owned()),
            ("PATCH", format!("reservations/{}/", self.reservation)),
            ("POST", "photos/upload_photo/".to_owned()),
            ("POST", "login/".to_owned()),
        ]
    }

    async fn still_answers(&self) {
        let answer = reqwest::get(self.casa.url("property/")).await.unwrap();
        assert_eq!(answer.status(), 200);
    }
}

/// The answer to the end of the connection; what arrived when the server cut it.
async fn answer(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut text = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = timeout(PATIENCE, stream.read(&mut buffer)).await.unwrap() {
        text.extend(&buffer[..read]);
    }
    String::from_utf8(text).unwrap()
}

/// Demands a 413 with a body that is JSON.
fn is_refusal(what: &str, text: &str) {
    assert!(text.starts_with("HTTP/1.1 413 "), "{what}: {text}");
    let (_, body) = text.split_once("\r\n\r\n").unwrap();
    let body: Value = serde_json::from_str(body).unwrap();
    assert!(body["detail"].is_string(), "{what}: {text}");
}

#[tokio::test]
async fn two_announced_gigabytes_are_not_read() {
    let setting = Setting::new().await;
    for (method, path) in setting.targets() {
        for expect in ["", "\r\nExpect: 100-continue"] {
            let what = format!("{method} {path}{expect}");
            let headers = format!("{FORM}\r\nContent-Length: 2147483648{expect}");
            let begun = Instant::now();
            // Not one byte of the body is sent: who waits for it would wait for ever.
            let mut stream = setting.begin(method, &path, &headers).await;
            is_refusal(&what, &answer(&mut stream).await);
            assert!(begun.elapsed() < PATIENCE, "{what}");
        }
    }
    setting.still_answers().await;
}

#[tokio::test]
async fn a_stream_without_end_is_cut() {
    let setting = Setting::new().await;
    let head = b"--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\r\n";
    for (method, path) in setting.targets() {
        for (kind, start) in [(FORM, &head[..]), ("Content-Type: application/x-www-form-urlencoded", b"a=")] {
            let what = format!("{method} {path}, {kind}");
            let headers = format!("{kind}\r\nTransfer-Encoding: chunked");
            let stream = setting.begin(method, &path, &headers).await;
            let (mut reading, mut writing) = stream.into_split();
            let start = start.to_vec();
            let flood = tokio::spawn(async move {
                let part = [b"10000\r\n", &[b'x'; 0x10000][..], b"\r\n"].concat();
                let first = [format!("{:x}\r\n", start.len()).as_bytes(), &start, b"\r\n"].concat();
                let mut sent = 0;
                if writing.write_all(&first).await.is_ok() {
                    // Twice the bound would be taken from a server that reads on.
                    while sent < 2 * BOUND && writing.write_all(&part).await.is_ok() {
                        sent += part.len();
                    }
                }
                sent
            });
            let text = answer(&mut reading).await;
            let sent = timeout(PATIENCE, flood).await.unwrap().unwrap();
            is_refusal(&what, &text);
            assert!(sent < BOUND, "{what}: the server took {sent} bytes");
        }
    }
    setting.still_answers().await;
}
