//! A running `casa dev`.

use std::{
    env,
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError, mpsc},
    time::Duration,
};

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use casa_store::Store;
use serde_json::{Value, json};

/// How long a start may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// How to start.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Further arguments after `dev --port 0`.
    pub arguments: Vec<String>,
    /// Servers of another process to use instead of own ones.
    pub shared: Option<Shared>,
    /// Further environment variables.
    pub environment: Vec<(String, String)>,
    /// Whether to keep what the process prints, for [`Casa::printed`].
    pub keep_output: bool,
}

/// The local servers of a process, so that others can use the same data.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    exports: Vec<(String, String)>,
}

impl Shared {
    /// The address of one of the servers, by the name of its environment variable; empty when unknown.
    pub fn endpoint(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    /// The same servers with one of them reached at another address.
    #[must_use]
    pub fn with(&self, name: &str, address: &str) -> Self {
        let mut changed = self.clone();
        changed.exports.retain(|(key, _)| key != name);
        changed.exports.push((name.to_owned(), address.to_owned()));
        changed
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.exports.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The table these servers hold.
    pub fn store(&self) -> Store {
        let endpoint = self.endpoint("AWS_ENDPOINT_URL_DYNAMODB");
        let (key, secret) = (self.get("AWS_ACCESS_KEY_ID"), self.get("AWS_SECRET_ACCESS_KEY"));
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new(
                key.unwrap_or("x"),
                secret.unwrap_or("x"),
                None,
                None,
                "test",
            ))
            .endpoint_url(endpoint)
            .build();
        Store::new(aws_sdk_dynamodb::Client::from_conf(config), "casa")
    }
}

/// A running `casa dev`; killed when dropped.
#[derive(Debug)]
pub struct Casa {
    child: Child,
    /// `http://127.0.0.1:<port>`.
    pub base: String,
    /// Its local servers (or those it was told to use).
    pub shared: Shared,
    printed: Arc<Mutex<Vec<String>>>,
}

/// The secret all processes of a test share, so that tokens work at each of them.
const SECRET: &str = "only-for-tests-only-for-tests-only-for-tests";

/// The `casa` program beside the running test.
///
/// # Panics
/// When it was not built.
pub fn program() -> PathBuf {
    // Tests run from the folder below the programs'.
    let own = env::current_exe().unwrap_or_default();
    let program = own.ancestors().nth(2).map(|folder| folder.join("casa")).unwrap_or_default();
    assert!(program.exists(), "build the program first: cargo build --bin casa");
    program
}

impl Casa {
    /// Starts a process and waits until it answers.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn start(options: &Options) -> Self {
        let mut command = Command::new(program());
        command.args(["dev", "--port", "0"]).args(&options.arguments);
        for name in [
            "AWS_ENDPOINT_URL_DYNAMODB",
            "AWS_ENDPOINT_URL_S3",
            "AWS_ENDPOINT_URL_SQS",
            "CASA_CLOCK",
            "CASA_MUSIC_QUEUE_URL",
            "MUSIC_ASSISTANT_URL",
        ] {
            command.env_remove(name);
        }
        command.env("CASA_SECRET", SECRET).env("CASA_LOG", "warn");
        if let Some(shared) = &options.shared {
            command.envs(shared.exports.iter().cloned());
        }
        command.envs(options.environment.iter().cloned()).stdout(Stdio::piped());
        command.stderr(if options.keep_output { Stdio::piped() } else { Stdio::null() });
        let mut child = command.spawn().unwrap_or_else(|problem| panic!("casa did not start: {problem}"));
        let (tell, told) = mpsc::channel();
        let printed = Arc::<Mutex<Vec<String>>>::default();
        let keep = options.keep_output.then(|| Arc::clone(&printed));
        if let Some(errors) = child.stderr.take() {
            read_lines(errors, keep.clone(), |_| ());
        }
        if let Some(output) = child.stdout.take() {
            read_lines(output, keep, move |line| {
                let _ = tell.send(line);
            });
        }
        let mut casa = Self { child, base: String::new(), shared: Shared::default(), printed };
        loop {
            let line =
                told.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("casa did not say where it listens"));
            if let Some(address) =
                line.strip_prefix("API").and_then(|rest| rest.trim().strip_suffix("/api/v1/"))
            {
                casa.base = address.to_owned();
            }
            for pair in line.strip_prefix("export ").unwrap_or_default().split_whitespace() {
                if let Some((name, value)) = pair.split_once('=') {
                    casa.shared.exports.push((name.to_owned(), value.to_owned()));
                }
            }
            // The hint how to sign in is the last line of the greeting.
            if line.trim_start().starts_with("curl ") {
                break;
            }
        }
        assert!(!casa.base.is_empty(), "casa did not say where it listens");
        casa
    }

    /// The lines that the process has printed so far, logs included, where they are kept.
    pub fn printed(&self) -> Vec<String> {
        self.printed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The address of a path below `/api/v1/`.
    pub fn url(&self, path: &str) -> String {
        format!("{}/api/v1/{path}", self.base)
    }

    /// Signs a member of staff in and gives the access token.
    ///
    /// # Panics
    /// When that fails.
    pub async fn sign_in(&self, email: &str, password: &str) -> String {
        let body = json!({"email": email, "password": password});
        let answer = reqwest::Client::new().post(self.url("login/")).json(&body).send().await;
        let answer: Value = match answer {
            Ok(answer) => answer.json().await.unwrap_or_default(),
            Err(problem) => panic!("sign-in failed: {problem}"),
        };
        match answer["access"].as_str() {
            Some(token) => token.to_owned(),
            None => panic!("sign-in refused: {answer}"),
        }
    }

    /// Signs a guest in by the number of a `dni` and gives both tokens: for access and for refresh.
    ///
    /// # Panics
    /// When that fails.
    pub async fn sign_in_guest(&self, number: &str, password: &str) -> (String, String) {
        let body = json!({"document_type": "dni", "number_doc": number, "password": password});
        let address = self.url("clients/client-auth/login/");
        let answer = reqwest::Client::new().post(address).json(&body).send().await;
        let answer: Value = match answer {
            Ok(answer) => answer.json().await.unwrap_or_default(),
            Err(problem) => panic!("sign-in failed: {problem}"),
        };
        match (answer["token"].as_str(), answer["refresh"].as_str()) {
            (Some(access), Some(refresh)) => (access.to_owned(), refresh.to_owned()),
            _ => panic!("sign-in refused: {answer}"),
        }
    }

    /// Ends the process at once, as a power cut would.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads to the end in a thread of its own, so that the process never blocks on its own output.
fn read_lines(
    output: impl Read + Send + 'static,
    keep: Option<Arc<Mutex<Vec<String>>>>,
    tell: impl Fn(String) + Send + 'static,
) {
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if let Some(kept) = &keep {
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(line.clone());
            }
            tell(line);
        }
    });
}

impl Drop for Casa {
    fn drop(&mut self) {
        self.kill();
    }
}
