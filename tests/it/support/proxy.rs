//! Something between the app and Postgres that can fall silent: connections
//! that are open and over, as behind a proxy whose server has vanished.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

pub struct Proxy {
    /// Of the database behind it.
    pub url: String,
    generation: Arc<AtomicUsize>,
    /// Closed at the end, so that nobody waits for them for ever.
    open: Arc<Mutex<Vec<UnixStream>>>,
    folder: tempfile::TempDir,
}

impl Proxy {
    /// In front of a database of the private Postgres.
    pub fn to(database_url: &str) -> Self {
        let (head, host) = database_url.split_once("host=").unwrap();
        let (socket, tail) = host.split_once('&').unwrap();
        let real = format!("{}/.s.PGSQL.5432", socket.replace("%2F", "/"));
        let folder = tempfile::tempdir_in("/tmp").unwrap();
        let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).unwrap();
        let generation = Arc::new(AtomicUsize::new(0));
        let open = Arc::new(Mutex::new(Vec::new()));
        let (current, opened) = (Arc::clone(&generation), Arc::clone(&open));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = UnixStream::connect(&real) else {
                    continue;
                };
                let both = [client.try_clone().unwrap(), server.try_clone().unwrap()];
                opened.lock().unwrap().extend(both);
                let born = current.load(Ordering::SeqCst);
                let forward = |from: &UnixStream, to: &UnixStream| {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let current = Arc::clone(&current);
                    thread::spawn(move || {
                        pass_on(from, to, || current.load(Ordering::SeqCst) == born);
                    });
                };
                forward(&client, &server);
                forward(&server, &client);
            }
        });
        let host = folder.path().display().to_string().replace('/', "%2F");
        Self {
            url: format!("{head}host={host}&{tail}"),
            generation,
            open,
            folder,
        }
    }

    /// From now on the connections that there are stay open, and pass nothing
    /// on; new ones work.
    pub fn silence(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        for stream in self.open.lock().unwrap().iter() {
            let _ = stream.shutdown(Shutdown::Both);
        }
        let _ = fs::remove_file(self.folder.path().join(".s.PGSQL.5432"));
    }
}

fn pass_on(mut from: UnixStream, mut to: UnixStream, is_alive: impl Fn() -> bool) {
    let mut buffer = [0; 16_384];
    let mut read = move |from: &mut UnixStream| -> io::Result<Vec<u8>> {
        let length = from.read(&mut buffer)?;
        Ok(buffer[..length].to_vec())
    };
    while let Ok(bytes) = read(&mut from) {
        if bytes.is_empty() {
            break;
        }
        if is_alive() && to.write_all(&bytes).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}
