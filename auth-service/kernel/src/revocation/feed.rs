//! The feed that verifiers follow: a snapshot with its position, then every entry after it.

use shared_claims::{Entry, Snapshot};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::{Numbered, Revocations, store};
use crate::db::DbError;

/// What a reader of the stream is told next.
#[derive(Clone, Debug)]
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

/// An entry, and the position that was reached with it.
#[derive(Clone, Debug)]
pub(super) struct News {
    pub entry: Entry,
    pub position: i64,
}

/// A reader of the stream.
pub struct Reader {
    backlog: std::vec::IntoIter<Numbered>,
    news: Receiver<News>,
    must_reset: bool,
    /// Everything up to here was delivered.
    position: i64,
    /// Everything up to here is in the backlog, or was before `position`.
    settled: i64,
}

impl Revocations {
    /// Everything that counts now, and the position from which to follow the stream.
    ///
    /// # Errors
    /// [`DbError`]
    pub async fn snapshot(&self) -> Result<Snapshot, DbError> {
        let position = self.tail().position();
        let mut conn = self.db.current().await?;
        let live = store::live_after(&mut conn, 0, self.clock.now()).await?;
        Ok(Snapshot {
            position,
            entries: live.known.into_iter().map(|one| one.entry).collect(),
        })
    }

    /// Follows the stream from `position` (nothing: from now). Entries may come twice, never not
    /// at all. A position that this feed never reached is answered with [`Update::Reset`].
    ///
    /// # Errors
    /// [`DbError`]
    pub async fn stream_from(&self, position: Option<i64>) -> Result<Reader, DbError> {
        if position > Some(self.tail().last()) {
            // Another replica may have been quicker.
            self.ask().await?;
        }
        // Listening begins before the backlog is read, so that nothing falls between the two.
        let news = self.news.subscribe();
        let (last, settled) = {
            let tail = self.tail();
            (tail.last(), tail.position())
        };
        let known = position.filter(|position| *position <= last);
        let backlog = match known {
            Some(position) => {
                let mut conn = self.db.current().await?;
                let live = store::live_after(&mut conn, position, self.clock.now());
                live.await?.known
            }
            None => Vec::new(),
        };
        Ok(Reader {
            backlog: backlog.into_iter(),
            news,
            must_reset: known != position,
            position: known.unwrap_or(settled),
            settled,
        })
    }
}

impl Reader {
    /// The next update; waits for it. Safe to drop while it waits.
    pub async fn next(&mut self) -> Update {
        if std::mem::take(&mut self.must_reset) {
            return Update::Reset;
        }
        if let Some(Numbered { seq, entry }) = self.backlog.next() {
            return self.revoked(entry, seq.min(self.settled));
        }
        self.position = self.position.max(self.settled);
        match self.news.recv().await {
            Ok(News { entry, position }) => self.revoked(entry, position),
            Err(RecvError::Lagged(_)) => Update::Reset,
            // The sender lives as long as the service; it ends with it.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }

    fn revoked(&mut self, entry: Entry, position: i64) -> Update {
        self.position = self.position.max(position);
        Update::Revoked {
            entry,
            position: self.position,
        }
    }

    /// The position up to which everything was delivered to this reader, if this replica is sure
    /// now that it has missed nothing itself of what is older than `max_lag`. Of that the database
    /// alone makes it sure: that Redis is away is no reason to leave verifiers blind.
    pub fn position(&self, revocations: &Revocations) -> Option<i64> {
        let is_sure = revocations.has_asked() && !revocations.is_outdated();
        is_sure.then_some(self.position)
    }
}
