//! The AWS APIs of one machine: a table, a bucket store and queues, each on its own local port.

mod direct;
mod dynamodb;
mod s3;
mod sqs;

use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use aws_sdk_dynamodb::config::SharedHttpClient;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use self::direct::reach;
pub(crate) use self::sqs::ACCOUNT;

/// The region that local clients sign for.
pub const REGION: &str = "us-east-1";
/// The access key the local servers accept.
pub const ACCESS_KEY: &str = "casa";
/// The secret key the local servers accept. It protects nothing: the servers listen on this machine only.
pub const SECRET_KEY: &str = "casa-local-secret";

/// Why a local server could not start or went on no longer.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// A port is taken, or a folder cannot be written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The port of a server cannot be used.
    #[error("port {port} for {service} cannot be used: {source}")]
    Port {
        /// The server that wanted it.
        service: &'static str,
        /// The port.
        port: u16,
        /// What the operating system said.
        source: io::Error,
    },
    /// The table's file cannot be opened.
    #[error("the table cannot be opened: {0}")]
    Table(String),
    /// The folder of files cannot be served.
    #[error("the files cannot be served: {0}")]
    Files(String),
    /// The queues' file cannot be opened.
    #[error("the queues cannot be opened: {0}")]
    Queues(String),
}

/// Where the local data lives.
#[derive(Debug, Clone)]
pub enum Home {
    /// Nowhere: gone when the process ends.
    Memory,
    /// In a folder, which must exist: `table.sqlite3`, `files/`, `queues.sqlite3`.
    Folder(PathBuf),
}

/// The ports to listen on; 0 takes a free one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ports {
    /// For the DynamoDB API.
    pub dynamodb: u16,
    /// For the S3 API.
    pub s3: u16,
    /// For the SQS API.
    pub sqs: u16,
}

/// The addresses of the three APIs, such as `http://127.0.0.1:4566`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Endpoints {
    /// Of the DynamoDB API (streams included).
    pub dynamodb: String,
    /// Of the S3 API.
    pub s3: String,
    /// Of the SQS API.
    pub sqs: String,
}

impl Endpoints {
    /// Lines for a shell that make the AWS CLI, SDKs and `cargo lambda watch` use these servers.
    #[must_use]
    pub fn exports(&self) -> String {
        format!(
            "export AWS_ENDPOINT_URL_DYNAMODB={}\n\
             export AWS_ENDPOINT_URL_S3={}\n\
             export AWS_ENDPOINT_URL_SQS={}\n\
             export AWS_ACCESS_KEY_ID={ACCESS_KEY} AWS_SECRET_ACCESS_KEY={SECRET_KEY} AWS_REGION={REGION}\n\
             export CASA_MUSIC_QUEUE_URL={}/{}/{}",
            self.dynamodb,
            self.s3,
            self.sqs,
            self.sqs,
            ACCOUNT,
            crate::bridge::COMMANDS,
        )
    }
}

/// Servers that already run elsewhere and are used instead of own ones.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// A DynamoDB API.
    pub dynamodb: Option<String>,
    /// An S3 API.
    pub s3: Option<String>,
    /// An SQS API.
    pub sqs: Option<String>,
}

impl Given {
    /// What `AWS_ENDPOINT_URL_DYNAMODB`, `AWS_ENDPOINT_URL_S3` and `AWS_ENDPOINT_URL_SQS` say.
    #[must_use]
    pub fn from_env() -> Self {
        let read = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        Self {
            dynamodb: read("AWS_ENDPOINT_URL_DYNAMODB"),
            s3: read("AWS_ENDPOINT_URL_S3"),
            sqs: read("AWS_ENDPOINT_URL_SQS"),
        }
    }

    /// These, and for the others the servers of another process of this program.
    #[must_use]
    pub fn or(self, endpoints: Endpoints) -> Self {
        Self {
            dynamodb: self.dynamodb.or(Some(endpoints.dynamodb)),
            s3: self.s3.or(Some(endpoints.s3)),
            sqs: self.sqs.or(Some(endpoints.sqs)),
        }
    }

    /// Whether no server has to be started.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.dynamodb.is_some() && self.s3.is_some() && self.sqs.is_some()
    }
}

/// A signal that reaches every server of the process at once.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

/// Raises a [`Stop`]. Dropping it raises it too, so that no server outlives its owner.
#[derive(Debug)]
pub struct Stopper(watch::Sender<bool>);

impl Stop {
    /// A signal and the switch that raises it.
    #[must_use]
    pub fn new() -> (Stopper, Self) {
        let (sender, receiver) = watch::channel(false);
        (Stopper(sender), Self(receiver))
    }

    /// Returns once the signal was raised.
    pub async fn wait(&self) {
        // An error means that the switch is gone, which counts as raised.
        let _ = self.0.clone().wait_for(|raised| *raised).await;
    }

    /// Whether the signal was raised.
    #[must_use]
    pub fn is_raised(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }
}

impl Stopper {
    /// Raises the signal; doing it again changes nothing.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

/// The running servers.
#[derive(Debug)]
pub struct Embedded {
    endpoints: Endpoints,
    table: Option<dynamodb::Table>,
    tasks: Vec<JoinHandle<Result<(), EmbeddedError>>>,
    stopper: Stopper,
    /// Holds the files of memory mode; its drop removes them.
    folder: Option<tempfile::TempDir>,
}

impl Embedded {
    /// Starts each server that is not given, on this machine's loopback address.
    ///
    /// `sweep` removes items whose `ttl` has passed, as DynamoDB does, by the machine's clock.
    ///
    /// # Errors
    ///
    /// When a port is taken or a file cannot be opened.
    pub async fn start(home: &Home, ports: Ports, given: &Given, sweep: bool) -> Result<Self, EmbeddedError> {
        let (stopper, stop) = Stop::new();
        let mut tasks = Vec::new();
        let mut folder = None;

        let mut table = None;
        let dynamodb = match &given.dynamodb {
            Some(url) => url.clone(),
            None => {
                let (listener, url) = listen("DynamoDB", ports.dynamodb).await?;
                let opened = dynamodb::Table::open(home.path("table.sqlite3").as_deref())?;
                tasks.push(tokio::spawn(dynamodb::serve(listener, opened.clone(), sweep, stop.clone())));
                table = Some(opened);
                url
            }
        };
        let s3 = match &given.s3 {
            Some(url) => url.clone(),
            None => {
                let (listener, url) = listen("S3", ports.s3).await?;
                let root = match home.path("files") {
                    Some(path) => path,
                    None => {
                        let created = tempfile::Builder::new().prefix("casa-files-").tempdir()?;
                        let path = created.path().to_owned();
                        folder = Some(created);
                        path
                    }
                };
                let service = s3::service(&root)?;
                tasks.push(tokio::spawn(s3::serve(listener, service, stop.clone())));
                url
            }
        };
        let sqs = match &given.sqs {
            Some(url) => url.clone(),
            None => {
                let (listener, url) = listen("SQS", ports.sqs).await?;
                let queues = sqs::Queues::open(home.path("queues.sqlite3").as_deref(), &url, &stop)?;
                tasks.push(tokio::spawn(sqs::serve(listener, queues, stop.clone())));
                url
            }
        };
        Ok(Self { endpoints: Endpoints { dynamodb, s3, sqs }, table, tasks, stopper, folder })
    }

    /// The addresses of the APIs, own and given ones.
    #[must_use]
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// How this process reaches the own table without its address; `None` when it is a given one.
    #[must_use]
    pub fn direct_table(&self) -> Option<SharedHttpClient> {
        self.table.as_ref().map(dynamodb::Table::direct)
    }

    /// Lets the own table write without waiting for the disk while `fast`, for a large import.
    ///
    /// A killed process still loses nothing then; a power cut may cost what was written.
    ///
    /// # Errors
    ///
    /// When the table refuses the setting.
    pub fn load_fast(&self, fast: bool) -> Result<(), EmbeddedError> {
        self.table.as_ref().map_or(Ok(()), |table| table.load_fast(fast))
    }

    /// Ends the servers: running requests finish, then the files are closed and those of memory mode removed.
    pub async fn stop(mut self) {
        self.stopper.stop();
        for task in self.tasks.drain(..) {
            match task.await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "a local server ended with an error"),
                Err(error) => tracing::warn!(%error, "a local server was cut short"),
            }
        }
        if let Some(folder) = self.folder.take()
            && let Err(error) = folder.close()
        {
            tracing::warn!(%error, "the temporary files could not be removed");
        }
    }
}

impl Home {
    fn path(&self, name: &str) -> Option<PathBuf> {
        match self {
            Self::Memory => None,
            Self::Folder(folder) => Some(Path::new(folder).join(name)),
        }
    }
}

async fn listen(service: &'static str, port: u16) -> Result<(TcpListener, String), EmbeddedError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(|source| EmbeddedError::Port { service, port, source })?;
    let url = format!("http://{}", listener.local_addr()?);
    Ok((listener, url))
}
