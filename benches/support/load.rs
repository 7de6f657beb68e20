//! Requests a second, from a client that costs little: one thread, many
//! connections, a request at a time on each.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Instant;

use crate::http::{Connection, connect};

/// Half of the connections. Their requests are sent while the other half's are
/// being answered, so that the server never waits for us; and we wait for it
/// once in a wave at most, because it is the server that has to wake us.
const PER_WAVE: usize = 64;
/// In one round: some dozen milliseconds, so that what disturbs this machine
/// disturbs both alike.
const WAVES: usize = 25;

/// One request, over and over, to one server.
pub struct Load {
    request: Vec<u8>,
    /// Its answers are all of one length.
    answer: Vec<u8>,
    halves: [Vec<TcpStream>; 2],
}

/// What two servers do in alternating rounds.
pub struct Compared {
    /// Requests a second at each: medians.
    pub rates: [f64; 2],
    /// The first by the second, round by round: the median.
    pub ratio: f64,
}

impl Load {
    pub fn new(port: u16, request: Vec<u8>) -> Self {
        let first = Connection::open(port).ask(&request);
        assert_eq!(first.status, 200, "{}", first.head);
        let mut answer = first.head.into_bytes();
        answer.extend(first.body);
        Self {
            request,
            answer,
            halves: [(); 2].map(|()| (0..PER_WAVE).map(|_| connect(port).unwrap()).collect()),
        }
    }

    /// What was answered last, head and body.
    pub fn answer(&self) -> &[u8] {
        &self.answer
    }

    /// Requests a second.
    fn round(&mut self) -> f64 {
        let started = Instant::now();
        self.send(0);
        self.send(1);
        for nth in 2..WAVES + 2 {
            self.receive(nth % 2);
            if nth < WAVES {
                self.send(nth % 2);
            }
        }
        rate(started)
    }

    fn send(&mut self, half: usize) {
        for stream in &mut self.halves[half] {
            stream.write_all(&self.request).unwrap();
        }
    }

    /// The last answer first: when it is there, the others are, too.
    fn receive(&mut self, half: usize) {
        for stream in self.halves[half].iter_mut().rev() {
            stream.read_exact(&mut self.answer).unwrap();
            assert!(self.answer.starts_with(b"HTTP/1.1 200 OK\r\n"));
        }
    }
}

fn rate(started: Instant) -> f64 {
    requests(1) / started.elapsed().as_secs_f64()
}

/// How many are sent to each server in so many rounds.
pub fn requests(rounds: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "some million at most")]
    let requests = (rounds * WAVES * PER_WAVE) as f64;
    requests
}

pub fn compare(one: &mut Load, other: &mut Load, rounds: usize) -> Compared {
    let (mut ones, mut others, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for nth in 0..rounds {
        // Whoever comes second would profit from a machine that has woken up.
        let (a, b) = if nth % 2 == 0 {
            let a = one.round();
            (a, other.round())
        } else {
            let b = other.round();
            (one.round(), b)
        };
        ones.push(a);
        others.push(b);
        ratios.push(a / b);
    }
    Compared {
        rates: [median(ones), median(others)],
        ratio: median(ratios),
    }
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
