//! Further instances of the demo: `vestibule serve`, as processes of their own
//! on the same database and keys.

use std::cell::RefCell;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant};

use actix_web::rt;

use super::files::Demo;
use crate::cli::{Failure, terminal};
use crate::config::Environment;

/// A debug build on a busy machine needs a while.
const READY_WITHIN: Duration = Duration::from_secs(30);
const STOPS_WITHIN: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(50);
const WATCH_EVERY: Duration = Duration::from_secs(1);

/// What of the demo's own environment they hear as well.
const PASSED_ON: [&str; 2] = ["LOG_FORMAT", "LOG_LEVEL"];

/// Running instances. They end when this is dropped, and also when this
/// process is killed: each watches the pipe that is its standard input.
pub struct Instances(Vec<Instance>);

struct Instance {
    url: String,
    child: Child,
}

impl Instances {
    /// Starts one at each port.
    pub fn start(demo: &Demo, ports: &[u16], environment: &Environment) -> Result<Self, Failure> {
        let mut all = Self(Vec::new());
        for port in ports {
            let child = command(demo, *port, environment)?
                .spawn()
                .map_err(|cause| Failure::new(format!("an instance cannot be started: {cause}")))?;
            all.0.push(Instance {
                url: format!("http://localhost:{port}"),
                child,
            });
        }
        Ok(all)
    }

    pub fn urls(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|instance| instance.url.as_str())
    }

    /// Waits until each answers that it is ready.
    pub async fn ready(&mut self) -> Result<(), Failure> {
        let deadline = Instant::now() + READY_WITHIN;
        for instance in &mut self.0 {
            while !answers(&instance.url).await {
                let ended = instance.child.try_wait().ok().flatten();
                if ended.is_some() || Instant::now() > deadline {
                    return Err(Failure::new(format!(
                        "the instance at {} did not start; its log above says why",
                        instance.url
                    )));
                }
                rt::time::sleep(LOOK_EVERY).await;
            }
        }
        Ok(())
    }
}

/// Instances of which it is told should one end by itself.
pub struct Watched {
    instances: Rc<RefCell<Instances>>,
    watch: rt::task::JoinHandle<()>,
}

impl Instances {
    pub fn watched(self) -> Watched {
        let instances = Rc::new(RefCell::new(self));
        let watched = Rc::clone(&instances);
        let watch = rt::spawn(async move {
            loop {
                rt::time::sleep(WATCH_EVERY).await;
                watched.borrow_mut().tell_of_ended();
            }
        });
        Watched { instances, watch }
    }

    fn tell_of_ended(&mut self) {
        self.0
            .retain_mut(|instance| match instance.child.try_wait() {
                Ok(Some(status)) => {
                    terminal::complain(&format!(
                        "the instance at {} has ended ({status}); the others go on",
                        instance.url
                    ));
                    false
                }
                _ => true,
            });
    }
}

impl Watched {
    pub fn stop(self) {
        self.watch.abort();
        self.instances.borrow_mut().stop();
    }
}

async fn answers(url: &str) -> bool {
    let answer = awc::Client::default().get(format!("{url}/readyz")).send();
    answer
        .await
        .is_ok_and(|answer| answer.status().is_success())
}

fn command(demo: &Demo, port: u16, environment: &Environment) -> Result<Command, Failure> {
    let program = std::env::current_exe().map_err(Failure::new)?;
    let passed_on = PASSED_ON
        .iter()
        .filter_map(|name| Some((*name, environment.get(name)?)));
    let mut command = Command::new(program);
    command
        .args(["serve", "--until-stdin-closes"])
        // Nothing of ours but what the demo says, and no .env of somebody's.
        .env_clear()
        .envs(demo.variables.iter().map(|(name, value)| (name, value)))
        .envs(passed_on)
        .env("BIND", format!("127.0.0.1:{port}"))
        .env("SHUTDOWN_DRAIN", "0")
        .current_dir(&demo.folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null());
    Ok(command)
}

impl Drop for Instances {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Instances {
    fn stop(&mut self) {
        for instance in &mut self.0 {
            drop(instance.child.stdin.take());
        }
        let deadline = Instant::now() + STOPS_WITHIN;
        for Instance { url, child } in &mut self.0 {
            while matches!(child.try_wait(), Ok(None)) {
                if Instant::now() > deadline {
                    terminal::complain(&format!("the instance at {url} did not stop: killed"));
                    let _ = child.kill();
                    let _ = child.wait();
                    break;
                }
                std::thread::sleep(LOOK_EVERY);
            }
        }
        self.0.clear();
    }
}
