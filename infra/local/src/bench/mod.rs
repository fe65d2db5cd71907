//! `casa bench`: what requests cost and how many this machine serves. It prints figures and ratios and judges nothing.
//!
//! Each measurement runs this program again as `casa dev` in memory: one process that holds the table, and where table
//! requests are counted another one that has read nothing yet and reaches the same table through a counting proxy.
#![allow(clippy::float_arithmetic, reason = "measured times and ratios, no money")]

mod booking;
mod clients;
mod counter;
mod data;
mod inside;
mod lists;
mod load;
mod music;
mod pace;
mod program;
mod quote;

use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::{Value, json};
use tempfile::TempDir;

use self::counter::{Counter, Tally};
use self::program::{Environment, Program};
use crate::Failure;
use crate::cli::BenchCommand;
use crate::output::say;

/// Runs a benchmark to its end, or until the process is asked to stop; its child processes end in both cases.
pub(crate) async fn run(command: BenchCommand) -> Result<(), Failure> {
    let work = async {
        match command {
            BenchCommand::Quote(arguments) => quote::run(arguments).await,
            BenchCommand::Lists(arguments) => lists::run(arguments).await,
            BenchCommand::Clients(arguments) => clients::run(arguments).await,
            BenchCommand::Booking(arguments) => booking::run(arguments).await,
            BenchCommand::Music(arguments) => music::run(arguments).await,
        }
    };
    tokio::select! {
        result = work => result,
        () = crate::dev::asked_to_stop() => Err(Failure::new("stopped")),
    }
}

/// A process with invented data, and whoever joins it.
struct Site {
    owner: Program,
    /// Signs the member of staff of [`data`] in.
    token: String,
    import: Duration,
    http: reqwest::Client,
    environment: Environment,
    clock: Option<&'static str>,
    // Last, so that it goes when no process is left that writes into it.
    folder: TempDir,
}

impl Site {
    async fn start(rows: Vec<Value>, clock: Option<&'static str>) -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let dump = folder.path().join("dump.json");
        std::fs::write(&dump, Value::Array(rows).to_string())?;
        let secret = crate::home::random_secret();
        let environment = vec![("CASA_SECRET".to_owned(), secret)];
        let dump = dump.display().to_string();
        let mut arguments = vec!["--import", dump.as_str()];
        arguments.extend(clock.into_iter().flat_map(|clock| ["--clock", clock]));
        let begun = Instant::now();
        let owner = Program::start(&arguments, &environment, folder.path()).await?;
        let import = begun.elapsed();
        let http = client()?;
        let login = http.post(owner.url("login/"));
        let login = login.json(&json!({ "email": data::EMAIL, "password": data::PASSWORD }));
        let answer: Value = serde_json::from_slice(&received(login).await?).unwrap_or_default();
        let token = answer["access"].as_str().unwrap_or_default().to_owned();
        Ok(Self { owner, token, import, http, environment, clock, folder })
    }

    /// A process that has read nothing yet, on the same table through a counter.
    async fn fresh(&self) -> Result<Fresh<'_>, Failure> {
        let counter = Counter::start(self.owner.table(), self.http.clone()).await?;
        let mut environment = self.environment.clone();
        environment.extend(self.owner.servers_with_table_at(&counter.address));
        let arguments: Vec<_> = self.clock.into_iter().flat_map(|clock| ["--clock", clock]).collect();
        let program = Program::start(&arguments, &environment, self.folder.path()).await?;
        let fresh = Fresh { site: self, program, counter };
        fresh.settle().await?;
        Ok(fresh)
    }
}

/// See [`Site::fresh`].
struct Fresh<'a> {
    site: &'a Site,
    program: Program,
    counter: Counter,
}

impl Fresh<'_> {
    /// Waits until neither process has anything left to do by itself, and forgets what was counted.
    async fn settle(&self) -> Result<(), Failure> {
        for program in [&self.site.owner, &self.program] {
            received(self.site.http.post(program.settle_url())).await?;
        }
        self.counter.take();
        Ok(())
    }

    /// Asks for a path below `/api/v1/` and counts.
    async fn ask(&self, path: &str, token: Option<&str>) -> Result<(Cost, Value), Failure> {
        self.counter.take();
        let mut request = self.site.http.get(self.program.url(path));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let begun = Instant::now();
        let answer = received(request).await?;
        let milliseconds = milliseconds(begun.elapsed());
        let cost = Cost { tally: self.counter.take(), answer_bytes: answer.len(), milliseconds };
        Ok((cost, serde_json::from_slice(&answer).unwrap_or_default()))
    }
}

/// What one request cost.
#[derive(Clone, Debug, Serialize)]
struct Cost {
    #[serde(flatten)]
    tally: Tally,
    answer_bytes: usize,
    /// As the client waited, the way through the counter included.
    milliseconds: f64,
}

/// A client that keeps its connections and never leaves this machine.
fn client() -> Result<reqwest::Client, Failure> {
    Ok(reqwest::Client::builder().no_proxy().build()?)
}

/// The body of a successful answer.
async fn received(request: reqwest::RequestBuilder) -> Result<Vec<u8>, Failure> {
    let answer = request.send().await?;
    let (status, url) = (answer.status(), answer.url().clone());
    let body = answer.bytes().await?;
    if status.is_success() {
        return Ok(body.to_vec());
    }
    let said: String = String::from_utf8_lossy(&body).chars().take(300).collect();
    Err(Failure::new(format!("{url} answered {status}: {said}")))
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn float(count: usize) -> f64 {
    count as f64
}

fn ratio(count: usize, to: f64) -> f64 {
    if to > 0.0 { float(count) / to } else { 0.0 }
}

/// How the program was built and what runs it: figures mean little without.
#[derive(Serialize)]
struct Machine {
    build: &'static str,
    cores: usize,
}

fn machine() -> Machine {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Machine { build: if cfg!(debug_assertions) { "debug" } else { "release" }, cores }
}

/// A table with a line per figure and a column per size.
struct Table {
    head: Vec<String>,
    lines: Vec<(String, Vec<String>)>,
}

impl Table {
    fn new(title: &str, columns: impl IntoIterator<Item = String>) -> Self {
        Self { head: std::iter::once(title.to_owned()).chain(columns).collect(), lines: Vec::new() }
    }

    fn line(&mut self, name: &str, cells: impl IntoIterator<Item = String>) {
        self.lines.push((name.to_owned(), cells.into_iter().collect()));
    }

    fn section(&mut self, name: &str) {
        self.line("", []);
        self.line(name, []);
    }

    fn print(&self) {
        let width = |text: &str| text.chars().count();
        let names = self.lines.iter().map(|(name, _)| name).chain(self.head.first());
        let first = names.map(|name| width(name)).max().unwrap_or_default();
        let cells = self.lines.iter().flat_map(|(_, cells)| cells).chain(self.head.iter().skip(1));
        let other = cells.map(|cell| width(cell)).max().unwrap_or_default();
        let row = |name: &str, cells: &[String]| {
            let cells: String = cells.iter().map(|cell| format!("  {cell:>other$}")).collect();
            say(format!("{name:<first$}{cells}").trim_end());
        };
        if let Some((title, columns)) = self.head.split_first() {
            row(title, columns);
        }
        for (name, cells) in &self.lines {
            row(name, cells);
        }
    }
}

/// A figure that is not known everywhere.
fn known(figure: Option<f64>, decimals: usize) -> String {
    figure.map_or("?".to_owned(), |figure| format!("{figure:.decimals$}"))
}

/// Says below a table what ran it.
fn print_machine() {
    let Machine { build, cores } = machine();
    let warning = if build == "debug" { ", several times slower than a release build" } else { "" };
    say(&format!("a {build} build{warning}; {cores} cores, shared by clients, API and table"));
}
