//! Keeping Redis filled: the `deny:*` keys, the epoch key that says for which server, in which
//! state, they are complete, and a key that is there only while somebody has just seen that.

use redis::Script;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::Instant as Moment;

use super::link::{LinkError, RedisLink, in_time};
use super::{Revocations, store};

/// Names the server and the state of it that the `deny:*` keys were filled into.
pub(super) const EPOCH: &str = "epoch";
/// There while the `deny:*` keys are complete, for whoever looks revocations up there: not while
/// they are filled, not in a server that came back with old ones, and not for longer than a
/// revocation waits that could not be carried.
const WHOLE: &str = "whole";
/// The least time between two fillings: a server that keeps evicting is not filled without end.
const LEAST_PAUSE: Duration = Duration::from_secs(1);
/// Filling may take one part in this of the time.
const SHARE: u32 = 10;

/// Ends a filling, unless what was filled so far was flushed meanwhile, or somebody else fills.
const FINISH: &str = r"
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1";

/// Says that nothing is missing, unless something happened since we looked.
const VOUCH: &str = r"
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], '1', 'PX', ARGV[2])
return 1";

/// Fills Redis from the database whenever it is not the server, or not in the state, that was
/// filled: it was restarted, flushed, failed over, has evicted something, or was out of reach
/// when something was revoked.
#[derive(Default)]
pub(super) struct Filler {
    not_before: Option<Moment>,
}

impl Filler {
    pub(super) async fn keep_filled(
        &mut self,
        revocations: &Revocations,
        link: &RedisLink,
    ) -> Result<(), LinkError> {
        let (epoch, state) = link.epoch().await?;
        let is_whole = epoch.as_deref() == Some(&state);
        if is_whole && !link.is_behind.load(Ordering::SeqCst) {
            return link.vouch(revocations, &state).await;
        }
        if !is_whole {
            link.set_heard(None);
        }
        let began = Moment::now();
        if self.not_before.is_none_or(|at| at <= began) {
            if link.fill(revocations, &state).await? {
                link.vouch(revocations, &state).await?;
            }
            self.not_before = Some(began + began.elapsed() * SHARE + LEAST_PAUSE);
        }
        Ok(())
    }
}

impl RedisLink {
    /// What the epoch key says, and what it should say.
    async fn epoch(&self) -> Result<(Option<String>, String), LinkError> {
        let mut commands = self.commands.clone();
        let mut pipe = redis::pipe();
        // In a cluster they go to the server that keeps this key.
        pipe.cmd("GET").arg(self.name(EPOCH));
        pipe.cmd("INFO").arg("server");
        pipe.cmd("INFO").arg("stats");
        let (epoch, server, stats): (Option<String>, String, String) =
            in_time(pipe.query_async(&mut commands)).await?;
        let server = info_field(&server, "run_id");
        let evicted = info_field(&stats, "evicted_keys");
        Ok((epoch, format!("{server}/{evicted}")))
    }

    async fn vouch(&self, revocations: &Revocations, state: &str) -> Result<(), LinkError> {
        let vouch = Script::new(VOUCH);
        let mut call = vouch.key(self.name(EPOCH));
        let span = revocations.spans.unreached_for().as_millis().to_string();
        call.key(self.name(WHOLE)).arg(state).arg(span);
        let _: bool = in_time(call.invoke_async(&mut self.commands.clone())).await?;
        Ok(())
    }

    /// False if somebody else came between.
    async fn fill(&self, revocations: &Revocations, state: &str) -> Result<bool, LinkError> {
        let mut commands = self.commands.clone();
        let filling = format!("filling/{}", revocations.entropy.uuid());
        let mut begin = redis::pipe();
        let (whole, epoch) = (self.name(WHOLE), self.name(EPOCH));
        begin.atomic().del(whole).ignore().set(&epoch, &filling);
        let _: () = in_time(begin.query_async(&mut commands)).await?;
        self.is_behind.store(false, Ordering::SeqCst);
        let now = revocations.clock.now();
        let live = store::live_after(&mut revocations.db.current().await?, 0, now)
            .await?
            .known;
        self.carry_all(&live, now, false).await?;
        let finish = Script::new(FINISH);
        let mut call = finish.key(epoch);
        call.arg(&filling).arg(state);
        let finished: bool = in_time(call.invoke_async(&mut commands)).await?;
        tracing::info!(
            entries = live.len(),
            finished,
            "Redis was filled from the database"
        );
        Ok(finished)
    }
}

/// A field of Redis's `INFO`.
pub fn info_field<'a>(info: &'a str, name: &str) -> &'a str {
    info.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
        .unwrap_or_default()
        .trim()
}
