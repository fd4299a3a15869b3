//! Limits: how often what may be asked, and the brake on guessing passwords.
//!
//! Owned here: which address a request counts for ([`client_address`], and which front-end server
//! may say so, [`Limits::is_front_end`]); the rates of each class of calls (`gcra`), counted for an
//! address, an account or a session; and the buckets that failures are counted in, their growing
//! delays, and the way around them for a device that its owner has used before.
//!
//! ```text
//! guesses, costs a hash     begin, admit   Redis, one script for all that a request counts by;
//!   sign-in, sign-up,                      while Redis is away: this process, a share of
//!   proving a password                     1 / `database.replicas`
//! guesses at nothing        pace           this process, its share: no round trip
//!   refresh, own account, admin
//! asked for every request   –              not limited: `/v1/verify`, the key set, discovery
//! ```
//!
//! Login, change of password and deletion of an account go through the same [`Limits::begin`], so
//! that none of them is a way past the others.
//!
//! ```text
//! begin ─ allowed ─▶ Ticket ─┬─ succeeded   the device starts afresh, and its failures are taken
//!   │                        │             from the account's; the address gets one back
//!   │                        ├─ failed      stays counted; so does a ticket that is dropped
//!   │                        └─ release     given back: the password was never judged
//!   └─ delayed ─ known device? ─ its own bucket and rate alone decide
//! ```
//!
//! A failure is counted before the password is hashed, so a burst in parallel gets no further
//! than the same tries one by one. What failed or was given back still counts as asked.

mod bucket;
mod cells;
mod client;
mod front_end;
mod gcra;
mod key;
mod login;
mod memory;
mod pace;
mod policy;
mod shared;
mod try_out;

pub use client::{client_address, network};
pub use gcra::Standing;
pub use key::Who;
pub use login::{Blocked, LoginKeys, Ticket};
pub use pace::Told;
pub use try_out::try_out;

use std::time::Duration;

use crate::clock::{Clock, Instant};
use crate::config::Settings;
use crate::kv::Kv;
use bucket::Bucket;
use cells::Cells;
use front_end::FrontEnds;
use gcra::Quota;
use key::Key;
use memory::Memory;
use pace::Quotas;
use policy::Policy;
use shared::Shared;

/// Buckets that a process keeps at most; some 20 MB.
const CAPACITY: usize = 100_000;

/// Keys of rates that a process keeps at most: 64 shards of as many as a table of 1,024 places
/// takes before it doubles, seven of eight; some 2 MB.
const CELLS: usize = 64 * 896;

/// Counts requests and failures: in this process, or in Redis for all replicas where there is one.
#[derive(Debug)]
pub struct Limits {
    policy: Policy,
    /// Where each replica counts by itself.
    own_policy: Policy,
    quotas: Quotas,
    front_ends: FrontEnds,
    clock: Clock,
    memory: Memory,
    cells: Cells,
    shared: Option<Shared>,
}

/// What came of an attempt.
struct Verdict {
    backend: Backend,
    /// How long until it may come again; nothing was counted then.
    wait: Option<Duration>,
    /// How it stands with its first rate.
    first: Option<Standing>,
}

/// Which of the two counted an attempt, and so must hear how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Backend {
    Memory,
    Shared,
}

/// What becomes of buckets once it is known how an attempt ended.
#[derive(Debug, Default)]
struct Settled<'a> {
    /// Their failures are forgotten.
    forgotten: &'a [Bucket],
    /// The failure of this attempt is taken back.
    given_back: &'a [Bucket],
    /// Then as many failures are taken from the first as the second counts, which is forgotten.
    repaid: Option<(Bucket, Bucket)>,
}

impl Limits {
    /// Counts in this process alone. The settings are valid.
    pub fn in_memory(settings: &Settings, clock: Clock) -> Self {
        let replicas = settings.database.replicas;
        Self {
            policy: Policy::new(&settings.throttle, 1),
            own_policy: Policy::new(&settings.throttle, replicas),
            quotas: Quotas::new(&settings.limits, replicas),
            front_ends: FrontEnds::new(settings.front_end_hashes().unwrap_or_default()),
            clock,
            memory: Memory::new(CAPACITY),
            cells: Cells::new(CELLS),
            shared: None,
        }
    }

    /// Counts in Redis, and in this process while Redis fails or takes over 250 ms. Needs a Tokio
    /// runtime; connects at the first use, so a Redis that is down stops no start.
    ///
    /// # Errors
    /// When `kv` cannot be managed at all. An unreachable server is no error.
    pub fn shared(
        settings: &Settings,
        clock: Clock,
        kv: impl Into<Kv>,
    ) -> redis::RedisResult<Self> {
        Ok(Self {
            shared: Some(Shared::new(kv.into(), shared::DEADLINE)?),
            ..Self::in_memory(settings, clock)
        })
    }

    /// All or nothing: counts one more for every rate and a failure in every bucket, unless one of
    /// them says no; then the longest time that is left, and nothing is counted.
    async fn attempt(&self, rates: &[Key], buckets: &[Bucket], now: Instant) -> Verdict {
        if let Some(verdict) = self.attempt_shared(rates, buckets, now).await {
            return verdict;
        }
        let time = now.as_micros();
        let mut wait = self.arrive_here(rates, time);
        if wait.is_none() {
            wait = self.memory.attempt(&self.own_policy, buckets, now).err();
            if wait.is_some() {
                self.give_back_here(rates);
            }
        }
        Verdict {
            backend: Backend::Memory,
            wait,
            first: self.standing_here(rates, time),
        }
    }

    async fn attempt_shared(
        &self,
        rates: &[Key],
        buckets: &[Bucket],
        now: Instant,
    ) -> Option<Verdict> {
        let shared = self.shared.as_ref()?;
        let whole = |key: &Key| self.quotas.whole(key.limit).map(|quota| (*key, quota));
        let rates: Vec<(Key, Quota)> = rates.iter().filter_map(whole).collect();
        let told = shared.attempt(&self.policy, &rates, buckets, now).await?;
        let (wait, ahead) = told.split_first()?;
        let first = rates.first().zip(ahead.first());
        Some(Verdict {
            backend: Backend::Shared,
            wait: (*wait > 0).then(|| Duration::from_micros(wait.unsigned_abs())),
            first: first
                .map(|((key, quota), ahead)| Standing::new(key.limit.name(), *quota, *ahead)),
        })
    }

    /// Settles an attempt that was counted `at`.
    async fn settle(&self, backend: Backend, settled: &Settled<'_>, at: Instant) {
        match (backend, &self.shared) {
            (Backend::Shared, Some(shared)) => shared.settle(&self.policy, settled, at).await,
            _ => self.memory.settle(&self.own_policy, settled, at),
        }
    }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
