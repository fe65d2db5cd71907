//! `casa reservations`: stays of the past from a sheet, and reports on what is entered twice (contract 05 §6). Each
//! command prints one JSON report. It names rows and ids, never people.

mod args;
mod cells;
mod duplicates;
mod import;
mod known;
mod overlaps;
mod sheet;

use serde::Serialize;

pub use args::{Compared, DuplicatesArgs, OverlapsArgs, ReservationsCommand, SheetImportArgs};

use crate::Failure;
use crate::home::DataFolder;
use crate::local::{Local, Wish};
use crate::output::say;

/// `casa reservations`.
pub(crate) async fn run(command: ReservationsCommand) -> Result<(), Failure> {
    let text = match command {
        ReservationsCommand::Import(arguments) => {
            // A file that cannot be read fails before anything is opened.
            let sheet = sheet::read(&arguments.file, arguments.sheet.as_deref())?;
            let local = open(arguments.data.as_deref(), arguments.clock).await?;
            let report = Box::pin(import::run(&local.state, &sheet, &arguments)).await;
            local.close().await;
            written(&report?)
        }
        ReservationsCommand::Overlaps(arguments) => {
            let local = open(arguments.data.as_deref(), None).await?;
            let report = Box::pin(overlaps::run(&local.state, &arguments)).await;
            local.close().await;
            written(&report?)
        }
        ReservationsCommand::Duplicates(arguments) => {
            let sheet = sheet::read(&arguments.file, arguments.sheet.as_deref())?;
            let local = open(arguments.data.as_deref(), None).await?;
            let report = Box::pin(duplicates::run(&local.state, &sheet, arguments.day_first)).await;
            local.close().await;
            written(&report?)
        }
    };
    say(&text?);
    Ok(())
}

async fn open(
    data: Option<&std::path::Path>,
    clock: Option<chrono::DateTime<chrono::FixedOffset>>,
) -> Result<Local, Failure> {
    let folder = DataFolder::open(data)?;
    Local::open(Wish { folder: Some(folder), share: true, clock, ..Wish::default() }).await
}

fn written(report: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string_pretty(report).map_err(|error| Failure::new(error.to_string()))
}
