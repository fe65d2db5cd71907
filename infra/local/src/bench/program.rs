//! Child processes: this program again, as `casa dev` in memory on free ports.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::sync::mpsc;

use crate::Failure;

/// How long a start may take, its import included.
const PATIENCE: Duration = Duration::from_secs(900);
/// What of the caller's environment would change what is measured, or reach a real account or vendor.
const FOREIGN: [&str; 5] = ["AWS_", "CASA_", "CHATBOT_", "MUSIC_", "TELEGRAM_"];
/// The variable that tells a process which table to use.
const TABLE: &str = "AWS_ENDPOINT_URL_DYNAMODB";
/// Linux counts a process's time in hundredths of a second, whatever the kernel's own clock is.
const TICK: Duration = Duration::from_millis(10);

/// Environment variables by name.
pub(super) type Environment = Vec<(String, String)>;

/// A running `casa dev`. Dropping it ends the process at once, so that none outlives a failed measurement.
#[derive(Debug)]
pub(super) struct Program {
    child: Child,
    base: String,
    servers: Environment,
}

impl Program {
    /// Starts a process and waits until it answers. Its temporary files go to `folder`, because a process that is
    /// killed leaves them behind.
    pub(super) async fn start(
        arguments: &[&str],
        environment: &Environment,
        folder: &Path,
    ) -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["dev", "--memory", "--port", "0"]).args(arguments);
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if FOREIGN.iter().any(|prefix| name.starts_with(prefix)) {
                command.env_remove(&*name);
            }
        }
        command.env("CASA_LOG", "error").env("TMPDIR", folder).envs(environment.iter().cloned());
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let (tell, mut told) = mpsc::unbounded_channel();
        if let Some(output) = child.stdout.take() {
            // Reads to the end, so that the process never waits for a reader.
            std::thread::spawn(move || {
                BufReader::new(output).lines().map_while(Result::ok).for_each(|line| {
                    let _ = tell.send(line);
                });
            });
        }
        let mut program = Self { child, base: String::new(), servers: Vec::new() };
        let greeting = tokio::time::timeout(PATIENCE, async {
            while let Some(line) = told.recv().await {
                if program.read(&line) {
                    return true;
                }
            }
            false
        });
        match greeting.await {
            Ok(true) => Ok(program),
            Ok(false) => Err(Failure::new("a process for the measurement ended at its start")),
            Err(_) => Err(Failure::new("a process for the measurement did not start in time")),
        }
    }

    /// Takes from a line of the greeting what is needed; true at its last line, the hint how to sign in.
    fn read(&mut self, line: &str) -> bool {
        if let Some(base) = line.strip_prefix("API").and_then(|rest| rest.trim().strip_suffix("/api/v1/")) {
            base.clone_into(&mut self.base);
        }
        let exported = line.strip_prefix("export ").unwrap_or_default().split_whitespace();
        let pairs = exported.filter_map(|pair| pair.split_once('='));
        self.servers.extend(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
        !self.base.is_empty() && line.trim_start().starts_with("curl ")
    }

    /// The address of a path below `/api/v1/`.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}/api/v1/{path}", self.base)
    }

    /// The address that answers when the outbox is drained.
    pub(super) fn settle_url(&self) -> String {
        format!("{}/_casa/settle", self.base)
    }

    /// The address of its table.
    pub(super) fn table(&self) -> &str {
        self.servers.iter().find(|(name, _)| name == TABLE).map_or("", |(_, value)| value)
    }

    /// What another process needs to use the same servers, with the table reached at `table`.
    pub(super) fn servers_with_table_at(&self, table: &str) -> Environment {
        let mut servers = self.servers.clone();
        servers.retain(|(name, _)| name != TABLE);
        servers.push((TABLE.to_owned(), table.to_owned()));
        servers
    }

    /// The processor time it has used; only Linux tells.
    pub(super) fn processor_time(&self) -> Option<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).ok()?;
        ticks(&stat).map(|ticks| TICK * ticks)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// User and system time in `/proc/<pid>/stat`. The name of the program, in parentheses, may hold spaces.
fn ticks(stat: &str) -> Option<u32> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<u32>().ok();
    Some(next()? + next()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_read_behind_a_strange_name() {
        let stat = "42 (a b) c) S 1 42 42 0 -1 4194304 900 0 0 0 31 11 0 0 20 0 9 0";
        assert_eq!(ticks(stat), Some(42));
        assert_eq!(ticks("42"), None);
    }
}
