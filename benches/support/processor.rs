//! How much processor time processes take, as Linux counts it.

use std::fs;
use std::time::Duration;

/// Ticks a second: the same on every Linux that runs programs.
const TICKS: u64 = 100;

/// What was taken until now, of one process or of several.
pub struct Taken {
    processes: Vec<i32>,
    before: Duration,
}

impl Taken {
    pub fn by_us() -> Self {
        Self::by(vec![i32::try_from(std::process::id()).unwrap()])
    }

    pub fn by(processes: Vec<i32>) -> Self {
        let before = processes.iter().map(|pid| taken(*pid)).sum();
        Self { processes, before }
    }

    pub fn since(&self) -> Duration {
        let now: Duration = self.processes.iter().map(|pid| taken(*pid)).sum();
        now.saturating_sub(self.before)
    }
}

/// By user and system together (proc(5)).
fn taken(pid: i32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields = stat.rsplit(") ").next().unwrap_or_default();
    let ticks = fields.split(' ').skip(11).take(2);
    let ticks: u64 = ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 1_000 / TICKS)
}
