//! What people and scripts read: answers on standard output, problems on
//! standard error. A closed pipe is nobody's fault.

use std::io::{self, Write as _};

use chrono::{DateTime, SecondsFormat, Utc};

pub fn say(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}

pub fn complain(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// A moment as we write it: in UTC, to the second.
pub fn time(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Secs, true)
}
