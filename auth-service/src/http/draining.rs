//! From the word to stop until the end: still serving, and sending clients elsewhere.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Whether the service was told to stop, and what it still has to answer.
#[derive(Default)]
pub struct Draining {
    begun: AtomicBool,
    in_flight: AtomicUsize,
}

/// A request that is being answered.
pub struct InFlight<'a>(&'a Draining);

/// For how long nothing must be in flight: an answer has still to be written when its request is
/// over for us, and the next half of a request may be on its way.
const QUIET: Duration = Duration::from_millis(500);

impl Draining {
    /// The service was told to stop: it is not ready any more, and still serves.
    pub fn begin(&self) {
        self.begun.store(true, Ordering::Relaxed);
    }

    /// Whether it was.
    pub fn has_begun(&self) -> bool {
        self.begun.load(Ordering::Relaxed)
    }

    /// A request begins; it ends when this is dropped.
    pub fn enter(&self) -> InFlight<'_> {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(self)
    }

    /// Waits until no request is being answered, and none was for a while.
    pub async fn nothing_in_flight(&self) {
        let mut last_busy = Instant::now();
        while last_busy.elapsed() < QUIET {
            sleep(Duration::from_millis(10)).await;
            if self.in_flight.load(Ordering::Relaxed) > 0 {
                last_busy = Instant::now();
            }
        }
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
