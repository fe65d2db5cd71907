//! The `casa` program: the whole system on one machine, in one process.
//!
//! [`embedded`] serves the DynamoDB, S3 and SQS APIs; the rest of the crate runs every function's router against
//! them, delivers the table's stream to the reactions, and offers the commands of [`cli`].

mod bench;
pub mod bridge;
pub mod cli;
mod control;
pub mod demo;
mod dev;
pub mod embedded;
pub mod home;
mod import;
mod jobs;
pub mod local;
mod output;
pub mod pump;
mod reservations;
pub mod sdk;
pub mod stream;
mod user;

pub use dev::function_routes;

use crate::cli::{Cli, Command};

/// Why a command failed, in words for the person who gave it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failure(String);

impl Failure {
    /// A failure in these words.
    pub fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }
}

macro_rules! failures {
    ($($error:ty),+ $(,)?) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self(error.to_string())
            }
        })+
    };
}

failures!(
    casa_store::StoreError,
    casa_web::SettingsError,
    embedded::EmbeddedError,
    home::HomeError,
    std::io::Error,
    reqwest::Error,
);

/// Runs a command to its end.
///
/// # Errors
///
/// In words for the person who gave the command.
pub async fn run(cli: Cli) -> Result<(), Failure> {
    output::start_logs();
    match cli.command {
        Command::Dev(arguments) => dev::run(arguments).await,
        Command::Import(arguments) => import::run(arguments).await,
        Command::User(command) => user::run(command).await,
        Command::Run(arguments) => jobs::run(arguments).await,
        Command::Recalculate(arguments) => jobs::recalculate(arguments).await,
        Command::Reservations(command) => reservations::run(command).await,
        Command::Bench(command) => bench::run(command).await,
    }
}
