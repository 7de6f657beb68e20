//! `vestibule serve`, as operators run it.

use std::fs::{self, File};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use super::Visitor;
use super::app::ORIGIN;
use crate::commands::vestibule;

/// What it needs, with a ring in `keys.json` and no time to drain.
pub fn for_serve<'a>(database_url: &'a str, simulator_url: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("PUBLIC_URL", ORIGIN),
        ("DATABASE_URL", database_url),
        ("KEYS_FILE", "keys.json"),
        ("GITHUB_CLIENT_ID", "id-github"),
        ("GITHUB_CLIENT_SECRET", "canary-client-secret-github"),
        ("GITHUB_URL", simulator_url),
        ("GITHUB_API_URL", simulator_url),
        ("VERCEL_CLIENT_ID", "id-vercel"),
        ("VERCEL_CLIENT_SECRET", "canary-client-secret-vercel"),
        ("VERCEL_URL", simulator_url),
        ("VERCEL_API_URL", simulator_url),
        ("SHUTDOWN_DRAIN", "0"),
    ]
}

/// A server that is ended when the test is over, whatever came of it.
pub struct Serving {
    pub child: Child,
    pub port: u16,
    log: PathBuf,
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Serving {
    pub async fn start(variables: &[(&str, &str)], folder: &Path) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let bind = format!("127.0.0.1:{port}");
        // A file: a pipe that nobody reads would stop a server that says much.
        let log = folder.join("said");
        let file = File::create(&log).unwrap();
        let mut command = vestibule(&["serve"], variables, folder);
        command
            .env("BIND", bind)
            .stdout(file.try_clone().unwrap())
            .stderr(file);
        let mut serving = Self {
            child: command.spawn().unwrap(),
            port,
            log,
        };
        serving.wait_until_ready().await;
        serving
    }

    async fn wait_until_ready(&mut self) {
        let patience = Instant::now();
        let visitor = Visitor::new(self.port);
        let is_bound = |port| TcpStream::connect(("127.0.0.1", port)).is_ok();
        while !is_bound(self.port)
            || visitor.send_bare("GET", "/readyz", &[], "").await.status != 200
        {
            let ended = self.child.try_wait().unwrap();
            assert!(
                ended.is_none() && patience.elapsed() < Duration::from_secs(30),
                "not serving: {ended:?}"
            );
            actix_web::rt::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Asks it to stop, as a supervisor does.
    pub fn terminate(&self) {
        self.signal("-TERM");
    }

    pub fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        Command::new("kill").args([signal, &pid]).status().unwrap();
    }

    /// Everything that it said so far.
    pub fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Stops it; everything that it said.
    pub fn stop(&mut self) -> (Option<i32>, String) {
        self.terminate();
        let status = self.child.wait().unwrap();
        (status.code(), self.said())
    }
}
