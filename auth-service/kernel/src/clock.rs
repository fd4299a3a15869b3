//! Time is given, never taken: everything that reads the time reads it from a [`Clock`].
//!
//! In the service the clock follows the database's time, so that replicas whose own clocks
//! differ still agree on what has expired. Between two looks it runs on by the machine's
//! monotonic clock, which nobody sets. In tests it stands still until it is advanced.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Serialize, Serializer};

/// A point in time: microseconds since the Unix epoch, UTC. Shown and serialised as RFC 3339.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(i64);

impl Instant {
    /// Later than every time that the service handles (the year 9999).
    pub const FAR_FUTURE: Self = Self(253_370_764_800_000_000);

    /// From microseconds since the Unix epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From seconds since the Unix epoch.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs * 1_000_000)
    }

    /// Microseconds since the Unix epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down: a JWT's `NumericDate` (RFC 7519 §2).
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This time and `span` more.
    pub const fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span.as_micros() as i64))
    }

    /// This time and `span` less.
    pub const fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(span.as_micros() as i64))
    }

    /// How long after `earlier` this is; nothing if it is before.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0).max(0).unsigned_abs())
    }

    /// Seconds from `other` to this; less than nought if this is before.
    pub fn secs_after(self, other: Self) -> f64 {
        self.0.saturating_sub(other.0) as f64 / 1e6
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(at) => write!(f, "{at:.6}"),
            Err(_) => f.write_str("9999-12-31T00:00:00Z"),
        }
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Instant {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<jiff::Timestamp>()
            .map(|at| Self(at.as_microsecond()))
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The service's time. Clones share it.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Source>);

#[derive(Debug)]
enum Source {
    /// The machine's time, or what the database's was when the monotonic clock began.
    System {
        began: std::time::Instant,
        at: AtomicI64,
    },
    /// A time that moves only when it is told to.
    Manual(AtomicI64),
}

/// Stands for the machine's own time where the database has none.
const MACHINE: i64 = i64::MIN;

impl Clock {
    /// The machine's time, until [`follow`](Self::follow) is told the database's.
    pub fn system() -> Self {
        Self(Arc::new(Source::System {
            began: std::time::Instant::now(),
            at: AtomicI64::new(MACHINE),
        }))
    }

    /// A clock that stands at `start` until it is advanced.
    pub fn manual(start: Instant) -> Self {
        Self(Arc::new(Source::Manual(AtomicI64::new(start.0))))
    }

    /// The time now.
    pub fn now(&self) -> Instant {
        match &*self.0 {
            Source::System { began, at } => match at.load(Ordering::Relaxed) {
                MACHINE => Instant(machine_micros()),
                at => Instant(at).plus(began.elapsed()),
            },
            Source::Manual(at) => Instant(at.load(Ordering::SeqCst)),
        }
    }

    /// Follows the database: `now` is the time that it just told; nothing stands for the
    /// machine's. A manual clock does not.
    pub fn follow(&self, now: Option<Instant>) {
        if let Source::System { began, at } = &*self.0 {
            let began_at = now.map_or(MACHINE, |now| now.minus(began.elapsed()).0);
            at.store(began_at, Ordering::Relaxed);
        }
    }

    /// Moves a manual clock on. The machine's clock is not ours to move.
    pub fn advance(&self, span: Duration) {
        if let Source::Manual(at) = &*self.0 {
            at.fetch_add(span.as_micros() as i64, Ordering::SeqCst);
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the machine's clock"
)]
fn machine_micros() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_micros() as i64)
}
