//! Rates and buckets in Redis, for all replicas: a key each, with a TTL, changed by atomic scripts
//! alone. Their names share a hash tag: in a cluster a script's keys must lie in one slot.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis::{RedisResult, Script, ScriptInvocation};
use tokio::time::timeout;

use super::bucket::Bucket;
use super::gcra::Quota;
use super::key::Key;
use super::policy::Policy;
use super::{Settled, micros};
use crate::clock::Instant;
use crate::kv::{Commands, Kv};

/// How long Redis may take before this process counts by itself.
pub(super) const DEADLINE: Duration = Duration::from_millis(250);

/// Counts; see there.
pub(super) const ATTEMPT: &str = include_str!("attempt.lua");
/// Takes back, or forgets.
pub(super) const SETTLE: &str = include_str!("settle.lua");

/// Redis, while it answers.
pub(super) struct Shared {
    connection: Commands,
    attempt: Script,
    settle: Script,
    deadline: Duration,
    down: AtomicBool,
    #[cfg(test)]
    pub(super) time: std::sync::Mutex<Option<i64>>,
}

impl Shared {
    pub(super) fn new(kv: Kv, deadline: Duration) -> RedisResult<Self> {
        Ok(Self {
            connection: kv.commands(deadline)?,
            attempt: Script::new(ATTEMPT),
            settle: Script::new(SETTLE),
            deadline,
            down: AtomicBool::new(false),
            #[cfg(test)]
            time: std::sync::Mutex::default(),
        })
    }

    /// Counts one more for each rate and a failure in each bucket, or nothing. The longest time to
    /// wait, then how far ahead of Redis's clock each rate is; in microseconds. `None` when Redis
    /// does not say in time.
    pub(super) async fn attempt(
        &self,
        policy: &Policy,
        rates: &[(Key, Quota)],
        buckets: &[Bucket],
        now: Instant,
    ) -> Option<Vec<i64>> {
        let mut script = self.attempt.prepare_invoke();
        script
            .arg(rates.len())
            .arg(self.time_of_rates())
            .arg(now.as_micros())
            .arg(micros(policy.base_delay))
            .arg(micros(policy.max_delay))
            .arg(micros(policy.memory));
        for (key, quota) in rates {
            script
                .key(key.to_string())
                .arg(quota.interval)
                .arg(quota.burst);
        }
        for bucket in buckets {
            script
                .key(bucket.to_string())
                .arg(policy.free(bucket))
                .arg(policy.closed_at(bucket));
        }
        self.run(&script).await
    }

    /// Redis's own, which is one for all replicas; in tests one that they set.
    fn time_of_rates(&self) -> String {
        #[cfg(test)]
        if let Some(time) = *self.time.lock().expect("no test panics meanwhile") {
            return time.to_string();
        }
        String::new()
    }

    /// Settles an attempt that was counted `at`. If Redis fails, it stays counted.
    pub(super) async fn settle(&self, policy: &Policy, settled: &Settled<'_>, at: Instant) {
        let mut script = self.settle.prepare_invoke();
        let repaid = settled.repaid.iter();
        let repaid = repaid.flat_map(|(account, share)| [account, share]);
        let others = settled.forgotten.iter().chain(settled.given_back);
        for bucket in repaid.chain(others) {
            script.key(bucket.to_string());
        }
        script
            .arg(usize::from(settled.repaid.is_some()))
            .arg(settled.forgotten.len())
            .arg(at.as_micros())
            .arg(micros(policy.memory));
        self.run::<()>(&script).await;
    }

    #[cfg(test)]
    pub(super) fn is_up(&self) -> bool {
        !self.down.load(Ordering::Relaxed)
    }

    async fn run<T: redis::FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Option<T> {
        let mut connection = self.connection.clone();
        let answer = timeout(self.deadline, script.invoke_async(&mut connection)).await;
        let cause: &dyn fmt::Display = match &answer {
            Ok(Ok(_)) => {
                if self.down.swap(false, Ordering::Relaxed) {
                    tracing::info!("limits are shared through Redis again");
                }
                return answer.ok()?.ok();
            }
            Ok(Err(error)) => error,
            Err(late) => late,
        };
        if !self.down.swap(true, Ordering::Relaxed) {
            tracing::warn!(%cause, "limits count in this process alone: Redis failed");
        }
        None
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}
