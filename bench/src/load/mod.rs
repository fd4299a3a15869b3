//! The load generator: kept HTTP/1.1 connections over loopback, each with requests of its own.
//!
//! It shares the machine with what it measures, so it does little: no client library between the
//! socket and the histogram, one thread a core at most, each with a runtime and connections of its
//! own, so that nothing is handed from thread to thread.

mod answer;
mod connection;
mod outcome;
mod requests;

use std::io;
use std::net::SocketAddr;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use tokio::task::LocalSet;
use tokio::time::{sleep_until, timeout};

use crate::machine;

pub use answer::Answer;
pub use connection::Connection;
pub use outcome::Outcome;
pub use requests::{Requests, Same, in_turn, write_form, write_get, write_post};

/// A load: so many connections for so long.
#[derive(Clone, Copy)]
pub struct Load {
    /// Whom to ask.
    pub address: SocketAddr,
    /// Connections that ask at the same time.
    pub connections: usize,
    /// How long.
    pub time: Duration,
    /// Requests a second of all connections together. None: each asks again as soon as it is
    /// answered. With a rate, latency counts from when a request was due.
    pub rate: Option<f64>,
}

/// The longest that an answer is waited for; after it the request counts as lost.
const PATIENCE: Duration = Duration::from_secs(30);

impl Load {
    /// Runs it. `started` is called when all connections are open, right before the first request.
    ///
    /// # Errors
    /// When a connection can't be opened.
    pub fn run(
        &self,
        requests: Vec<Box<dyn Requests>>,
        started: impl FnOnce(),
    ) -> io::Result<Outcome> {
        assert_eq!(requests.len(), self.connections, "requests a connection");
        let threads = machine::cores().min(self.connections).max(1);
        let mut shares: Vec<Vec<_>> = (0..threads).map(|_| Vec::new()).collect();
        for (number, one) in requests.into_iter().enumerate() {
            shares[number % threads].push((number, one));
        }
        let ready = Barrier::new(threads + 1);
        std::thread::scope(|scope| {
            let spawn = |share| {
                let ready = &ready;
                scope.spawn(move || self.share(share, ready))
            };
            let running: Vec<_> = shares.into_iter().map(spawn).collect();
            ready.wait();
            started();
            ready.wait();
            let mut outcome = Outcome::default();
            for thread in running {
                outcome.add(thread.join().expect("the load does not panic")?);
            }
            outcome.time = self.time;
            Ok(outcome)
        })
    }

    /// The connections of one thread.
    fn share(
        &self,
        share: Vec<(usize, Box<dyn Requests>)>,
        ready: &Barrier,
    ) -> io::Result<Outcome> {
        let opened = runtime().and_then(|runtime| {
            let opened = share.into_iter().map(|(number, requests)| {
                let connection = runtime.block_on(Connection::open(self.address))?;
                Ok((number, requests, connection))
            });
            let opened = opened.collect::<io::Result<Vec<_>>>()?;
            Ok((runtime, opened))
        });
        // Also when it failed: the others wait.
        ready.wait();
        ready.wait();
        let (runtime, opened) = opened?;
        let local = LocalSet::new();
        let (load, began) = (*self, Instant::now());
        local.block_on(&runtime, async move {
            let ask = |(number, requests, connection)| {
                tokio::task::spawn_local(load.ask(number, requests, connection, began))
            };
            let tasks: Vec<_> = opened.into_iter().map(ask).collect();
            let mut outcome = Outcome::default();
            for task in tasks {
                outcome.add(task.await.map_err(io::Error::other)?);
            }
            Ok(outcome)
        })
    }

    /// One connection.
    async fn ask(
        self,
        number: usize,
        mut requests: Box<dyn Requests>,
        mut connection: Connection,
        began: Instant,
    ) -> Outcome {
        let (mut outcome, mut request) = (Outcome::default(), Vec::with_capacity(1024));
        let end = began + self.time;
        let turn = self
            .rate
            .map(|rate| Duration::from_secs_f64(self.connections as f64 / rate));
        let first = turn.map(|turn| turn.mul_f64(number as f64 / self.connections as f64));
        let mut due = began + first.unwrap_or_default();
        loop {
            request.clear();
            if let Err(why) = requests.next(&mut request) {
                outcome.refuse(|| why.to_string());
                return outcome;
            }
            match turn {
                Some(_) => sleep_until(due.into()).await,
                None => due = Instant::now(),
            }
            let asked = due;
            if asked >= end {
                return outcome;
            }
            due += turn.unwrap_or_default();
            match timeout(PATIENCE, connection.ask(&request)).await {
                Ok(Ok(answer)) => {
                    let now = Instant::now();
                    match now <= end {
                        true => outcome.count(answer.status, now - asked),
                        false => outcome.late(end.saturating_duration_since(asked), now - asked),
                    }
                    if !requests.accept(&answer) {
                        outcome.refuse(|| described(&answer));
                    }
                }
                Ok(Err(_)) | Err(_) => {
                    outcome.lost += 1;
                    return outcome;
                }
            }
        }
    }
}

fn described(answer: &Answer<'_>) -> String {
    let body = String::from_utf8_lossy(answer.body);
    format!("{} {}", answer.status, body.trim())
}

fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// Asks once, over a connection of its own: for setting things up.
///
/// # Errors
/// When there is no answer.
pub fn once<T>(
    address: SocketAddr,
    request: &[u8],
    read: impl FnOnce(&Answer<'_>) -> T,
) -> io::Result<T> {
    runtime()?.block_on(async {
        let mut connection = Connection::open(address).await?;
        Ok(read(&connection.ask(request).await?))
    })
}
