//! Revocation of access tokens before they expire.
//!
//! The truth is the table `revocations`, written in the transaction that revokes. Every replica
//! keeps a mirror of it in memory and checks tokens against that. News reaches the mirror three
//! ways: at once where it was made here, at once from other replicas through Redis, and in any
//! case by asking the database several times within `revocation.max_lag`. A mirror that was not
//! brought up to date within that time is not believed: then the database is asked for each
//! token, and where it does not answer in time, nobody is let in.

mod check;
mod feed;
mod fill;
mod follow;
mod link;
mod listen;
mod probe;
mod store;
mod tail;

use shared_claims::{Entry, Kind, Mirror, Unknown, UnknownKinds};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, broadcast};
use tokio::time::{Instant as Moment, sleep_until};

use crate::clock::{Clock, Instant};
use crate::config::Settings;
use crate::db::{Conn, Db, DbError};
use crate::entropy::Entropy;
use feed::News;
use link::Link;
use tail::Tail;

pub use check::RevocationError;
pub use feed::{Reader, Update};
pub use fill::info_field;
pub use link::LinkError;
pub use probe::{Refused, probe};

/// An entry of the feed and its number in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbered {
    /// Its number; later ones are higher.
    pub seq: i64,
    /// What is revoked.
    pub entry: Entry,
}

/// What this replica knows of revocations, and what it learns them from.
pub struct Revocations {
    db: Db,
    clock: Clock,
    entropy: Entropy,
    spans: Spans,
    mirror: Mirror,
    unknown_kinds: UnknownKinds,
    tail: Mutex<Tail>,
    news: broadcast::Sender<News>,
    asked: Mutex<Option<Moment>>,
    bell: Notify,
    link: Link,
    keys_changed: Notify,
}

/// How this replica follows revocations, for metrics.
#[derive(Clone, Copy, Debug)]
pub struct Stats {
    /// Entries in the mirror.
    pub entries: usize,
    /// Open readers of the stream.
    pub consumers: usize,
    /// News that the slowest of them has not taken yet.
    pub backlog: usize,
    /// How long ago the database was asked with success.
    pub lag: Option<Duration>,
    /// Whether Redis carries; nothing where there is none.
    pub redis_is_heard: Option<bool>,
}

/// News that a reader of the stream may lag behind before it must take the snapshot again.
const BACKLOG: usize = 4096;

/// The longest that a revocation waits for replicas that Redis does not reach.
const MAX_WAIT: Duration = Duration::from_millis(750);

/// The spans of time that revocation goes by.
#[derive(Clone, Copy, Debug)]
struct Spans {
    /// `revocation.max_lag`
    max_lag: Duration,
    /// `revocation.lookup_timeout`
    lookup_timeout: Duration,
    /// How long after now a token that is minted now, or by a request that is in flight now, counts
    /// nowhere.
    kept: Duration,
}

impl Spans {
    fn of(settings: &Settings) -> Self {
        let kept = settings.tokens.access_ttl
            + settings.revocation.max_leeway
            + settings.database.statement_timeout;
        Self {
            max_lag: settings.revocation.max_lag,
            lookup_timeout: settings.revocation.lookup_timeout,
            kept,
        }
    }

    /// How long after the database was asked its answer is believed. Less than the whole of
    /// `max_lag`, so that a revocation that waits for it is answered within that.
    fn trusted_for(self) -> Duration {
        self.max_lag * 3 / 4
    }

    /// How long a revocation waits that Redis could not carry: then nobody believes what lacks it.
    fn unreached_for(self) -> Duration {
        self.trusted_for().min(MAX_WAIT)
    }
}

impl Revocations {
    /// Knows nothing yet, and so is not believed before [`load`](Self::load). Needs a runtime;
    /// connects to Redis when that is first used.
    ///
    /// # Errors
    /// [`LinkError::Redis`] when the URL of Redis is not one.
    pub fn new(
        settings: &Settings,
        db: Db,
        clock: Clock,
        entropy: Entropy,
    ) -> Result<Self, LinkError> {
        let link = Link::new(settings.redis.url.as_deref(), &entropy)?;
        Ok(Self {
            db,
            clock,
            entropy,
            spans: Spans::of(settings),
            mirror: Mirror::default(),
            unknown_kinds: UnknownKinds::default(),
            tail: Mutex::default(),
            news: broadcast::Sender::new(BACKLOG),
            asked: Mutex::default(),
            bell: Notify::new(),
            link,
            keys_changed: Notify::new(),
        })
    }

    /// Takes in what was just committed here, and tells the other replicas. Where Redis can't
    /// carry it, waits until each of them has asked the database or believes its mirror no more.
    pub(crate) async fn spread(&self, entries: &[Numbered]) {
        let committed = Moment::now();
        for entry in entries {
            self.take(entry);
        }
        if !self.link.carry(entries, self.clock.now()).await {
            sleep_until(committed + self.spans.unreached_for()).await;
        }
    }

    /// Takes in one entry of the table; true if nothing was known of it.
    fn take(&self, numbered: &Numbered) -> bool {
        let is_new = self.mirror.apply(&numbered.entry);
        let mut tail = self.tail();
        if tail.note(numbered.seq, Moment::now()) {
            // Sent under the lock: readers get entries in the order in which the position grew.
            // Where nobody reads the stream there is nothing to do.
            let _ = self.news.send(News {
                entry: numbered.entry.clone(),
                position: tail.position(),
            });
            if numbered.entry.kind == Kind::Kid {
                self.keys_changed.notify_one();
            }
        }
        is_new
    }

    /// Takes in what another replica says, tells verifiers, and asks the database for the rest of
    /// it: a message can make a mirror refuse a token, and never miss one.
    fn hear(&self, mut entry: Entry) {
        let latest = self.last_expiry(self.clock.now()).as_secs();
        entry.expires_at = entry.expires_at.min(latest);
        if self.mirror.apply(&entry) {
            let tail = self.tail();
            // It comes again, with a position of its own, once the database has told its number.
            let position = tail.position();
            let _ = self.news.send(News { entry, position });
        }
        self.bell.notify_one();
    }

    /// What a later version says, of a kind that this one does not know: passed over, unless it is
    /// critical. Then nobody is let in here while it lives, and no verifier is told that all is known.
    fn hear_unknown(&self, mut unknown: Unknown) {
        let latest = self.last_expiry(self.clock.now()).as_secs();
        let expires_at = unknown.expires_at.unwrap_or(latest);
        unknown.expires_at = Some(expires_at.min(latest));
        self.meet(&unknown);
        self.bell.notify_one();
    }

    /// Rows of kinds that this release does not know: seen, and of no use here.
    fn pass_over(&self, rows: Vec<(i64, String)>) {
        for (seq, kind) in rows {
            self.tail().note(seq, Moment::now());
            self.meet(&Unknown {
                kind,
                critical: false,
                expires_at: None,
            });
        }
    }

    fn meet(&self, unknown: &Unknown) {
        if self.unknown_kinds.meet(unknown) {
            let Unknown { kind, critical, .. } = unknown;
            tracing::warn!(
                kind,
                critical,
                "a revocation is of a kind that this release does not know; update this replica"
            );
        }
    }

    /// Whether something was revoked that this release can't judge.
    fn is_outdated(&self) -> bool {
        self.unknown_kinds.forbid_trust(self.clock.now().as_secs())
    }

    /// Waits until a key was removed.
    pub async fn keys_changed(&self) {
        self.keys_changed.notified().await;
    }

    /// Entries in the mirror.
    pub fn size(&self) -> usize {
        self.mirror.len()
    }

    /// What there is to watch.
    pub fn stats(&self) -> Stats {
        Stats {
            entries: self.size(),
            consumers: self.news.receiver_count(),
            backlog: self.news.len(),
            lag: self.asked().map(|at| at.elapsed()),
            redis_is_heard: match &self.link {
                Link::InProcess => None,
                link => Some(link.is_heard(self.spans.max_lag)),
            },
        }
    }

    /// Whether the mirror is fresh enough to be believed.
    pub fn is_fresh(&self) -> bool {
        self.has_asked() && self.link.is_heard(self.spans.max_lag)
    }

    /// Whether everything that was revoked longer ago than `max_lag` is known.
    fn has_asked(&self) -> bool {
        self.asked()
            .is_some_and(|at| at.elapsed() < self.spans.trusted_for())
    }

    /// When the database was last asked with success.
    fn asked(&self) -> Option<Moment> {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes revocations of one kind within the transaction that revokes. They are kept until the
    /// last token that they can match has expired everywhere.
    pub(crate) async fn insert(
        &self,
        conn: &mut Conn,
        kind: Kind,
        values: Vec<String>,
        ver: Option<i64>,
    ) -> Result<Vec<Numbered>, DbError> {
        let now = self.clock.now();
        store::insert(conn, kind, values, ver, (now, self.last_expiry(now))).await
    }

    /// Deletes up to `limit` entries whose last token has expired; the answer is how many.
    ///
    /// # Errors
    /// [`DbError`]
    pub async fn prune(&self, limit: usize) -> Result<usize, DbError> {
        store::delete_dead(&self.db, self.clock.now(), limit).await
    }

    /// When a token that is minted at `now`, or by a request that is in flight then, counts nowhere.
    fn last_expiry(&self, now: Instant) -> Instant {
        now.plus(self.spans.kept)
    }
}
