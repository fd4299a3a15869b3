//! Redis carries revocations to the other replicas at once, and to verifiers that look there.
//!
//! It is a courier, never the truth: it may be away, flushed, restarted from an old snapshot or
//! evicting. So it is believed only while this replica hears itself through it, and only while
//! its epoch key says that this very server was filled from the database and lost nothing since.

use futures_util::StreamExt;
use redis::aio::{ConnectionManager, ConnectionManagerConfig, PubSubStream};
use redis::io::tcp::TcpSettings;
use redis::{AsyncCommands, Client, IntoConnectionInfo, RedisResult, Script};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant as Moment, MissedTickBehavior, interval, sleep, timeout};

use super::store::{self, kind_name};
use super::{Numbered, follow};
use crate::ctx::Ctx;
use crate::db::DbError;
use crate::entropy::Entropy;

/// Where replicas tell each other.
const CHANNEL: &str = "deny:feed";
/// Names the server and state that the `deny:*` keys were filled into.
const EPOCH: &str = "deny:epoch";
/// How long one command may take.
const COMMAND_TIMEOUT: Duration = Duration::from_millis(250);
/// How long to wait before connecting again.
const RECONNECT_PAUSE: Duration = Duration::from_millis(200);

/// Keeps the highest version and the latest end, then tells the others.
const CARRY: &str = r"
local kept = tonumber(redis.call('GET', KEYS[1]) or '-1')
local ends = math.max(redis.call('PEXPIRETIME', KEYS[1]), tonumber(ARGV[2]))
redis.call('SET', KEYS[1], math.max(kept, tonumber(ARGV[1])), 'PXAT', ends)
if ARGV[3] ~= '' then redis.call('PUBLISH', KEYS[2], ARGV[3]) end
return 1";

/// How replicas hear of each other's revocations at once.
pub enum Link {
    /// There is one replica, or the others wait for the database.
    InProcess,
    /// Through Redis.
    Redis(Box<RedisLink>),
}

/// A connection to Redis that mends itself.
pub struct RedisLink {
    client: Client,
    commands: ConnectionManager,
    carry: Script,
    replica: String,
    heard: Mutex<Option<Moment>>,
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

/// A client for this Redis URL, whose connections notice a server that has gone silent.
///
/// # Errors
/// [`LinkError::Redis`] when the URL is not one.
pub fn client(url: &str) -> Result<Client, LinkError> {
    let tcp = TcpSettings::default()
        .set_nodelay(true)
        .set_user_timeout(Duration::from_secs(2));
    let info = url.into_connection_info()?.set_tcp_settings(tcp);
    Ok(Client::open(info)?)
}

impl Link {
    /// A link for this Redis URL, or none. Needs a runtime; connects when it is first used.
    ///
    /// # Errors
    /// [`LinkError::Redis`] when the URL is not one.
    pub fn new(url: Option<&str>, entropy: &Entropy) -> Result<Self, LinkError> {
        let Some(url) = url else {
            return Ok(Self::InProcess);
        };
        let client = client(url)?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(COMMAND_TIMEOUT))
            .set_response_timeout(Some(COMMAND_TIMEOUT))
            .set_number_of_retries(0);
        Ok(Self::Redis(Box::new(RedisLink {
            commands: client.get_connection_manager_lazy(config)?,
            client,
            carry: Script::new(CARRY),
            replica: entropy.uuid().to_string(),
            heard: Mutex::default(),
        })))
    }

    /// Whether this replica heard itself through the link within `max_lag`.
    pub(super) fn is_heard(&self, max_lag: Duration) -> bool {
        match self {
            Self::InProcess => true,
            Self::Redis(link) => link
                .heard
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .is_some_and(|at| at.elapsed() < max_lag),
        }
    }

    /// Tells the other replicas. A failure delays them by `max_lag` at most.
    pub(super) async fn carry(&self, entries: &[Numbered]) {
        if let Self::Redis(link) = self
            && !entries.is_empty()
            && let Err(error) = link.carry_all(entries, true).await
        {
            link.set_heard(None);
            tracing::warn!(%error, "revocations could not be carried; replicas will read them from the database");
        }
    }
}

/// Keeps the link open for as long as the service runs.
pub async fn run(ctx: &Ctx) {
    let Link::Redis(link) = &ctx.revocations.link else {
        return;
    };
    loop {
        if let Err(error) = listen(ctx, link).await {
            link.set_heard(None);
            tracing::warn!(%error, "the link to Redis broke; revocations are read from the database");
        }
        sleep(RECONNECT_PAUSE).await;
    }
}

/// Listens until something breaks.
async fn listen(ctx: &Ctx, link: &RedisLink) -> Result<(), LinkError> {
    let max_lag = ctx.settings.revocation.max_lag;
    let mut messages = in_time(link.subscribe()).await?;
    // Whatever was said before we listened is in the database.
    follow::load(ctx).await?;
    let mut tick = interval(max_lag / 4);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last_heard = Moment::now();
    loop {
        tokio::select! {
            message = messages.next() => {
                let message = message.ok_or(LinkError::Silent)?;
                let payload: String = message.get_payload()?;
                if payload == link.replica {
                    last_heard = Moment::now();
                    link.set_heard(Some(last_heard));
                } else if let Ok(numbered) = serde_json::from_str::<Numbered>(&payload) {
                    ctx.revocations.take(&numbered);
                }
            }
            _ = tick.tick() => {
                if last_heard.elapsed() > max_lag {
                    return Err(LinkError::Silent);
                }
                link.keep_filled(ctx).await?;
                let _: i64 = in_time(link.commands.clone().publish(CHANNEL, &link.replica)).await?;
            }
        }
    }
}

impl RedisLink {
    async fn subscribe(&self) -> RedisResult<PubSubStream> {
        let mut pubsub = self.client.get_async_pubsub().await?;
        pubsub.subscribe(CHANNEL).await?;
        Ok(pubsub.into_on_message())
    }

    fn set_heard(&self, at: Option<Moment>) {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }

    /// Fills Redis from the database if it is not the server, or not in the state, that was
    /// filled: it was restarted, flushed, failed over, or has evicted something.
    async fn keep_filled(&self, ctx: &Ctx) -> Result<(), LinkError> {
        let mut commands = self.commands.clone();
        let mut pipe = redis::pipe();
        pipe.cmd("GET").arg(EPOCH);
        pipe.cmd("INFO").arg("server");
        pipe.cmd("INFO").arg("stats");
        let (epoch, server, stats): (Option<String>, String, String) =
            in_time(pipe.query_async(&mut commands)).await?;
        let state = format!(
            "{}/{}",
            info_field(&server, "run_id"),
            info_field(&stats, "evicted_keys")
        );
        if epoch.as_deref() == Some(&state) {
            return Ok(());
        }
        self.set_heard(None);
        let live = store::live_after(&mut ctx.db.conn().await?, 0, ctx.clock.now()).await?;
        for batch in live.chunks(500) {
            self.carry_all(batch, false).await?;
        }
        let _: () = in_time(commands.set(EPOCH, &state)).await?;
        tracing::info!(entries = live.len(), "Redis was filled from the database");
        Ok(())
    }

    async fn carry_all(&self, entries: &[Numbered], tell: bool) -> Result<(), LinkError> {
        let mut pipe = redis::pipe();
        pipe.load_script(&self.carry).ignore();
        for numbered in entries {
            let entry = &numbered.entry;
            let message = match tell {
                true => serde_json::to_string(numbered).expect("an entry is plain JSON"),
                false => String::new(),
            };
            let mut call = self.carry.prepare_invoke();
            call.key(format!("deny:{}:{}", kind_name(entry.kind), entry.value))
                .key(CHANNEL)
                .arg(entry.ver.unwrap_or(0))
                .arg(entry.expires_at.saturating_mul(1000))
                .arg(message);
            pipe.invoke_script(&call).ignore();
        }
        let mut commands = self.commands.clone();
        in_time(pipe.query_async(&mut commands)).await
    }
}

/// A field of Redis's `INFO`.
pub fn info_field<'a>(info: &'a str, name: &str) -> &'a str {
    info.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
        .unwrap_or_default()
        .trim()
}

/// The connection's own time-outs end most waits; this one ends the rest.
async fn in_time<T>(command: impl Future<Output = RedisResult<T>>) -> Result<T, LinkError> {
    match timeout(COMMAND_TIMEOUT * 2, command).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(LinkError::Silent),
    }
}
