//! The demo's ring: it changes, and it opens what is stored, as in production.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use diesel::prelude::*;

use crate::commands::{run, vestibule};
use crate::support::eventually;

/// A demo of two instances that is ended when the test is over.
struct Demo {
    child: Child,
    log: std::path::PathBuf,
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Demo {
    fn start(folder: &Path) -> Self {
        let port = (30_000..40_000_u16)
            .step_by(10)
            .find(|port| (0..3).all(|n| TcpListener::bind(("127.0.0.1", port + n)).is_ok()))
            .unwrap();
        let [port, simulator] = [port, port + 1].map(|port| port.to_string());
        let ports = ["--port", &port, "--simulator-port", &simulator];
        let arguments = [&["demo", "--instances", "2"], &ports[..]].concat();
        let log = folder.join("said");
        let file = File::create(&log).unwrap();
        let mut command = vestibule(&arguments, &[("PATH", env!("PATH"))], folder);
        command.stdout(file.try_clone().unwrap()).stderr(file);
        let child = command.spawn().unwrap();
        Self { child, log }
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    async fn says(&self, words: &str, times: usize) {
        eventually(words, Duration::from_mins(1), async || {
            self.said().matches(words).count() == times
        })
        .await;
    }

    /// Its exit status, once it has ended by itself.
    fn ended(&mut self) -> Option<i32> {
        let began = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(began.elapsed() < Duration::from_mins(1), "{}", self.said());
            std::thread::sleep(Duration::from_millis(20));
        }
        self.child.wait().unwrap().code()
    }

    /// Sends a signal to the demo and to its further instance.
    fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let children = Command::new("pgrep")
            .args(["-P", &pid, "vestibule"])
            .output();
        let children = String::from_utf8(children.unwrap().stdout).unwrap();
        let mut kill = Command::new("kill");
        kill.arg(signal).arg(&pid).args(children.split_whitespace());
        assert!(kill.status().unwrap().success());
    }
}

/// Somebody whose token lies under a key of this name.
fn somebody_under(database_url: &str, kid: &str) {
    let mut conn = PgConnection::establish(database_url).unwrap();
    for sql in [
        "insert into users (id, username) values (gen_random_uuid(), 'u')".to_owned(),
        format!(
            "insert into accounts (id, user_id, provider, provider_user_id, username, scope, access_token)
             select gen_random_uuid(), id, 'github', '1', 'u', '', decode('01{:02x}', 'hex') || '{kid}' || '123456789012'
             from users",
            kid.len()
        ),
    ] {
        diesel::sql_query(sql).execute(&mut conn).unwrap();
    }
}

#[actix_web::test]
async fn the_demo_and_its_instances_take_another_ring_and_refuse_a_wrong_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Demo::start(folder.path());
    demo.says("Ctrl-C stops", 1).await;
    let rotate = ["keys", "rotate", ".vestibule/keys.json"];
    assert!(run(&rotate, &[], folder.path()).status.success());
    demo.signal("-HUP");
    demo.says("the key ring has changed", 2).await;

    let env = fs::read_to_string(folder.path().join(".vestibule/demo.env")).unwrap();
    let url = env
        .lines()
        .find_map(|line| line.strip_prefix("DATABASE_URL="));
    somebody_under(url.unwrap().trim_matches('\''), "seal-gone");
    demo.signal("-TERM");
    assert_eq!(demo.ended(), Some(0), "{}", demo.said());

    let mut again = Demo::start(folder.path());
    assert_eq!(again.ended(), Some(1));
    let (said, refused) = (again.said(), "KEYS_FILE: does not hold the key seal-gone");
    let line = said.lines().find(|line| line.starts_with(refused));
    assert!(line.is_some_and(|line| line.contains("--reset")), "{said}");
}
