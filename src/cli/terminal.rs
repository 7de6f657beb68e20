//! What people and scripts read: answers on standard output, problems on
//! standard error. A closed pipe is nobody's fault.

use std::io::{self, Write as _};

pub fn say(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}

pub fn complain(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
