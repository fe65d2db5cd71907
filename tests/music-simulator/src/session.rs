//! One connection to a simulated server.

use std::{collections::HashSet, sync::Arc};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Map, Value, json};
use tokio::{
    net::TcpStream,
    sync::{broadcast, mpsc},
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async_with_config,
    tungstenite::{
        Message,
        handshake::server::{ErrorResponse, Request, Response},
        http::StatusCode,
        protocol::WebSocketConfig,
    },
};

use crate::{
    Executed, args,
    carrier::Carrier,
    faults::{self, Fault},
    hub::{Client, Hub, MOST_UNSENT},
    world::Done,
};

/// Items of a list from which on a result comes in parts, and how many each has.
const PART: usize = 500;
/// Since which schema a client must say who it is.
const TOKENS: u32 = 28;

/// What is known of the client.
struct Session {
    hub: Arc<Hub>,
    number: usize,
    outgoing: mpsc::Sender<Value>,
    known: bool,
    ids: HashSet<String>,
}

/// What to do after a frame.
#[derive(PartialEq, Eq)]
enum Next {
    GoOn,
    HangUp,
}

/// Serves a client until it goes, or is dropped.
pub(crate) async fn serve(hub: Arc<Hub>, stream: TcpStream, mut losses: broadcast::Receiver<()>) {
    let _ = stream.set_nodelay(true);
    tokio::select! {
        () = talk(hub, stream) => {}
        _ = losses.recv() => {}
    }
}

async fn talk(hub: Arc<Hub>, stream: TcpStream) {
    let path = hub.lock().world.options.path.clone();
    let carrier = Carrier { stream, hub: Arc::clone(&hub) };
    let Some(mut socket) = upgrade(carrier, path).await else { return };
    let (outgoing, mut waiting) = mpsc::channel(MOST_UNSENT);
    let (hello, setup, number) = {
        let mut inner = hub.lock();
        inner.connections += 1;
        (inner.world.hello(), inner.world.options.setup, inner.connections)
    };
    if setup {
        let text = json!({ "message_id": "connection", "error_code": 503, "details": "Setup required" });
        let _ = socket.send(Message::text(text.to_string())).await;
        let _ = socket.close(None).await;
        return;
    }
    if !send(&hub, &mut socket, &hello).await {
        return;
    }
    let mut session = Session { hub: Arc::clone(&hub), number, outgoing, known: false, ids: HashSet::new() };
    if hub.lock().world.schema() < TOKENS {
        session.welcome();
    }
    let mut frozen = hub.frozen.subscribe();
    loop {
        let is_frozen = *frozen.borrow_and_update();
        tokio::select! {
            biased;
            _ = frozen.changed() => {}
            message = waiting.recv() => match message {
                Some(message) if send(&hub, &mut socket, &message).await => {}
                _ => break,
            },
            message = socket.next(), if !is_frozen => match message {
                Some(Ok(Message::Text(text))) => if session.hear(&text) == Next::HangUp { break },
                // A frame that is no text belongs to no protocol; newer servers ignore it.
                Some(Ok(Message::Binary(_))) => session.violation("a frame that is no text".to_owned()),
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
            },
        }
    }
    hub.lock().clients.retain(|client| client.number != number);
}

// The type of the refusal is the library's.
#[allow(clippy::result_large_err)]
async fn upgrade(carrier: Carrier, path: String) -> Option<WebSocketStream<Carrier>> {
    let at_path = move |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
        if request.uri().path() == path {
            return Ok(response);
        }
        let mut refusal = ErrorResponse::new(None);
        *refusal.status_mut() = StatusCode::NOT_FOUND;
        Err(refusal)
    };
    let bounds = WebSocketConfig::default().write_buffer_size(0);
    accept_hdr_async_with_config(carrier, at_path, Some(bounds)).await.ok()
}

/// Whether it was sent; not, where the connection is to be lost instead.
async fn send(hub: &Hub, socket: &mut WebSocketStream<Carrier>, message: &Value) -> bool {
    {
        let mut inner = hub.lock();
        match &mut inner.frames_left {
            Some(0) => {
                inner.frames_left = None;
                return false;
            }
            Some(left) => *left -= 1,
            None => {}
        }
    }
    socket.send(Message::text(message.to_string())).await.is_ok()
}

impl Session {
    /// From now on it gets events.
    fn welcome(&mut self) {
        self.known = true;
        let client = Client { number: self.number, outgoing: self.outgoing.clone() };
        self.hub.lock().clients.push(client);
    }

    fn violation(&self, text: String) {
        self.hub.lock().violations.push(text);
    }

    /// Whether all could be told; a client for which too much waits is dropped.
    fn say(&self, messages: impl IntoIterator<Item = Value>) -> Next {
        let told = messages.into_iter().all(|message| self.outgoing.try_send(message).is_ok());
        if told { Next::GoOn } else { Next::HangUp }
    }

    fn hear(&mut self, text: &str) -> Next {
        let Ok(frame) = serde_json::from_str::<Value>(text) else {
            self.violation(format!("not JSON: {text}"));
            return Next::HangUp;
        };
        let (Some(id), Some(command)) = (frame["message_id"].as_str(), frame["command"].as_str()) else {
            self.violation(format!("no command: {text}"));
            return Next::HangUp;
        };
        let args = match &frame["args"] {
            Value::Null => Map::new(),
            Value::Object(args) => args.clone(),
            _ => {
                self.violation(format!("arguments that are no object: {text}"));
                return Next::HangUp;
            }
        };
        if !self.ids.insert(id.to_owned()) {
            self.violation(format!("an id twice: {text}"));
        }
        let hub = Arc::clone(&self.hub);
        let fault = {
            let mut inner = hub.lock();
            // Whoever looks at what was sent must not get to see a token.
            let shown = if command == "auth" { json!({ "command": "auth" }) } else { frame.clone() };
            inner.received.push(shown);
            if inner.stalled {
                return Next::GoOn;
            }
            faults::take(&mut inner.faults, command)
        };
        let id = if hub.lock().world.options.integer_ids {
            id.parse::<i64>().map_or(json!(id), Value::from)
        } else {
            json!(id)
        };
        match &fault {
            Some(Fault::DropBefore) => return Next::HangUp,
            Some(Fault::Refuse(code, words)) => {
                return self.say([args::refusal(&id, &(*code, words.clone()))]);
            }
            _ => {}
        }
        if command == "auth" && hub.lock().world.schema() >= TOKENS {
            return self.authenticate(&id, &args);
        }
        if !self.known && command != "info" {
            self.violation(format!("{command} before the token"));
            return self.say([args::refusal(&id, &(20, "Authentication required".to_owned()))]);
        }
        self.execute(&id, command, args, fault)
    }

    fn authenticate(&mut self, id: &Value, args: &Map<String, Value>) -> Next {
        let token = args.get("token").or_else(|| args.get("access_token")).and_then(Value::as_str);
        let expected = self.hub.lock().world.options.token.clone();
        let Some(token) = token.filter(|token| !token.is_empty()) else {
            return self.say([args::refusal(id, &(20, "token required in args".to_owned()))]);
        };
        if expected.as_deref() != Some(token) {
            return self.say([args::refusal(id, &(23, "Invalid or expired token".to_owned()))]);
        }
        let user = json!({
            "user_id": "casa", "username": "casa", "role": "guest", "enabled": true,
            "created_at": "2026-01-01T00:00:00+00:00", "display_name": "Casa", "avatar_url": null, "preferences": {},
            "provider_filter": [], "player_filter": [],
        });
        let result = json!({ "authenticated": true, "user": user });
        let next = self.say([json!({ "message_id": id, "result": result, "partial": false })]);
        self.welcome();
        next
    }

    fn execute(&self, id: &Value, command: &str, args: Map<String, Value>, fault: Option<Fault>) -> Next {
        let mut inner = self.hub.lock();
        if let Err(refusal) = args::check(command, &args) {
            inner.violations.push(format!("{command}: {}", refusal.1));
            drop(inner);
            return self.say([args::refusal(id, &refusal)]);
        }
        let done = match inner.world.execute(command, &args) {
            Ok(done) => done,
            Err(refusal) => {
                drop(inner);
                return self.say([args::refusal(id, &refusal)]);
            }
        };
        let Done { result, events, answer_first, player, ignored } = done;
        if !ignored {
            let args = Value::Object(args);
            let command = command.to_owned();
            let at = std::time::Instant::now();
            inner.executed.push(Executed { player, command, args, connection: self.number, at });
        }
        if fault == Some(Fault::DropAfter) {
            return Next::HangUp;
        }
        let answer = parts(id, result, inner.world.options.partial);
        let mut next = Next::GoOn;
        let answer = match fault {
            Some(Fault::NoAnswer) => Vec::new(),
            Some(Fault::Late(delay)) => {
                let outgoing = self.outgoing.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(delay).await;
                    for part in answer {
                        let _ = outgoing.send(part).await;
                    }
                });
                Vec::new()
            }
            _ => answer,
        };
        if answer_first {
            next = self.say(answer);
            inner.tell(&events);
        } else {
            inner.tell(&events);
            if self.say(answer) == Next::HangUp {
                next = Next::HangUp;
            }
        }
        next
    }
}

/// An answer, in parts where it is a long list and parts are wanted.
fn parts(id: &Value, result: Value, partial: bool) -> Vec<Value> {
    let frame =
        |result: Value, partial: bool| json!({ "message_id": id, "result": result, "partial": partial });
    match result {
        Value::Array(mut list) if partial && list.len() > PART => {
            let mut frames = Vec::new();
            while list.len() > PART {
                let rest = list.split_off(PART);
                frames.push(frame(list.into(), true));
                list = rest;
            }
            frames.push(frame(list.into(), false));
            frames
        }
        result => vec![frame(result, false)],
    }
}
