//! Redis carries revocations to the other replicas at once, and to verifiers that look there.
//!
//! It is a courier, never the truth: it may be away, flushed, restarted from an old snapshot or
//! evicting. So it is believed only while this replica hears itself through it, and what it says
//! only makes a mirror refuse more.

use redis::{RedisResult, Script};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant as Moment, timeout};

use super::Numbered;
use crate::clock::Instant;
use crate::db::DbError;
use crate::entropy::Entropy;
use crate::kv::{Commands, Kv};

/// How long one command may take.
const COMMAND_TIMEOUT: Duration = Duration::from_millis(250);
/// Entries that are put in with one command.
const BATCH: usize = 500;
/// The version below which no token counts, where an entry names none: the greatest that Lua
/// keeps exactly.
const EVERY_VERSION: i64 = (1 << 53) - 1;

/// Keeps the highest version and the latest end, then tells the others. The end is told as what
/// is left of it: Redis has a clock of its own.
const CARRY: &str = r"
local kept = tonumber(redis.call('GET', KEYS[1]) or '') or -1
local left = math.max(redis.call('PTTL', KEYS[1]), tonumber(ARGV[2]))
redis.call('SET', KEYS[1], string.format('%.0f', math.max(kept, tonumber(ARGV[1]))), 'PX', left)
if ARGV[3] ~= '' then redis.call('PUBLISH', KEYS[2], ARGV[3]) end
return 1";

/// How replicas hear of each other's revocations at once.
pub(super) enum Link {
    /// There is one replica, or the others wait for the database.
    InProcess,
    /// Through Redis.
    Redis(Box<RedisLink>),
}

/// A connection to Redis that mends itself.
pub(super) struct RedisLink {
    pub(super) kv: Kv,
    pub(super) commands: Commands,
    carry: Script,
    pub(super) replica: String,
    pub(super) opened: Moment,
    heard: Mutex<Option<Moment>>,
    /// Redis lacks entries, whatever its epoch says.
    pub(super) is_behind: AtomicBool,
}

/// The link to Redis broke, or the database did while Redis was filled from it.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// Redis failed.
    #[error("Redis: {0}")]
    Redis(#[from] redis::RedisError),
    /// Redis was silent for too long.
    #[error("Redis did not answer in time")]
    Silent,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Link {
    /// A link for this Redis URL, or none. Needs a runtime; connects when it is first used.
    ///
    /// # Errors
    /// [`LinkError::Redis`] when the URL is not one.
    pub(super) fn new(url: Option<&str>, entropy: &Entropy) -> Result<Self, LinkError> {
        let Some(url) = url else {
            return Ok(Self::InProcess);
        };
        let kv = Kv::open(url)?;
        Ok(Self::Redis(Box::new(RedisLink {
            commands: kv.commands(COMMAND_TIMEOUT)?,
            kv,
            carry: Script::new(CARRY),
            replica: entropy.uuid().to_string(),
            opened: Moment::now(),
            heard: Mutex::default(),
            is_behind: AtomicBool::new(true),
        })))
    }

    /// Whether everything that was carried until less than `max_lag` ago has arrived here.
    pub(super) fn is_heard(&self, max_lag: Duration) -> bool {
        match self {
            Self::InProcess => true,
            Self::Redis(link) => link.is_heard(max_lag),
        }
    }

    /// Tells the other replicas; false if they must find out by themselves.
    pub(super) async fn carry(&self, entries: &[Numbered], now: Instant) -> bool {
        let Self::Redis(link) = self else { return true };
        // However many there are: those who wait for it must not wait longer than for one.
        let carried = timeout(COMMAND_TIMEOUT * 2, link.carry_all(entries, now, true));
        match carried.await.unwrap_or(Err(LinkError::Silent)) {
            Ok(()) => true,
            Err(error) => {
                link.set_heard(None);
                link.is_behind.store(true, Ordering::SeqCst);
                tracing::warn!(%error, "revocations could not be carried; replicas will read them from the database");
                false
            }
        }
    }

    /// Puts into Redis what was read from the database and had not come through Redis: whoever
    /// revoked it may not have been able to.
    pub(super) async fn make_up(&self, entries: &[Numbered], max_lag: Duration, now: Instant) {
        let Self::Redis(link) = self else { return };
        let is_up = link.is_heard(max_lag);
        let carried = match is_up && !entries.is_empty() {
            true => link.carry_all(entries, now, false).await.is_ok(),
            false => entries.is_empty(),
        };
        if !carried {
            link.is_behind.store(true, Ordering::SeqCst);
        }
    }
}

impl RedisLink {
    /// A name among those of ours. A cluster keeps all of them in one slot, by the hash tag: they
    /// are complete, or not, together, at one server, and looked up in one command.
    pub(super) fn name(&self, rest: &str) -> String {
        let prefix = if self.kv.is_cluster() {
            "{deny}"
        } else {
            "deny"
        };
        format!("{prefix}:{rest}")
    }

    /// Where replicas tell each other.
    pub(super) fn channel(&self) -> String {
        self.name("feed")
    }

    fn is_heard(&self, max_lag: Duration) -> bool {
        self.heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some_and(|at| at.elapsed() < max_lag)
    }

    pub(super) fn set_heard(&self, at: Option<Moment>) {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }

    pub(super) async fn carry_all(
        &self,
        entries: &[Numbered],
        now: Instant,
        tell: bool,
    ) -> Result<(), LinkError> {
        for batch in entries.chunks(BATCH) {
            self.carry_batch(batch, now, tell).await?;
        }
        Ok(())
    }

    async fn carry_batch(
        &self,
        entries: &[Numbered],
        now: Instant,
        tell: bool,
    ) -> Result<(), LinkError> {
        let mut pipe = redis::pipe();
        pipe.load_script(&self.carry).ignore();
        for Numbered { entry, .. } in entries {
            let message = match tell {
                true => serde_json::to_string(entry).expect("an entry is plain JSON"),
                false => String::new(),
            };
            let left = Instant::from_secs(entry.expires_at).since(now);
            let mut call = self.carry.prepare_invoke();
            let key = format!("{}:{}", entry.kind.name(), entry.value);
            call.key(self.name(&key))
                .key(self.channel())
                .arg(entry.ver.unwrap_or(EVERY_VERSION))
                .arg(left.as_millis().max(1).to_string())
                .arg(message);
            pipe.invoke_script(&call).ignore();
        }
        let mut commands = self.commands.clone();
        in_time(pipe.query_async(&mut commands)).await
    }
}

/// The connection's own time-outs end most waits; this one ends the rest.
pub(super) async fn in_time<T>(
    command: impl Future<Output = RedisResult<T>>,
) -> Result<T, LinkError> {
    match timeout(COMMAND_TIMEOUT * 2, command).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(LinkError::Silent),
    }
}
