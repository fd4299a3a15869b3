//! Buckets in this process.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Settled;
use super::bucket::Bucket;
use super::policy::Policy;
use crate::clock::Instant;

/// Failures in a row of one bucket.
#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    /// When the last one was counted.
    at: Instant,
    /// When the one before it was: to be as if the last had not been, should it be given back.
    before: Instant,
}

impl Failures {
    /// How long until the next attempt may come; none when it may now.
    fn wait(&self, policy: &Policy, bucket: &Bucket, now: Instant) -> Option<Duration> {
        let delay = policy.delay(bucket, self.count);
        // Without a delay `at` says nothing: another thread may have read the clock later.
        let wait = self.at.plus(delay).since(now);
        (!delay.is_zero() && !wait.is_zero()).then_some(wait)
    }
}

/// A bounded number of buckets.
#[derive(Debug)]
pub(super) struct Memory {
    buckets: Mutex<HashMap<Bucket, Failures>>,
    capacity: usize,
}

impl Memory {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            buckets: Mutex::default(),
            capacity,
        }
    }

    /// Counts a failure in each bucket, or tells the longest delay that one of them is in.
    pub(super) fn attempt(
        &self,
        policy: &Policy,
        buckets: &[Bucket],
        now: Instant,
    ) -> Result<(), Duration> {
        let mut known = self.lock();
        let wait = buckets
            .iter()
            .filter_map(|bucket| known.get(bucket)?.wait(policy, bucket, now))
            .max();
        if let Some(wait) = wait {
            return Err(wait);
        }
        if known.len() + buckets.len() > self.capacity {
            make_room(&mut known, policy.memory, now);
        }
        for bucket in buckets {
            let new = Failures {
                count: 0,
                at: now,
                before: now,
            };
            let failures = known.entry(bucket.clone()).or_insert(new);
            if now >= failures.at.plus(policy.memory) {
                *failures = new;
            }
            failures.count = failures.count.saturating_add(1);
            failures.before = std::mem::replace(&mut failures.at, now);
        }
        Ok(())
    }

    /// Settles an attempt that was counted `at`.
    pub(super) fn settle(&self, policy: &Policy, settled: &Settled<'_>, at: Instant) {
        let mut known = self.lock();
        for bucket in settled.forgotten {
            known.remove(bucket);
        }
        for bucket in settled.given_back {
            take(&mut known, bucket, 1, Some(at));
        }
        if let Some((account, share)) = &settled.repaid {
            let own = known.remove(share);
            let own = own.filter(|own| at < own.at.plus(policy.memory));
            if let Some(own) = own {
                take(&mut known, account, own.count, None);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Bucket, Failures>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }
}

/// Takes so many failures from a bucket; with the last, if it was counted `at`, its time.
fn take(known: &mut HashMap<Bucket, Failures>, bucket: &Bucket, count: u32, at: Option<Instant>) {
    let Some(failures) = known.get_mut(bucket) else {
        return;
    };
    failures.count = failures.count.saturating_sub(count);
    if at == Some(failures.at) {
        failures.at = failures.before;
    }
    if failures.count == 0 {
        known.remove(bucket);
    }
}

/// Drops what is forgotten anyway and then a tenth of the rest, so that this is seldom needed.
/// The fewest failures go first, and the oldest of those: a flood of fresh buckets cannot wash out
/// one that holds somebody back.
fn make_room(known: &mut HashMap<Bucket, Failures>, memory: Duration, now: Instant) {
    known.retain(|_, failures| now < failures.at.plus(memory));
    let mut ranks: Vec<_> = known.iter().map(|(key, f)| (f.count, f.at, key)).collect();
    if ranks.is_empty() {
        return;
    }
    let tenth = ranks.len() / 10;
    let (count, at, key) = *ranks.select_nth_unstable(tenth).1;
    let last = (count, at, key.clone());
    known.retain(|key, f| (f.count, f.at, key) > (last.0, last.1, &last.2));
}
