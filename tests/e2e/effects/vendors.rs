//! Stand-ins for Telegram, WhatsApp, Meta and the chatbot platform on one port. Written on bare sockets, because they must be able to take a
//! call and hang up without a word.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

pub const TELEGRAM: &str = "telegram";
pub const WHATSAPP: &str = "whatsapp";
pub const META: &str = "meta";
pub const CHATBOT: &str = "chatbot";
/// Those who hear of a new guest.
pub const ALL: [&str; 3] = [TELEGRAM, WHATSAPP, META];

/// What a vendor does with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It answers with this status.
    Status(u16),
    /// Something else answers in its place: a page, with status 200.
    Page,
    /// It takes the call and answers that all is well, after anybody stopped waiting.
    Late,
    /// It takes its time, and all is well.
    Slow,
    /// It takes the call and hangs up.
    Dropped,
}

/// A call as it arrived.
#[derive(Clone, Debug)]
pub struct Call {
    pub vendor: String,
    pub method: String,
    /// Below the vendor's address, without the query.
    pub path: String,
    pub query: String,
    headers: Vec<(String, String)>,
    /// What is sent as JSON.
    pub body: Value,
    /// What is sent, whatever it is.
    pub raw: Vec<u8>,
    /// What went wrong with it.
    pub fault: Option<Fault>,
}

impl Call {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The text of a notice.
    pub fn text(&self) -> &str {
        self.body["text"].as_str().unwrap_or_default()
    }
}

#[derive(Debug, Default)]
struct Inner {
    calls: Vec<Call>,
    /// What happens to the next calls of a vendor.
    coming: VecDeque<(&'static str, Fault)>,
    /// What happens to every call, until it is taken back.
    lasting: Option<Fault>,
}

#[derive(Clone, Debug, Default)]
pub struct Vendors {
    inner: Arc<Mutex<Inner>>,
    address: String,
}

impl Vendors {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let vendors = Self { address, ..Self::default() };
        let serving = vendors.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let vendors = serving.clone();
                tokio::spawn(async move { vendors.serve(stream).await });
            }
        });
        vendors
    }

    /// Settings that lead to these vendors. The chats are called by what they are for.
    pub fn settings(&self) -> Vec<(String, String)> {
        let at = |vendor: &str| format!("{}/{vendor}", self.address);
        [
            ("TELEGRAM_API_URL", at(TELEGRAM)),
            ("TELEGRAM_BOT_TOKEN", "bot-secret".to_owned()),
            ("CHAT_ID", "main".to_owned()),
            ("SECOND_CHAT_ID", "arrivals".to_owned()),
            ("PERSONAL_CHAT_ID", "operations".to_owned()),
            ("CLIENTS_CHAT_ID", "clients".to_owned()),
            ("WHATSAPP_GRAPH_URL", at(WHATSAPP)),
            ("WHATSAPP_ACCESS_TOKEN", "whatsapp-secret".to_owned()),
            ("WHATSAPP_PHONE_NUMBER_ID", "1234".to_owned()),
            ("WHATSAPP_OTP_TEMPLATE_NAME", "codigo".to_owned()),
            ("META_GRAPH_URL", at(META)),
            ("META_AUDIENCE_ID", "5678".to_owned()),
            ("META_AUDIENCE_TOKEN", "meta-secret".to_owned()),
            ("META_PIXEL_ID", "9876".to_owned()),
            ("META_PIXEL_TOKEN", "pixel-secret".to_owned()),
            ("CHATBOT_BUILDER_URL", at(CHATBOT)),
            ("CHATBOT_BUILDER_ACCESS_TOKEN", "chatbot-secret".to_owned()),
            ("CHATBOT_PAYMENT_FLOW_ID", "pagado".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }

    /// The next calls of a vendor meet these faults, in this order.
    pub fn will(&self, vendor: &'static str, faults: &[Fault]) {
        self.inner.lock().unwrap().coming.extend(faults.iter().map(|fault| (vendor, *fault)));
    }

    /// Every call of every vendor meets this, from now on.
    pub fn always(&self, fault: Option<Fault>) {
        self.inner.lock().unwrap().lasting = fault;
    }

    /// The calls of a vendor so far.
    pub fn calls(&self, vendor: &str) -> Vec<Call> {
        self.inner.lock().unwrap().calls.iter().filter(|call| call.vendor == vendor).cloned().collect()
    }

    /// Forgets the calls so far.
    pub fn forget(&self) {
        self.inner.lock().unwrap().calls.clear();
    }

    /// Waits until a vendor has had as many calls.
    pub async fn wait(&self, vendor: &str, calls: usize) {
        for _ in 0..1500 {
            if self.calls(vendor).len() >= calls {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{vendor} waited in vain for call {calls}");
    }

    async fn serve(&self, mut stream: TcpStream) {
        // A caller that goes away in the middle is no call.
        let Some(mut call) = read(&mut stream).await else { return };
        let fault = {
            let mut inner = self.inner.lock().unwrap();
            let next = inner.coming.iter().position(|(vendor, _)| *vendor == call.vendor);
            let next = next.and_then(|at| inner.coming.remove(at)).map(|(_, fault)| fault);
            call.fault = next.or(inner.lasting);
            let fault = call.fault;
            inner.calls.push(call);
            fault
        };
        let well = r#"{"ok":true}"#;
        let (status, kind, text) = match fault {
            None => (200, "application/json", well),
            Some(Fault::Status(status)) => (status, "application/json", r#"{"ok":false}"#),
            Some(Fault::Page) => (200, "text/html", "<!doctype html><title>Entrar</title>"),
            Some(Fault::Dropped) => return,
            Some(Fault::Slow) => {
                tokio::time::sleep(Duration::from_millis(700)).await;
                (200, "application/json", well)
            }
            Some(Fault::Late) => {
                tokio::time::sleep(Duration::from_secs(15)).await;
                (200, "application/json", well)
            }
        };
        let answer = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{text}",
            text.len()
        );
        let _ = stream.write_all(answer.as_bytes()).await;
    }
}

async fn read(stream: &mut TcpStream) -> Option<Call> {
    let (mut bytes, mut part) = (Vec::new(), [0; 4096]);
    let head = loop {
        let length = stream.read(&mut part).await.ok().filter(|length| *length > 0)?;
        bytes.extend_from_slice(&part[..length]);
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
    };
    let text = String::from_utf8(bytes[..head].to_vec()).unwrap();
    let mut lines = text.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.map_or(0, |(_, length)| length.parse().unwrap());
    while bytes.len() < head + 4 + length {
        let more = stream.read(&mut part).await.ok().filter(|more| *more > 0)?;
        bytes.extend_from_slice(&part[..more]);
    }
    let raw = bytes.split_off(head + 4);
    let body = serde_json::from_slice(&raw).unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let (vendor, path) = path.trim_start_matches('/').split_once('/')?;
    let (vendor, path, query) = (vendor.to_owned(), format!("/{path}"), query.to_owned());
    Some(Call { vendor, method, path, query, headers, body, raw, fault: None })
}
