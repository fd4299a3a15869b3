//! Listening to what other replicas say through Redis, and to oneself, to know that the link
//! works.

use futures_util::StreamExt;
use redis::AsyncCommands;
use redis::aio::PubSubStream;
use shared_claims::Told;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::{
    Instant as Moment, Interval, MissedTickBehavior, interval, sleep, timeout, timeout_at,
};
use tokio::try_join;

use super::Revocations;
use super::fill::Filler;
use super::link::{Link, LinkError, RedisLink, in_time};

/// How long to wait before connecting again.
const RECONNECT_PAUSE: Duration = Duration::from_millis(200);
/// How long connecting may take: a Sentinel that is away is waited for before the next is asked.
const SUBSCRIBING: Duration = Duration::from_secs(3);

impl Revocations {
    /// Keeps the link to Redis open for as long as the service runs.
    pub async fn run_link(&self) {
        let Link::Redis(link) = &self.link else {
            return;
        };
        loop {
            if let Err(error) = listen(self, link).await {
                link.set_heard(None);
                tracing::warn!(%error, "the link to Redis broke; revocations are read from the database");
            }
            sleep(RECONNECT_PAUSE).await;
        }
    }
}

/// Listens until the link breaks. What comes is taken in whether or not the database answers; the
/// link counts as heard only once it did.
async fn listen(own: &Revocations, link: &RedisLink) -> Result<(), LinkError> {
    let channel = link.channel();
    let subscribing = timeout(SUBSCRIBING, link.kv.listen(&channel));
    let messages = subscribing.await.map_err(|_| LinkError::Silent)??;
    // What was said before we listened has been read from the database.
    let is_caught_up = AtomicBool::new(false);
    try_join!(
        hear(own, link, messages, &is_caught_up),
        ping(own, link),
        keep(own, link, &is_caught_up),
    )?;
    Ok(())
}

/// Takes in what is said, until nothing was heard of oneself for too long.
async fn hear(
    own: &Revocations,
    link: &RedisLink,
    mut messages: PubSubStream,
    is_caught_up: &AtomicBool,
) -> Result<(), LinkError> {
    let max_lag = own.spans.max_lag;
    let mut last_heard = Moment::now();
    loop {
        let message = timeout_at(last_heard + max_lag, messages.next()).await;
        let message = message.ok().flatten().ok_or(LinkError::Silent)?;
        let payload = message.get_payload_bytes();
        if let Some(sent) = link.ping_sent(payload) {
            last_heard = Moment::now();
            if is_caught_up.load(Ordering::SeqCst) {
                link.set_heard(Some(sent));
            }
        } else if let Ok(told) = serde_json::from_slice(payload) {
            match told {
                Told::Entry(entry) => own.hear(entry),
                Told::Unknown(unknown) => own.hear_unknown(unknown),
            }
        }
    }
}

/// Says something to oneself, again and again.
async fn ping(own: &Revocations, link: &RedisLink) -> Result<(), LinkError> {
    let mut tick = ticks(own);
    loop {
        tick.tick().await;
        let _: i64 = in_time(link.commands.clone().publish(link.channel(), link.ping())).await?;
    }
}

/// Reads from the database what was said before we listened, then keeps Redis filled from it.
async fn keep(
    own: &Revocations,
    link: &RedisLink,
    is_caught_up: &AtomicBool,
) -> Result<(), LinkError> {
    let (mut filler, mut tick) = (Filler::default(), ticks(own));
    loop {
        tick.tick().await;
        match catch_up_and_fill(own, link, is_caught_up, &mut filler).await {
            Err(LinkError::Db(error)) => {
                is_caught_up.store(false, Ordering::SeqCst);
                link.set_heard(None);
                tracing::warn!(%error, "the database did not say what Redis may lack");
            }
            other => other?,
        }
    }
}

async fn catch_up_and_fill(
    own: &Revocations,
    link: &RedisLink,
    is_caught_up: &AtomicBool,
    filler: &mut Filler,
) -> Result<(), LinkError> {
    if !is_caught_up.load(Ordering::SeqCst) {
        own.load().await?;
        // What could not be carried while the link was broken is missing there.
        link.is_behind.store(true, Ordering::SeqCst);
        is_caught_up.store(true, Ordering::SeqCst);
    }
    filler.keep_filled(own, link).await
}

fn ticks(own: &Revocations) -> Interval {
    let mut tick = interval(own.spans.max_lag / 4);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tick
}

impl RedisLink {
    /// What this replica says to itself. It tells when it was sent: one that lay in a silent
    /// server for a while proves nothing about that while.
    fn ping(&self) -> String {
        format!("{}:{}", self.replica, self.opened.elapsed().as_micros())
    }

    fn ping_sent(&self, payload: &[u8]) -> Option<Moment> {
        let text = std::str::from_utf8(payload).ok()?;
        let micros = text.strip_prefix(&self.replica)?.strip_prefix(':')?;
        let sent = self.opened + Duration::from_micros(micros.parse().ok()?);
        (sent <= Moment::now()).then_some(sent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Entropy;

    fn link(seed: u64) -> Box<RedisLink> {
        match Link::new(Some("redis://127.0.0.1/"), &Entropy::seeded(seed)) {
            Ok(Link::Redis(link)) => link,
            _ => panic!("a URL of Redis"),
        }
    }

    #[tokio::test]
    async fn a_ping_proves_the_time_at_which_it_was_sent() {
        let link = link(1);
        let (before, ping) = (Moment::now(), link.ping());
        let after = Moment::now();
        sleep(Duration::from_millis(20)).await;
        let sent = link.ping_sent(ping.as_bytes()).expect("our own");
        assert!(sent <= after && before - sent < Duration::from_millis(1));
    }

    #[tokio::test]
    async fn nobody_elses_ping_proves_anything() {
        let link = link(1);
        let of_future = format!("{}:99999999999", link.replica);
        let of_other = self::link(2).ping();
        for junk in [&*of_future, &*of_other, &*link.replica, ":", "", "{}"] {
            assert_eq!(link.ping_sent(junk.as_bytes()), None, "{junk}");
        }
    }
}
