//! `vestibule serve`, as a process.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::http::{self, Connection};

const READY_WITHIN: Duration = Duration::from_mins(1);
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// Ends when this is dropped.
pub struct Serving {
    pub child: Child,
    pub port: u16,
    /// From its start until it said that it was ready.
    pub ready_after: Duration,
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Makes a ring in that folder, for every process to share.
pub fn make_keys(folder: &Path) {
    let made = command("keys", folder)
        .args(["generate", "keys.json"])
        .stdout(Stdio::null())
        .status();
    assert!(made.unwrap().success());
}

impl Serving {
    /// Waits until it is ready. It speaks to nobody: that would cost all alike.
    pub fn start(settings: &[(&str, String)], folder: &Path) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let started = Instant::now();
        let child = command("serve", folder)
            .envs(settings.iter().map(|(name, value)| (name, value)))
            .env("BIND", format!("127.0.0.1:{port}"))
            .env("KEYS_FILE", "keys.json")
            .env("LOG_LEVEL", "error")
            .spawn();
        let mut serving = Self {
            child: child.unwrap(),
            port,
            ready_after: Duration::ZERO,
        };
        while !serving.is_ready() {
            let ended = serving.child.try_wait().unwrap();
            assert!(
                ended.is_none() && started.elapsed() < READY_WITHIN,
                "not serving: {ended:?}"
            );
            thread::sleep(LOOK_EVERY);
        }
        serving.ready_after = started.elapsed();
        serving
    }

    fn is_ready(&self) -> bool {
        http::connect(self.port).is_ok_and(|stream| {
            let answer = Connection::on(stream).ask(&http::request("GET /readyz", "localhost", ""));
            answer.status == 200
        })
    }
}

fn command(subcommand: &str, folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vestibule"));
    command.arg(subcommand).env_clear().current_dir(folder);
    command
}
