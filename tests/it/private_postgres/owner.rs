//! A process of its own that owns a cluster, so that it can be killed.

use std::{
    env,
    io::{self, BufRead, BufReader, IsTerminal, Lines, Read, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use vestibule::demo::postgres::PrivatePostgres;

const NAME: &str = "private_postgres::owner::it_owns_a_cluster_until_it_is_killed";

/// What its standard output says, after whatever the test harness says.
const HELLO: &str = "owner:";

/// Not a test: what the tests run. Told on standard input where the data is, or
/// by an empty line that it is to be thrown away; ends with standard input.
#[test]
#[ignore = "run by other tests, in a process of its own"]
fn it_owns_a_cluster_until_it_is_killed() {
    let mut data_dir = String::new();
    if io::stdin().is_terminal() || io::stdin().read_line(&mut data_dir).unwrap() == 0 {
        return;
    }
    let postgres = match data_dir.trim_end() {
        "" => PrivatePostgres::start_throwaway().unwrap(),
        path => PrivatePostgres::start(Path::new(path)).unwrap(),
    };

    let postmaster = postgres.postmaster_pid().unwrap();
    let url = postgres.url("postgres");
    println!("\n{HELLO} {postmaster} {} {url}", postgres.supervisor_pid());
    io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

pub struct Owner {
    child: Child,
    /// Kept open, or the harness in there complains.
    _output: Lines<BufReader<ChildStdout>>,
    pub postmaster: i32,
    pub supervisor: i32,
    pub url: String,
}

impl Owner {
    pub fn of(data_dir: &Path) -> Self {
        Self::told(data_dir.to_str().unwrap())
    }

    pub fn of_a_throwaway() -> Self {
        Self::told("")
    }

    fn told(data_dir: &str) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--ignored", "--exact", "--nocapture", NAME])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        writeln!(child.stdin.as_mut().unwrap(), "{data_dir}").unwrap();

        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        let hello = output
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix(HELLO).map(str::to_owned))
            .expect("the owner starts its cluster");
        let mut words = hello.split_whitespace();
        let mut word = || words.next().unwrap();
        Self {
            child,
            _output: output,
            postmaster: word().parse().unwrap(),
            supervisor: word().parse().unwrap(),
            url: word().to_owned(),
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL: it cannot do anything about it.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Owner {
    /// As the end of a well-behaved process.
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        self.child.wait().unwrap();
    }
}

/// Waits for something that must come, but at its own pace.
pub fn until(what: &str, come: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !come() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Not so a zombie: its parent may take its time.
pub fn is_alive(pid: i32) -> bool {
    if Path::new("/proc/self/stat").exists() {
        std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|arguments| !arguments.is_empty())
    } else {
        kill(&format!("-0 {pid}"))
    }
}

pub fn signal(name: &str, pid: i32) {
    assert!(kill(&format!("-{name} {pid}")));
}

/// The shell's own: not every system has the program.
fn kill(arguments: &str) -> bool {
    Command::new("/bin/sh")
        .args(["-c", &format!("kill {arguments} 2>/dev/null")])
        .status()
        .unwrap()
        .success()
}

/// The directory in a connection URL.
pub fn socket_of(url: &str) -> PathBuf {
    let (_, host) = url.split_once("host=").unwrap();
    let host = host.split('&').next().unwrap();
    PathBuf::from(host.replace("%2F", "/"))
}
