//! Floor 6: the command line, one file a subcommand.

mod database;
mod demo;
mod keys;
mod log;
mod migrate;
mod serve;
mod sessions;
mod signals;
mod stored_tokens;
mod terminal;
mod tokens;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Environment, Problem};

/// The front room of a web site: signs people in with GitHub or Vercel, keeps
/// them signed in with an encrypted cookie that can be revoked, and keeps their
/// provider tokens sealed in Postgres.
#[derive(Parser)]
#[command(version, arg_required_else_help = true)]
#[command(after_help = "Configuration comes from the environment; see README.md and .env.example.")]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Demo(demo::Arguments),
    Serve(serve::Arguments),
    Migrate(migrate::Arguments),
    Keys(keys::Arguments),
    Sessions(sessions::Arguments),
    Tokens(tokens::Arguments),
}

/// Why a command failed: lines for the terminal, each with its mend.
pub(crate) struct Failure(Vec<String>);

impl Failure {
    #[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
    fn new(line: impl ToString) -> Self {
        Self(vec![line.to_string()])
    }
}

impl From<Vec<Problem>> for Failure {
    fn from(problems: Vec<Problem>) -> Self {
        Self(problems.iter().map(ToString::to_string).collect())
    }
}

impl Cli {
    /// Runs the command: 0, or 1 with one line for every problem.
    pub fn run(self) -> ExitCode {
        match self.dispatch() {
            Ok(()) => ExitCode::SUCCESS,
            Err(Failure(lines)) => {
                for line in lines {
                    terminal::complain(&line);
                }
                ExitCode::FAILURE
            }
        }
    }

    fn dispatch(self) -> Result<(), Failure> {
        let environment = Environment::of_process().map_err(Failure::new)?;
        match self.command {
            Command::Demo(arguments) => demo::run(&arguments, &environment),
            Command::Serve(arguments) => serve::run(&arguments, &environment),
            Command::Migrate(arguments) => migrate::run(&arguments, &environment),
            Command::Keys(arguments) => keys::run(arguments, &environment),
            Command::Sessions(arguments) => sessions::run(arguments, &environment),
            Command::Tokens(arguments) => tokens::run(&arguments, &environment),
        }
    }
}
