//! The brake on guessing passwords: how often a wrong one may be tried before the next try waits.
//!
//! Owned here: which address a request counts for ([`client_address`]), the buckets that failures
//! are counted in, their growing delays, and the way around them for a device that its owner has
//! used before. Login, change of password and deletion of an account go through the same
//! [`Limits::begin`], so that none of them is a way past the others.
//!
//! ```text
//! begin ─ allowed ─▶ Ticket ─┬─ succeeded   account and device start afresh, the address gets one back
//!   │                        ├─ failed      stays counted; so does a ticket that is dropped
//!   │                        └─ release     given back: the password was never judged
//!   └─ delayed ─ known device? ─ its own bucket alone decides
//! ```
//!
//! A failure is counted before the password is hashed, so a burst in parallel gets no further
//! than the same tries one by one.

mod bucket;
mod client;
mod login;
mod memory;
mod policy;
mod shared;

pub use client::{client_address, network};
pub use login::{Blocked, LoginKeys, Ticket};

use std::time::Duration;

use crate::clock::{Clock, Instant};
use crate::config::Throttle;
use crate::kv::Kv;
use bucket::Bucket;
use memory::Memory;
use policy::Policy;
use shared::Shared;

/// Buckets that a process keeps at most; some 20 MB.
const CAPACITY: usize = 100_000;

/// Counts failures: in this process, or in Redis for all replicas where there is one.
#[derive(Debug)]
pub struct Limits {
    policy: Policy,
    clock: Clock,
    memory: Memory,
    shared: Option<Shared>,
}

/// Which of the two counted an attempt, and so must hear how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Backend {
    Memory,
    Shared,
}

impl Limits {
    /// Counts in this process alone.
    pub fn in_memory(throttle: &Throttle, clock: Clock) -> Self {
        Self {
            policy: Policy::new(throttle),
            clock,
            memory: Memory::new(CAPACITY),
            shared: None,
        }
    }

    /// Counts in Redis, and in this process while Redis fails or takes over 250 ms. Needs a Tokio
    /// runtime; connects at the first use, so a Redis that is down stops no start.
    ///
    /// # Errors
    /// When `kv` cannot be managed at all. An unreachable server is no error.
    pub fn shared(
        throttle: &Throttle,
        clock: Clock,
        kv: impl Into<Kv>,
    ) -> redis::RedisResult<Self> {
        Ok(Self {
            shared: Some(Shared::new(kv.into(), shared::DEADLINE)?),
            ..Self::in_memory(throttle, clock)
        })
    }

    /// All or nothing: counts a failure in every bucket, unless one of them is in its delay; then
    /// the longest time that is left, and nothing is counted.
    async fn attempt(&self, buckets: &[Bucket], now: Instant) -> Result<Backend, Duration> {
        if let Some(shared) = &self.shared
            && let Some(verdict) = shared.attempt(&self.policy, buckets, now).await
        {
            return verdict.map(|()| Backend::Shared);
        }
        self.memory
            .attempt(&self.policy, buckets, now)
            .map(|()| Backend::Memory)
    }

    /// Forgets the failures of some buckets, and takes back from others what was counted `at`.
    async fn settle(&self, backend: Backend, forget: &[Bucket], give_back: &[Bucket], at: Instant) {
        match (backend, &self.shared) {
            (Backend::Shared, Some(shared)) => shared.settle(forget, give_back, at).await,
            _ => self.memory.settle(forget, give_back, at),
        }
    }
}

#[cfg(test)]
mod tests;
