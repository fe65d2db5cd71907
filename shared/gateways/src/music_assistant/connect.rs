//! How a connection comes about (contract 07 §6.1, §6.2, §6.4).

use std::{path::Path, sync::Arc, time::Duration};

use futures_util::StreamExt;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use rustls_platform_verifier::BuilderVerifierExt;
use serde::Deserialize;
use serde_json::json;
use tokio::{net::TcpStream, sync::mpsc, time::timeout};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::{
    client_async_with_config,
    tungstenite::{self, Message, protocol::WebSocketConfig},
};

use super::{
    ConnectError, Connection, Error, Events, ServerInfo, Settings, SettingsError,
    connection::Shared,
    error::code,
    events::Inbox,
    frame::{self, Hello, Incoming},
    image::Gallery,
    objects::wire::Scalar,
    socket::{Carrier, Socket, Task},
};

/// The newest schema this client was written for.
pub const NEWEST_SCHEMA: u32 = 98;
/// Since which schema the server wants to know who we are.
const TOKENS: u32 = 28;
/// Longest message that is read, in bytes. 500 items of a queue are some 2 MB.
const LONGEST_MESSAGE: usize = 32 << 20;
/// The socket's buffers, in bytes: one is filled at once, and messages are small.
const BUFFER: usize = 16 << 10;

/// Reaches the server, understands it and, where it asks for it, shows the token. Each of these may take
/// [`Settings::handshake`]. The events begin with the connection, so that what changes while the state is loaded is not
/// missed.
///
/// # Errors
/// [`ConnectError`].
pub async fn connect(settings: &Settings) -> Result<(Connection, Events), ConnectError> {
    let mut socket = in_time(settings.handshake, open(settings)).await?;
    let info = in_time(settings.handshake, greet(&mut socket)).await?;
    if info.min_supported_schema_version > NEWEST_SCHEMA {
        return Err(ConnectError::TooNew { min_supported: info.min_supported_schema_version });
    }
    let token = match &settings.token {
        _ if info.schema_version < TOKENS => None,
        None => return Err(ConnectError::TokenMissing),
        token => token.clone(),
    };
    let gallery = Gallery { base: settings.base().to_owned(), schema: info.schema_version };
    let shared = Arc::new(Shared::new(settings.in_flight));
    let inbox = Arc::new(Inbox::default());
    let (commands, receiver) = mpsc::channel(settings.in_flight.max(1));
    let task = Task {
        shared: Arc::clone(&shared),
        inbox: Arc::clone(&inbox),
        commands: receiver,
        gallery: gallery.clone(),
        ping_every: settings.ping_every,
    };
    tokio::spawn(task.run(socket));
    let connection = Connection::new(shared, commands, gallery, info);
    if let Some(token) = token {
        authenticate(&connection, token.reveal(), settings.handshake).await?;
    }
    Ok((connection, Events(inbox)))
}

async fn in_time<T>(
    patience: Duration,
    step: impl Future<Output = Result<T, ConnectError>>,
) -> Result<T, ConnectError> {
    timeout(patience, step).await.unwrap_or(Err(ConnectError::TimedOut))
}

async fn open(settings: &Settings) -> Result<Socket, ConnectError> {
    let url = settings.socket_url();
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let port = url.port_or_known_default().unwrap_or(80);
    let stream = TcpStream::connect((host, port)).await.map_err(unreachable)?;
    // Commands are small, and each is waited for.
    stream.set_nodelay(true).map_err(unreachable)?;
    let carrier: Box<dyn Carrier> = if url.scheme() == "wss" {
        let name = ServerName::try_from(host.to_owned()).map_err(unreachable)?;
        let connector = TlsConnector::from(Arc::new(tls(settings.ca.as_deref())?));
        Box::new(connector.connect(name, stream).await.map_err(unreachable)?)
    } else {
        Box::new(stream)
    };
    let bounds = WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(0)
        .max_message_size(Some(LONGEST_MESSAGE))
        .max_frame_size(Some(LONGEST_MESSAGE));
    match client_async_with_config(url.as_str(), carrier, Some(bounds)).await {
        Ok((socket, _)) => Ok(socket),
        Err(tungstenite::Error::Http(answer)) => {
            Err(ConnectError::Unreachable(format!("it answers with status {}", answer.status().as_u16())))
        }
        Err(error) => Err(unreachable(error)),
    }
}

/// The system's authorities or, where a file names others, only those: a house's own authority vouches for its server and
/// nobody else does.
fn tls(ca: Option<&Path>) -> Result<ClientConfig, ConnectError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(unreachable)?;
    let Some(ca) = ca else {
        return Ok(builder.with_platform_verifier().map_err(unreachable)?.with_no_client_auth());
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(ca).map_err(|_| SettingsError::Ca)? {
        roots.add(certificate.map_err(|_| SettingsError::Ca)?).map_err(|_| SettingsError::Ca)?;
    }
    if roots.is_empty() {
        return Err(SettingsError::Ca.into());
    }
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// The server speaks first.
async fn greet(socket: &mut Socket) -> Result<ServerInfo, ConnectError> {
    loop {
        let text = match socket.next().await {
            None | Some(Ok(Message::Close(_)) | Err(_)) => return Err(ConnectError::HungUp),
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(_)) => continue,
        };
        return match frame::read(&text) {
            Some(Incoming::Error { error: Error::Refused { code: code::SETUP_REQUIRED, .. }, .. }) => {
                Err(ConnectError::SetupRequired)
            }
            Some(Incoming::Hello(Hello { server_version, schema: Some(schema_version), min_supported })) => {
                let min_supported_schema_version = min_supported.unwrap_or(schema_version);
                Ok(ServerInfo { schema_version, min_supported_schema_version, server_version })
            }
            _ => Err(ConnectError::Unreadable),
        };
    }
}

async fn authenticate(connection: &Connection, token: &str, patience: Duration) -> Result<(), ConnectError> {
    #[derive(Deserialize)]
    struct Authenticated {
        #[serde(default)]
        authenticated: Scalar,
    }

    let answer = connection.ask("auth", Some(json!({ "token": token })), patience).await;
    let parts = answer.map_err(|error| match error {
        Error::Refused { code, .. } => ConnectError::TokenRefused { code },
        Error::TimedOut => ConnectError::TimedOut,
        _ => ConnectError::HungUp,
    })?;
    let result = parts.first().and_then(|part| frame::result(part));
    let result: Option<Authenticated> = result.and_then(|result| serde_json::from_str(result.get()).ok());
    match result.and_then(|result| result.authenticated.truth()) {
        Some(true) => Ok(()),
        Some(false) => Err(ConnectError::TokenRefused { code: code::AUTHENTICATION_FAILED }),
        None => Err(ConnectError::Unreadable),
    }
}

fn unreachable(error: impl std::fmt::Display) -> ConnectError {
    ConnectError::Unreachable(error.to_string())
}
