//! The command line.

use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use chrono::{DateTime, FixedOffset};
use clap::{Args, Parser, Subcommand};

pub use crate::reservations::{Compared, DuplicatesArgs, OverlapsArgs, ReservationsCommand, SheetImportArgs};

/// The arguments without a `--` right behind the command: `cargo dev -- --demo` means what `cargo dev --demo` means, but
/// the alias hands its separator on.
pub fn without_separator(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let numbered = arguments.into_iter().enumerate();
    numbered.filter(|(at, word)| *at != 2 || word != "--").map(|(_, word)| word).collect()
}

/// The whole booking system on one machine, in one process.
#[derive(Debug, Parser)]
#[command(name = "casa", version, about, max_term_width = 110)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the API with its table, files and queues until Ctrl-C
    Dev(DevArgs),
    /// Bring exports of the original system (and its media folder) into the table and the bucket
    Import(ImportArgs),
    /// Manage members of staff who can sign in
    #[command(subcommand)]
    User(UserCommand),
    /// Run a scheduled job now
    Run(RunArgs),
    /// Compare points and levels with stays and ledgers, and mend them when told to
    Recalculate(RecalculateArgs),
    /// Enter stays of the past from a sheet, and find what is entered twice
    #[command(subcommand)]
    Reservations(ReservationsCommand),
    /// Measure what requests cost and how many this machine serves
    #[command(subcommand)]
    Bench(BenchCommand),
}

/// Options of `casa dev`.
#[derive(Debug, Args)]
pub struct DevArgs {
    /// Port of the API; 0 takes a free one
    #[arg(long, default_value_t = 8000)]
    pub port: u16,
    /// Address the API listens on
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub host: IpAddr,
    /// Folder that keeps the data [default: .casa]
    #[arg(long, value_name = "DIR", conflicts_with = "memory")]
    pub data: Option<PathBuf>,
    /// Keep the data in memory: gone when the process ends
    #[arg(long)]
    pub memory: bool,
    /// Export to bring in before the API answers; may be repeated
    #[arg(long, value_name = "DUMP.json")]
    pub import: Vec<PathBuf>,
    /// Folder whose files go to the bucket under their relative paths
    #[arg(long, value_name = "DIR")]
    pub media: Option<PathBuf>,
    /// Stop the clock of the business at this instant, such as 2025-11-12T10:30:00-05:00
    #[arg(long, value_name = "RFC3339")]
    pub clock: Option<DateTime<FixedOffset>>,
    /// Start with a small invented data set with photos
    #[arg(long, conflicts_with = "import")]
    pub demo: bool,
    /// Port of the DynamoDB API; 0 takes a free one
    #[arg(long, default_value_t = 0, value_name = "PORT")]
    pub dynamodb_port: u16,
    /// Port of the S3 API; 0 takes a free one
    #[arg(long, default_value_t = 0, value_name = "PORT")]
    pub s3_port: u16,
    /// Port of the SQS API; 0 takes a free one
    #[arg(long, default_value_t = 0, value_name = "PORT")]
    pub sqs_port: u16,
}

/// Options of `casa import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// Exports in the format of the original's `dumpdata`
    #[arg(value_name = "DUMP.json", required_unless_present = "media")]
    pub dumps: Vec<PathBuf>,
    /// Folder whose files go to the bucket under their relative paths
    #[arg(long, value_name = "DIR")]
    pub media: Option<PathBuf>,
    /// Folder that keeps the data [default: .casa]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// Options of `casa run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Its name: points-award, points-expire, referral-ranking, sheets-sync, client-book, pool-heating, bookings-expire,
    /// payments-settle, feeds-import, music-power, music-watch
    #[arg(value_name = "JOB")]
    pub job: String,
    /// Change nothing and report what would be done
    #[arg(long)]
    pub dry_run: bool,
    /// Stop the clock of the business at this instant, such as 2025-11-12T10:30:00-05:00
    #[arg(long, value_name = "RFC3339")]
    pub clock: Option<DateTime<FixedOffset>>,
    /// Folder that keeps the data [default: .casa]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// Options of `casa recalculate`.
#[derive(Debug, Args)]
pub struct RecalculateArgs {
    /// Only this guest
    #[arg(long, value_name = "ID")]
    pub client: Option<casa_domain::ClientId>,
    /// Mend what is found; without it, it is only reported
    #[arg(long)]
    pub apply: bool,
    /// Stop the clock of the business at this instant, such as 2025-11-12T10:30:00-05:00
    #[arg(long, value_name = "RFC3339")]
    pub clock: Option<DateTime<FixedOffset>>,
    /// Folder that keeps the data [default: .casa]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// The commands for members of staff.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Enter a member of staff
    Create(CreateArgs),
    /// Give a member of staff another password; all their sessions end
    Password(PasswordArgs),
}

/// Options of `casa user create`.
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// E-mail address to sign in with
    #[arg(long)]
    pub email: String,
    /// Given names
    #[arg(long)]
    pub first_name: String,
    /// Family names
    #[arg(long)]
    pub last_name: String,
    /// Group (admin, vendedor, mantenimiento, ...); may be repeated
    #[arg(long)]
    pub group: Vec<String>,
    /// Grant every administration right
    #[arg(long)]
    pub superuser: bool,
    /// Where the password comes from
    #[command(flatten)]
    pub password: PasswordSource,
    /// Folder that keeps the data [default: .casa]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// Options of `casa user password`.
#[derive(Debug, Args)]
pub struct PasswordArgs {
    /// E-mail address the member of staff signs in with
    pub email: String,
    /// Where the password comes from
    #[command(flatten)]
    pub password: PasswordSource,
    /// Folder that keeps the data [default: .casa]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// Where a new password comes from.
#[derive(Debug, Args)]
pub struct PasswordSource {
    /// The password; without it, it is asked for on a terminal or read from standard input
    #[arg(long)]
    pub password: Option<String>,
}

/// The benchmarks.
#[derive(Debug, Subcommand)]
pub enum BenchCommand {
    /// Quotes and the staff's search, at several numbers of houses
    Quote(BenchQuoteArgs),
    /// A page of the reservation list, at several lengths of the list
    Lists(BenchListsArgs),
    /// Finding guests, at several sizes of the book
    Clients(BenchClientsArgs),
    /// Bookings from the guest's click to their approval
    Booking(BenchBookingArgs),
    /// From a guest's tap to the music server, and back from a search
    Music(BenchMusicArgs),
}

/// Options of `casa bench quote`.
#[derive(Debug, Args)]
pub struct BenchQuoteArgs {
    /// Numbers of houses
    #[arg(long, value_delimiter = ',', default_value = "6,60,600", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub houses: Vec<u16>,
    /// How hard to ask
    #[command(flatten)]
    pub load: LoadArgs,
}

/// Options of `casa bench lists`.
#[derive(Debug, Args)]
pub struct BenchListsArgs {
    /// Numbers of reservations
    #[arg(long, value_delimiter = ',', default_value = "160,16000", value_parser = clap::value_parser!(u16).range(1..=20_000))]
    pub reservations: Vec<u16>,
    /// How hard to ask
    #[command(flatten)]
    pub load: LoadArgs,
}

/// Options of `casa bench clients`.
#[derive(Debug, Args)]
pub struct BenchClientsArgs {
    /// Numbers of guests
    #[arg(long, value_delimiter = ',', default_value = "1000,10000,100000", value_parser = clap::value_parser!(u32).range(1..=500_000))]
    pub guests: Vec<u32>,
    /// How hard to ask
    #[command(flatten)]
    pub load: LoadArgs,
}

/// Options of `casa bench booking`.
#[derive(Debug, Args)]
pub struct BenchBookingArgs {
    /// Bookings to make; more than some thousands meet the limits on what a guest may try
    #[arg(long, default_value_t = 3000, value_parser = clap::value_parser!(u16).range(1..=3800))]
    pub bookings: u16,
    /// Clients at the same time
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub clients: u16,
    /// Print figures as JSON
    #[arg(long)]
    pub json: bool,
}

/// Options of `casa bench music`.
#[derive(Debug, Args)]
pub struct BenchMusicArgs {
    /// How often each is asked, one after the other
    #[arg(long, default_value_t = 400, value_parser = clap::value_parser!(u16).range(20..=10_000))]
    pub times: u16,
    /// Print figures as JSON
    #[arg(long)]
    pub json: bool,
}

/// Options of every benchmark.
#[derive(Debug, Args)]
pub struct LoadArgs {
    /// For how long clients ask, per figure
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=600))]
    pub seconds: u16,
    /// Clients that ask at the same time
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub clients: u16,
    /// Print one JSON document instead of a table
    #[arg(long)]
    pub json: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_alias_may_hand_its_separator_on() {
        for line in ["casa dev -- --demo --port 0", "casa dev --demo --port 0"] {
            let words = line.split(' ').map(OsString::from);
            let cli = Cli::try_parse_from(without_separator(words)).unwrap();
            assert!(
                matches!(cli.command, Command::Dev(arguments) if arguments.demo && arguments.port == 0),
                "{line}"
            );
        }
    }

    #[test]
    fn demo_and_import_exclude_each_other() {
        assert!(Cli::try_parse_from(["casa", "dev", "--demo", "--import", "a.json"]).is_err());
        assert!(Cli::try_parse_from(["casa", "dev", "--memory", "--data", "d"]).is_err());
        assert!(Cli::try_parse_from(["casa", "dev", "--clock", "yesterday"]).is_err());
        let clock = "2025-11-12T10:30:00-05:00";
        assert!(
            Cli::try_parse_from([
                "casa", "dev", "--memory", "--import", "a", "--import", "b", "--clock", clock
            ])
            .is_ok()
        );
    }
}
