//! The command line, dispatched. Everything else is in the library.

use std::process::ExitCode;

use clap::Parser as _;
use vestibule::cli::Cli;

fn main() -> ExitCode {
    Cli::parse().run()
}
