//! From the word to stop until the end: still serving, and sending clients elsewhere.

use std::sync::atomic::{AtomicBool, Ordering};

/// Set once the service has been told to stop: it is not ready any more, and still serves.
#[derive(Default)]
pub struct Draining(AtomicBool);

impl Draining {
    /// The service was told to stop.
    pub fn begin(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was.
    pub fn has_begun(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
