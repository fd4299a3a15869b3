//! What is not counted but looked at, when somebody asks.

use std::time::Duration;

/// The state of the service at one moment.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// Database connections that requests hold.
    pub connections_in_use: usize,
    /// Database connections that are open.
    pub connections_open: usize,
    /// Database connections that may be open.
    pub connections_max: usize,
    /// Password hashes that wait for a thread.
    pub hashes_waiting: usize,
    /// Entries of the denylist.
    pub denylist_entries: usize,
    /// Open streams of the revocation feed.
    pub feed_consumers: usize,
    /// Entries that the slowest of these has not been sent yet.
    pub feed_backlog: usize,
    /// How long ago what this replica knows of revocations was brought up to date.
    pub revocation_lag: Option<Duration>,
    /// Whether Redis carries revocations; nothing where there is none.
    pub redis_is_heard: Option<bool>,
    /// Lines of the log that were lost since the start.
    pub log_lines_lost: u64,
    /// How long the signing key has signed.
    pub key_age: Option<Duration>,
    /// Seconds until the next key takes over; less than nought where it should have.
    pub key_rotates_in: Option<f64>,
}
