//! HTTP/1.1 over one connection that stays open: as little of it as a client
//! needs that must not cost more than what it measures.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// Nothing that is measured takes longer.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer, whole. Header names are in small letters, as actix writes them.
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Connection {
    pub fn open(port: u16) -> Self {
        Self::on(connect(port).unwrap())
    }

    pub fn on(stream: TcpStream) -> Self {
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    pub fn ask(&mut self, request: &[u8]) -> Answer {
        self.stream.write_all(request).unwrap();
        self.buffer.clear();
        let head = loop {
            match self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                Some(end) => break end + 4,
                None => self.read_some(),
            }
        };
        let mut answer = Answer {
            status: 0,
            head: String::from_utf8_lossy(&self.buffer[..head]).into_owned(),
            body: Vec::new(),
        };
        answer.status = answer.head[9..12].parse().unwrap();
        // Ours say how long they are, unless they are empty.
        let length = answer.headers("content-length").next();
        let length: usize = length.map_or(0, |length| length.parse().unwrap());
        while self.buffer.len() < head + length {
            self.read_some();
        }
        answer.body = self.buffer.split_off(head);
        answer
    }

    fn read_some(&mut self) {
        let mut some = [0; 16 * 1024];
        let read = self.stream.read(&mut some).unwrap();
        assert!(read > 0, "the connection was closed");
        self.buffer.extend_from_slice(&some[..read]);
    }
}

impl Answer {
    /// The values of a header, in order.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        let pairs = self.head.lines().filter_map(|line| line.split_once(": "));
        pairs
            .filter(move |(key, _)| *key == name)
            .map(|(_, value)| value)
    }
}

pub fn connect(port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// A request without a body. The headers end with a line's end each.
pub fn request(line: &str, host: &str, headers: &str) -> Vec<u8> {
    format!("{line} HTTP/1.1\r\nhost: {host}\r\n{headers}\r\n").into_bytes()
}
