//! The `casa` program. See the README beside the crate.

use std::process::ExitCode;

use casa::cli::{Cli, without_separator};
use clap::Parser as _;

#[tokio::main]
async fn main() -> ExitCode {
    // A wrong command line ends here with exit code 2.
    let cli = Cli::parse_from(without_separator(std::env::args_os()));
    match casa::run(cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("casa: {failure}");
            ExitCode::FAILURE
        }
    }
}
