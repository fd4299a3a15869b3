//! How long a bucket waits after how many failures.

use std::time::Duration;

use super::bucket::Bucket;
use crate::config::Throttle;

/// From this many failures in a row on an account is closed (NIST SP 800-63B, on rate limiting).
const MAX_CONSECUTIVE_FAILURES: u32 = 100;

/// The rules of `throttle` in the settings.
#[derive(Debug)]
pub(super) struct Policy {
    account_failures: u32,
    address_failures: u32,
    /// See [`MAX_CONSECUTIVE_FAILURES`].
    closed_at: u32,
    /// The delay after the first failure beyond the free ones.
    pub(super) base_delay: Duration,
    /// The longest delay of a bucket that is not closed; never more than `memory`.
    pub(super) max_delay: Duration,
    /// A bucket is forgotten after this long without a failure, and closed for as long.
    pub(super) memory: Duration,
}

impl Policy {
    /// What one of `replicas` lets through when they don't count together: as many times less.
    pub(super) fn new(throttle: &Throttle, replicas: u32) -> Self {
        let replicas = replicas.max(1);
        Self {
            account_failures: throttle.account_failures / replicas,
            address_failures: throttle.address_failures / replicas,
            closed_at: (MAX_CONSECUTIVE_FAILURES / replicas).max(1),
            base_delay: throttle.base_delay,
            max_delay: throttle.max_delay.min(throttle.memory),
            memory: throttle.memory,
        }
    }

    /// Failures in a row without a delay.
    pub(super) fn free(&self, bucket: &Bucket) -> u32 {
        match bucket {
            Bucket::Account(_) | Bucket::Device(..) => self.account_failures,
            Bucket::Address(_) => self.address_failures,
            Bucket::Share(..) => u32::MAX,
        }
    }

    /// Failures in a row that close the bucket. An address never closes: many people share it. A
    /// share only counts.
    pub(super) fn closed_at(&self, bucket: &Bucket) -> u32 {
        match bucket {
            Bucket::Account(_) | Bucket::Device(..) => self.closed_at,
            Bucket::Address(_) | Bucket::Share(..) => u32::MAX,
        }
    }

    /// How long after the last of `failures` in a row the next attempt may come. `attempt.lua`
    /// says the same; the tests run both.
    pub(super) fn delay(&self, bucket: &Bucket, failures: u32) -> Duration {
        if failures >= self.closed_at(bucket) {
            return self.memory;
        }
        match failures.saturating_sub(self.free(bucket)) {
            0 => Duration::ZERO,
            beyond => self
                .base_delay
                .saturating_mul(2u32.saturating_pow(beyond - 1))
                .min(self.max_delay),
        }
    }
}
