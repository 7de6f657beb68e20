//! The log, on standard error.

use std::io::{self, IsTerminal as _};

use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::FilterFn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::cli::Failure;
use crate::config::{Environment, LogFormat, Reader};

/// Pretty on a terminal, JSON elsewhere, unless `LOG_FORMAT` says otherwise.
/// `LOG_LEVEL` is error, warn, info, debug or trace.
///
/// Other people's crates are heard from warnings on only: some of them write
/// whole requests, cookies included, at finer levels.
pub fn start(environment: &Environment) -> Result<(), Failure> {
    let mut reader = Reader::new(environment);
    let format = LogFormat::read(&mut reader);
    let level = reader.parsed("LOG_LEVEL", LevelFilter::INFO, |text| {
        text.parse()
            .map_err(|_| "give error, warn, info, debug or trace".to_owned())
    });
    let problems = reader.problems();
    if !problems.is_empty() {
        return Err(problems.into());
    }
    let terminal = io::stderr().is_terminal();
    let default = if terminal {
        LogFormat::Pretty
    } else {
        LogFormat::Json
    };
    let ours = FilterFn::new(move |metadata| {
        let own = metadata.target().starts_with("vestibule");
        *metadata.level()
            <= if own {
                level.into_level().unwrap_or(Level::ERROR)
            } else {
                Level::WARN
            }
    });
    let layer = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let layer = match format.unwrap_or(default) {
        LogFormat::Pretty => layer.with_ansi(terminal).boxed(),
        LogFormat::Json => layer
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .boxed(),
    };
    tracing_subscriber::registry()
        .with(layer.with_filter(ours))
        .init();
    Ok(())
}
