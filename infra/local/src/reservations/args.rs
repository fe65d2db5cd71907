//! The command line of `casa reservations`.

use std::path::PathBuf;

use chrono::{DateTime, FixedOffset};
use clap::{Args, Subcommand, ValueEnum};

/// The commands for reservations.
#[derive(Debug, Subcommand)]
pub enum ReservationsCommand {
    /// Enter stays of the past from an Excel sheet: reports first, writes with --commit
    Import(SheetImportArgs),
    /// List reservations of one house that share a night
    Overlaps(OverlapsArgs),
    /// List the rows of an Excel sheet that are entered already
    Duplicates(DuplicatesArgs),
}

/// Options of `casa reservations import`.
#[derive(Debug, Args)]
pub struct SheetImportArgs {
    /// Workbook whose first row names the columns PROPIEDAD, DNI, CHECK-IN, CHECK-OUT, PRECIO S/, PRECIO $ and huespedes
    #[arg(value_name = "FILE.xlsx")]
    pub file: PathBuf,
    /// Sheet to read [default: the first one]
    #[arg(long, value_name = "NAME")]
    pub sheet: Option<String>,
    /// Write what can be written; without it, it is only reported
    #[arg(long)]
    pub commit: bool,
    /// Look at the first rows only
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Read dates such as 05/02/2023 as 5 February instead of 2 May
    #[arg(long)]
    pub day_first: bool,
    /// Stop the clock of the business at this instant, such as 2025-11-12T10:30:00-05:00
    #[arg(long, value_name = "RFC3339")]
    pub clock: Option<DateTime<FixedOffset>>,
    /// Folder that keeps the data [default: .casa]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// Options of `casa reservations overlaps`.
#[derive(Debug, Args)]
pub struct OverlapsArgs {
    /// Only this house
    #[arg(long, value_name = "NAME_OR_ID")]
    pub house: Option<String>,
    /// Which reservations to compare
    #[arg(long, value_enum, default_value_t = Compared::Approved)]
    pub status: Compared,
    /// Folder that keeps the data [default: .casa]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// Which reservations are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Compared {
    /// Approved ones
    Approved,
    /// All but cancelled ones
    All,
}

/// Options of `casa reservations duplicates`.
#[derive(Debug, Args)]
pub struct DuplicatesArgs {
    /// Workbook whose first row names the columns casa, DNI, check in and check out
    #[arg(value_name = "FILE.xlsx")]
    pub file: PathBuf,
    /// Sheet to read [default: the first one]
    #[arg(long, value_name = "NAME")]
    pub sheet: Option<String>,
    /// Read dates such as 05/02/2023 as 5 February instead of 2 May
    #[arg(long)]
    pub day_first: bool,
    /// Folder that keeps the data [default: .casa]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}
