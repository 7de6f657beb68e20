//! One chromedriver a test run, which ends with it however it ends.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

struct Driver {
    url: String,
    #[expect(dead_code, reason = "holds the pipe whose end ends everything")]
    process: Child,
}

/// Never dropped: its pipe is closed by the end of this process.
static DRIVER: OnceLock<Driver> = OnceLock::new();

/// Where it takes commands.
pub fn url() -> &'static str {
    &DRIVER.get_or_init(start).url
}

fn start() -> Driver {
    let mut process = Command::new("setsid")
        .args(["sh", "-c", include_str!("driver.sh")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(process.stdout.take().unwrap()).lines();
    // "ChromeDriver was started successfully on port 40123."
    let port = said.find_map(|line| {
        let port = line.ok()?.split("successfully on port ").nth(1)?.to_owned();
        port.trim_end_matches('.').parse::<u16>().ok()
    });
    let port = port.expect("chromedriver does not start: apt-get install chromium chromium-driver");
    Driver {
        url: format!("http://127.0.0.1:{port}"),
        process,
    }
}
