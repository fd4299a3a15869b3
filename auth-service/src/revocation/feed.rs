//! The feed that verifiers follow: a snapshot with its position, then every entry after it.

use shared_claims::{Entry, Snapshot};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::{Numbered, store};
use crate::ctx::Ctx;
use crate::db::DbError;

/// What a reader of the stream is told next.
#[derive(Debug)]
pub enum Update {
    /// Something was revoked. `position` is where to resume after it.
    Revoked {
        /// What.
        entry: Entry,
        /// Everything up to here was delivered.
        position: i64,
    },
    /// The reader fell too far behind and must take the snapshot again.
    Reset,
}

/// Everything that counts now, and the position from which to follow the stream.
///
/// # Errors
/// [`DbError`]
pub async fn snapshot(ctx: &Ctx) -> Result<Snapshot, DbError> {
    let position = ctx.revocations.tail().position();
    let mut conn = ctx.db.conn().await?;
    let entries = store::live_after(&mut conn, 0, ctx.clock.now()).await?;
    Ok(Snapshot {
        position,
        entries: entries.into_iter().map(|numbered| numbered.entry).collect(),
    })
}

/// A reader of the stream.
pub struct Reader {
    backlog: std::vec::IntoIter<Numbered>,
    news: Receiver<Numbered>,
    must_reset: bool,
}

/// Follows the stream from `position` (nothing: from now). Entries may come twice, never not at
/// all. A position that this feed never reached is answered with [`Update::Reset`].
///
/// # Errors
/// [`DbError`]
pub async fn stream_from(ctx: &Ctx, position: Option<i64>) -> Result<Reader, DbError> {
    // Listening begins before the backlog is read, so that nothing falls between the two.
    let news = ctx.revocations.news.subscribe();
    let last = ctx.revocations.tail().last();
    let backlog = match position {
        Some(position) if position <= last => {
            store::live_after(&mut ctx.db.conn().await?, position, ctx.clock.now()).await?
        }
        _ => Vec::new(),
    };
    Ok(Reader {
        backlog: backlog.into_iter(),
        news,
        must_reset: position.is_some_and(|position| position > last),
    })
}

impl Reader {
    /// The next update; waits for it. Safe to drop while it waits.
    pub async fn next(&mut self, ctx: &Ctx) -> Update {
        if std::mem::take(&mut self.must_reset) {
            return Update::Reset;
        }
        let numbered = match self.backlog.next() {
            Some(numbered) => numbered,
            None => match self.news.recv().await {
                Ok(numbered) => numbered,
                Err(RecvError::Lagged(_)) => return Update::Reset,
                // The sender lives as long as the service; it ends with it.
                Err(RecvError::Closed) => std::future::pending().await,
            },
        };
        let seen = ctx.revocations.tail().position();
        Update::Revoked {
            entry: numbered.entry,
            position: seen.min(numbered.seq),
        }
    }
}

/// The position up to which everything was delivered, if this replica is sure of it now.
pub fn position(ctx: &Ctx) -> Option<i64> {
    ctx.revocations
        .is_fresh(ctx)
        .then(|| ctx.revocations.tail().position())
}
