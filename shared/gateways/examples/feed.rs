//! Our calendars for programs in other languages to look at: `tests/tools/check_ical.py` runs it.
//!
//! `feed write` prints the calendar of a few invented stays; `feed read FROM TO FILE…` prints what a calendar says of the
//! nights from one date to another at Lima, as one line of JSON per file.
#![allow(clippy::print_stdout, reason = "printing is its work")]

use std::{env, error::Error, fs, process::ExitCode};

use casa_gateways::ical::{ExportedStay, read, write};
use chrono::{DateTime, Days, NaiveDate};
use chrono_tz::America::Lima;
use serde_json::json;
use uuid::Uuid;

/// How many stays are invented.
const STAYS: u64 = 40;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments.as_slice() {
        ["write"] => invented(),
        ["read", from, to, files @ ..] => files.iter().map(|file| told(from, to, file)).collect(),
        _ => Err("usage: feed write | feed read FROM TO FILE...".into()),
    };
    match outcome {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The calendar of stays of growing length, one after the other.
fn invented() -> Result<String, Box<dyn Error>> {
    let mut check_in = NaiveDate::from_ymd_opt(2026, 12, 30).ok_or("no date")?;
    let mut stays = Vec::new();
    for number in 0..STAYS {
        let check_out = check_in + Days::new(1 + number % 9);
        let created = DateTime::from_timestamp(1_790_000_000, 0).ok_or("no instant")?;
        let origin = ["aus", "man", "client", "origen con ñ, coma; y barra \\"][usize::try_from(number % 4)?]
            .to_owned();
        stays.push(ExportedStay {
            id: Uuid::from_u64_pair(number, !number),
            check_in,
            check_out,
            created,
            origin,
        });
        check_in = check_out + Days::new(number % 3);
    }
    Ok(write(&stays))
}

fn told(from: &str, to: &str, file: &str) -> Result<String, Box<dyn Error>> {
    let feed = read(&fs::read(file)?, Lima, (from.parse()?, to.parse()?))?;
    let stays: Vec<_> =
        feed.events.iter().map(|e| json!([e.uid, e.check_in.to_string(), e.check_out.to_string()])).collect();
    let skipped: Vec<_> = feed.skipped.iter().map(|skipped| &skipped.uid).collect();
    Ok(format!("{}\n", json!({ "stays": stays, "skipped": skipped })))
}
