//! Commands that end in time, or are ended.

use std::{
    io::{self, Read, Seek},
    process::{Command, ExitStatus},
    thread,
    time::{Duration, Instant},
};

/// How often we look whether a command has ended.
const LOOK_EVERY: Duration = Duration::from_millis(5);

pub(super) struct Outcome {
    /// None: it took too long and was killed.
    pub status: Option<ExitStatus>,
    /// What it said, on both streams.
    pub output: String,
}

impl Outcome {
    pub(super) fn succeeded(&self) -> bool {
        self.status.is_some_and(|status| status.success())
    }
}

/// Runs a command for at most `limit`. Its output goes to a nameless file and
/// not to a pipe, which a grandchild could hold open for as long as it likes.
pub(super) fn run(mut command: Command, limit: Duration) -> io::Result<Outcome> {
    let mut written = tempfile::tempfile()?;
    command
        .stdout(written.try_clone()?)
        .stderr(written.try_clone()?);

    let mut child = command.spawn()?;
    let deadline = Instant::now() + limit;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break Some(status);
        }
        if Instant::now() >= deadline {
            child.kill()?;
            child.wait()?;
            break None;
        }
        thread::sleep(LOOK_EVERY);
    };

    let mut output = Vec::new();
    written.rewind()?;
    written.read_to_end(&mut output)?;
    Ok(Outcome {
        status,
        output: String::from_utf8_lossy(&output).into_owned(),
    })
}

/// The last lines of a text: where the reason stands.
pub(super) fn tail(text: &str) -> String {
    const LINES: usize = 20;

    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}
