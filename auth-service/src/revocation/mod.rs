//! Revocation of access tokens before they expire.
//!
//! The truth is the table `revocations`, written in the transaction that revokes. Every replica
//! keeps a mirror of it in memory and checks tokens against that. News reaches the mirror three
//! ways: at once where it was made here, at once from other replicas through Redis, and in any
//! case by asking the database several times within `revocation.max_lag`. A mirror that was not
//! brought up to date within `max_lag` is not believed: then the database is asked for each
//! token, and where it does not answer in time, nobody is let in.

mod feed;
mod follow;
mod redis;
mod store;
mod tail;

use serde::{Deserialize, Serialize};
use shared_claims::{Claims, Entry, Kind, Mirror, Verdict};
use std::sync::{Mutex, PoisonError};
use tokio::sync::{Notify, broadcast};
use tokio::time::Instant as Moment;

use crate::clock::Instant;
use crate::ctx::Ctx;
use crate::db::{Conn, DbError};
use tail::Tail;

pub use feed::{Reader, Update, position, snapshot, stream_from};
pub use follow::{follow, load, prune};
pub use redis::{Link, LinkError, client, info_field, run as run_link};

/// An entry of the feed and its number in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbered {
    /// Its number; later ones are higher.
    pub seq: i64,
    /// What is revoked.
    #[serde(flatten)]
    pub entry: Entry,
}

/// Whether a token is revoked can't be told now.
#[derive(Debug, thiserror::Error)]
pub enum RevocationError {
    /// The mirror is too old and the database did not answer in time.
    #[error("revocations can't be checked: {0}")]
    Unavailable(String),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// What this replica knows of revocations.
pub struct Revocations {
    mirror: Mirror,
    tail: Mutex<Tail>,
    news: broadcast::Sender<Numbered>,
    asked: Mutex<Option<Moment>>,
    link: Link,
    keys_changed: Notify,
}

/// News that a reader of the stream may lag behind before it must take the snapshot again.
const BACKLOG: usize = 4096;

impl Revocations {
    /// Knows nothing yet, and so is not believed before [`load`].
    pub fn new(link: Link) -> Self {
        Self {
            mirror: Mirror::default(),
            tail: Mutex::default(),
            news: broadcast::Sender::new(BACKLOG),
            asked: Mutex::default(),
            link,
            keys_changed: Notify::new(),
        }
    }

    /// Takes in what was just committed here, and tells the other replicas.
    pub(crate) async fn spread(&self, entries: &[Numbered]) {
        for entry in entries {
            self.take(entry);
        }
        self.link.carry(entries).await;
    }

    /// Takes in one entry, from wherever it came.
    fn take(&self, numbered: &Numbered) {
        self.mirror.apply(&numbered.entry);
        if self.tail().note(numbered.seq, Moment::now()) {
            // Nobody reads the stream: nothing to do.
            let _ = self.news.send(numbered.clone());
            if numbered.entry.kind == Kind::Kid {
                self.keys_changed.notify_one();
            }
        }
    }

    /// Waits until a key was removed.
    pub async fn keys_changed(&self) {
        self.keys_changed.notified().await;
    }

    /// Entries in the mirror, for metrics.
    pub fn size(&self) -> usize {
        self.mirror.len()
    }

    /// Whether the mirror is fresh enough to be believed.
    pub fn is_fresh(&self, ctx: &Ctx) -> bool {
        let max_lag = ctx.settings.revocation.max_lag;
        let asked = *self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.is_some_and(|at| at.elapsed() < max_lag) && self.link.is_heard(max_lag)
    }

    fn tail(&self) -> std::sync::MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a verified token still counts.
///
/// # Errors
/// [`RevocationError`]: it can't be told; the token must not be accepted now.
pub async fn check<C>(
    ctx: &Ctx,
    claims: &Claims<C>,
    kid: &str,
) -> Result<Verdict, RevocationError> {
    if ctx.revocations.is_fresh(ctx) {
        return Ok(ctx.revocations.mirror.check_claims(claims, kid));
    }
    let deadline = ctx.settings.revocation.lookup_timeout;
    match tokio::time::timeout(deadline, ask(ctx, claims, kid)).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(RevocationError::Unavailable(
            "the database did not answer in time".into(),
        )),
    }
}

async fn ask<C>(ctx: &Ctx, claims: &Claims<C>, kid: &str) -> Result<Verdict, DbError> {
    let mut values = vec![claims.jti.as_str(), claims.sub.as_str(), kid];
    values.extend(claims.sid.as_deref());
    let mut conn = ctx.db.conn().await?;
    let mirror = Mirror::default();
    for numbered in store::naming(&mut conn, &values, ctx.clock.now()).await? {
        mirror.apply(&numbered.entry);
    }
    Ok(mirror.check_claims(claims, kid))
}

/// Writes a revocation within the transaction that revokes. It is kept until the last token that
/// it can match has expired everywhere.
pub(crate) async fn insert(
    conn: &mut Conn,
    ctx: &Ctx,
    kind: Kind,
    value: &str,
    ver: Option<i64>,
) -> Result<Numbered, DbError> {
    let now = ctx.clock.now();
    let expires_at = last_expiry(ctx, now);
    let entry = Entry {
        kind,
        value: value.to_owned(),
        ver,
        expires_at: expires_at.as_secs(),
    };
    let seq = store::insert(conn, &entry, now, expires_at).await?;
    Ok(Numbered { seq, entry })
}

/// When a token that is minted now, or by a request that is in flight now, counts nowhere.
fn last_expiry(ctx: &Ctx, now: Instant) -> Instant {
    let settings = &ctx.settings;
    now.plus(settings.tokens.access_ttl)
        .plus(settings.revocation.max_leeway)
        .plus(settings.database.statement_timeout)
}
