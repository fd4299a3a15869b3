//! Whether the Redis of the settings lets us do what revocation needs: its users can be forbidden
//! channels, scripts, writes and keys.

use std::time::Duration;
use tokio::time::timeout;

use futures_util::StreamExt;
use redis::AsyncCommands;
use shared_claims::{Entry, Kind};

use super::Numbered;
use super::fill::EPOCH;
use super::link::{Link, LinkError, RedisLink};
use crate::clock::Instant;
use crate::entropy::Entropy;

/// How long our own message may take to come back.
const HEARD: Duration = Duration::from_secs(2);

/// What a probe could not do.
#[derive(Debug, thiserror::Error)]
#[error("it {what}: {error}")]
pub struct Refused {
    what: &'static str,
    #[source]
    error: LinkError,
}

impl Refused {
    /// Whether Redis answered and its access control list was why it refused.
    pub fn is_forbidden(&self) -> bool {
        match &self.error {
            LinkError::Redis(error) => error.code() == Some("NOPERM"),
            _ => false,
        }
    }
}

/// Tries whatever is done with the Redis at this URL, with a revocation of nothing, and returns its
/// `INFO`.
///
/// # Errors
/// [`Refused`]: what could not be done.
pub async fn probe(url: &str, entropy: &Entropy, now: Instant) -> Result<String, Refused> {
    let failed = |what| move |error: LinkError| Refused { what, error };
    let link = Link::new(Some(url), entropy).map_err(failed("has a URL that can't be used"))?;
    let Link::Redis(link) = link else {
        return Ok(String::new());
    };
    let info = info(&link)
        .await
        .map_err(failed("does not answer `INFO`"))?;
    write(&link, entropy, now)
        .await
        .map_err(failed("does not keep a revocation by a script"))?;
    begin(&link)
        .await
        .map_err(failed("does not take several writes as one"))?;
    hear(&link)
        .await
        .map_err(failed("does not carry messages on a channel"))?;
    Ok(info)
}

async fn info(link: &RedisLink) -> Result<String, LinkError> {
    let mut pipe = redis::pipe();
    // In a cluster they go to the server that keeps this key.
    pipe.cmd("GET").arg(link.name(EPOCH)).ignore();
    pipe.cmd("INFO");
    let (info,): (String,) = pipe.query_async(&mut link.commands.clone()).await?;
    Ok(info)
}

/// An entry that names no token, and is gone after a moment.
async fn write(link: &RedisLink, entropy: &Entropy, now: Instant) -> Result<(), LinkError> {
    let entry = Entry {
        kind: Kind::Jti,
        value: format!("check:{}", entropy.uuid()),
        ver: None,
        expires_at: now.as_secs() + 1,
    };
    link.carry_all(&[Numbered { seq: 0, entry }], now, false)
        .await
}

async fn begin(link: &RedisLink) -> Result<(), LinkError> {
    let key = link.name("check");
    let mut pipe = redis::pipe();
    pipe.atomic().set(&key, "1").ignore().del(&key).ignore();
    Ok(pipe.query_async(&mut link.commands.clone()).await?)
}

/// Says to itself on the channel of revocations what no replica takes for one.
async fn hear(link: &RedisLink) -> Result<(), LinkError> {
    let channel = link.channel();
    let listened = timeout(HEARD, link.kv.listen(&channel)).await;
    let mut messages = listened.map_err(|_| LinkError::Silent)??;
    let said = format!("check:{}", link.replica);
    let _: i64 = link.commands.clone().publish(&channel, &said).await?;
    let heard = async {
        while let Some(message) = messages.next().await {
            if message.get_payload_bytes() == said.as_bytes() {
                return Ok(());
            }
        }
        Err(LinkError::Silent)
    };
    timeout(HEARD, heard)
        .await
        .unwrap_or(Err(LinkError::Silent))
}
