//! Buckets in Redis, for all replicas: a hash each, with a TTL, changed by atomic scripts alone.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis::{RedisResult, Script, ScriptInvocation};
use tokio::time::timeout;

use super::bucket::Bucket;
use super::policy::Policy;
use crate::clock::Instant;
use crate::kv::{Commands, Kv};

/// How long Redis may take before this process counts by itself.
pub(super) const DEADLINE: Duration = Duration::from_millis(250);

/// Redis, while it answers.
pub(super) struct Shared {
    connection: Commands,
    attempt: Script,
    settle: Script,
    deadline: Duration,
    down: AtomicBool,
}

impl Shared {
    pub(super) fn new(kv: Kv, deadline: Duration) -> RedisResult<Self> {
        Ok(Self {
            connection: kv.commands(deadline)?,
            attempt: Script::new(include_str!("attempt.lua")),
            settle: Script::new(include_str!("settle.lua")),
            deadline,
            down: AtomicBool::new(false),
        })
    }

    /// Counts a failure in each bucket, or tells the longest delay that one of them is in.
    /// `None` when Redis does not say in time.
    pub(super) async fn attempt(
        &self,
        policy: &Policy,
        buckets: &[Bucket],
        now: Instant,
    ) -> Option<Result<(), Duration>> {
        let mut script = self.attempt.prepare_invoke();
        script
            .arg(now.as_micros())
            .arg(micros(policy.base_delay))
            .arg(micros(policy.max_delay))
            .arg(micros(policy.memory));
        for bucket in buckets {
            script
                .key(bucket.to_string())
                .arg(policy.free(bucket))
                .arg(policy.closed_at(bucket));
        }
        let wait = self.run::<u64>(&script).await?;
        Some(match wait {
            0 => Ok(()),
            wait => Err(Duration::from_micros(wait)),
        })
    }

    /// Forgets some buckets; takes back from others the failure that was counted `at`. If Redis
    /// fails, they stay counted.
    pub(super) async fn settle(&self, forget: &[Bucket], give_back: &[Bucket], at: Instant) {
        let mut script = self.settle.prepare_invoke();
        for bucket in forget.iter().chain(give_back) {
            script.key(bucket.to_string());
        }
        script.arg(forget.len()).arg(at.as_micros());
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
                    tracing::info!("login limits are shared through Redis again");
                }
                return answer.ok()?.ok();
            }
            Ok(Err(error)) => error,
            Err(late) => late,
        };
        if !self.down.swap(true, Ordering::Relaxed) {
            tracing::warn!(%cause, "login limits count in this process alone: Redis failed");
        }
        None
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}
