//! What is counted and timed, for operators to watch. Rooms are handed instruments and know no
//! more; the wire format is `exposition.rs`' alone, and nothing here knows a room.
//!
//! The hot path pays a few atomic additions: every label set is made beforehand, or when it is
//! first seen, and then kept where it is used.

mod exposition;
mod instruments;
mod outcomes;
#[cfg(target_os = "linux")]
mod process;
mod requests;
mod sample;

use prometheus::Registry;

pub use exposition::CONTENT_TYPE;
pub use instruments::{Counter, Outcomes, Queue, Timer};
pub use outcomes::{Login, Outcome, Refresh};
pub use requests::{Requests, Route, method};
pub use sample::Sample;

/// Every instrument of the service.
pub struct Metrics {
    /// HTTP requests of the public listener.
    pub requests: Requests,
    /// Sign-ins by how they ended.
    pub logins: Outcomes<Login>,
    /// Presented refresh tokens by what became of them.
    pub refreshes: Outcomes<Refresh>,
    /// The queue before the hashing threads.
    pub hashing: Queue,
    /// The queue before the database's connections.
    pub connections: Queue,
    /// Readers of the revocation feed that fell too far behind.
    pub feed_resets: Counter,
    registry: Registry,
}

impl Default for Metrics {
    fn default() -> Self {
        let registry = Registry::new();
        let r = &registry;
        Self {
            requests: Requests::new(r),
            logins: Outcomes::new(r, "auth_logins_total", "Sign-ins by password, by result."),
            refreshes: Outcomes::new(
                r,
                "auth_refreshes_total",
                "Presented refresh tokens, by outcome. `replayed` was answered within the reuse \
                 window, `reused` came later and ended its session.",
            ),
            hashing: Queue {
                wait: Timer::new(
                    r,
                    "auth_hash_queue_wait_seconds",
                    "How long password hashes waited for a thread.",
                ),
                refused: Counter::new(
                    r,
                    "auth_hashes_shed_total",
                    "Password hashes refused because the queue was full or its deadline passed.",
                ),
            },
            connections: Queue {
                wait: Timer::new(
                    r,
                    "auth_db_connection_wait_seconds",
                    "How long requests waited for a database connection.",
                ),
                refused: Counter::new(
                    r,
                    "auth_db_connections_refused_total",
                    "Requests that got no database connection.",
                ),
            },
            feed_resets: Counter::new(
                r,
                "auth_revocation_feed_resets_total",
                "Times that a reader of the revocation feed was sent back to the snapshot.",
            ),
            registry,
        }
    }
}
