//! The generic cell rate algorithm (ITU-T I.371, Annex A), as virtual scheduling: all that is kept
//! of a key is the time at which it will be as if it had never come.
//!
//! `attempt.lua` says the same; the tests hold that both agree on the same sequences.

use std::time::Duration;

use super::micros;
use crate::config::Rate;

/// A rate as it is counted: `burst` at once, and one more for each `interval`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    pub(super) burst: u32,
    /// In microseconds; more than 0.
    pub(super) interval: i64,
}

/// What came of an arrival. Times in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// It fits: keep this time.
    Conforming { due: i64 },
    /// It does not; it would in `wait`. Nothing is to be kept.
    TooEarly { due: i64, wait: i64 },
}

impl Quota {
    /// What one of `replicas` may let through when they don't count together: as many times less,
    /// but at least one at once.
    pub(super) fn of(rate: Rate, replicas: u32) -> Option<Self> {
        let Rate::Per { count, period } = rate else {
            return None;
        };
        let interval = micros(period) / u64::from(count.max(1)) * u64::from(replicas);
        Some(Self {
            burst: (count / replicas).max(1),
            interval: i64::try_from(interval).unwrap_or(i64::MAX / 2).max(1),
        })
    }

    /// From nothing used to all of it, in microseconds.
    pub(super) fn window(self) -> i64 {
        self.interval.saturating_mul(self.burst.into())
    }

    /// One more comes at `now` to a key of which `due` is kept, or nothing.
    pub(super) fn arrive(self, due: Option<i64>, now: i64) -> Arrival {
        // Further ahead than can be: the clock was set back, or the rate was another. As if new.
        let due = due.filter(|due| due.saturating_sub(now) <= self.window());
        let start = due.unwrap_or(now).max(now);
        let next = start.saturating_add(self.interval);
        let wait = next.saturating_sub(now).saturating_sub(self.window());
        match wait {
            ..=0 => Arrival::Conforming { due: next },
            wait => Arrival::TooEarly { due: start, wait },
        }
    }

    /// How many more may come at once when `ahead` (microseconds) is what is left until the key is
    /// as new.
    pub(super) fn remaining(self, ahead: i64) -> u32 {
        let left = (self.window() - ahead).max(0) / self.interval;
        u32::try_from(left).unwrap_or(u32::MAX)
    }
}

/// How a request stands with the limit that it is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The limit's name.
    pub name: &'static str,
    /// How many at once.
    pub quota: u32,
    /// How long until all of them have come back.
    pub window: Duration,
    /// How many are left now.
    pub remaining: u32,
    /// How long until all are left again.
    pub reset: Duration,
}

impl Standing {
    /// `ahead`: microseconds until the key is as new.
    pub(super) fn new(name: &'static str, quota: Quota, ahead: i64) -> Self {
        let span = |micros: i64| Duration::from_micros(micros.max(0).unsigned_abs());
        Self {
            name,
            quota: quota.burst,
            window: span(quota.window()),
            remaining: quota.remaining(ahead),
            reset: span(ahead),
        }
    }
}
