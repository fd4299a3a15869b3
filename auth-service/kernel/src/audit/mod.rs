//! The audit trail: who did what to whom, from where, and how it ended. Never a secret.

mod event;
mod record;
mod store;
mod walk;

use crate::caller::Caller;
use crate::clock::{Clock, Instant};
use crate::db::fragment::Statement;
use crate::db::{Conn, Db, DbError, Window};
use crate::entropy::Entropy;
use crate::id::Id;

pub use event::{Actor, Event, EventKind, Outcome};
pub use record::{AuditEvent, Filter};
pub use walk::Walk;

/// The audit trail. Clones share its database.
#[derive(Clone)]
pub struct Audit {
    db: Db,
    clock: Clock,
    entropy: Entropy,
}

impl Audit {
    /// The trail in this database.
    pub fn new(db: Db, clock: Clock, entropy: Entropy) -> Self {
        Self { db, clock, entropy }
    }

    /// Writes down an event that changes nothing, such as a failed login. A failure is logged even
    /// where the database can't take it; a success only once it has.
    ///
    /// # Errors
    /// [`DbError`]
    pub async fn record(&self, event: Event, caller: &Caller) -> Result<(), DbError> {
        let written = store::insert_alone(&self.db, self.row(&event, caller)).await;
        if written.is_ok() || event.outcome == Outcome::Failure {
            log(&event, caller);
        }
        written
    }

    /// Writes an event down within the transaction that it is about. Whoever commits logs it.
    pub(crate) async fn insert(
        &self,
        conn: &mut Conn,
        event: &Event,
        caller: &Caller,
    ) -> Result<(), DbError> {
        store::insert(conn, &self.row(event, caller)).await
    }

    /// Runs a statement and writes the event down as one transaction; neither, and false, if the
    /// statement changed nothing.
    pub(crate) async fn insert_with(
        &self,
        statement: impl Statement,
        event: &Event,
        caller: &Caller,
    ) -> Result<bool, DbError> {
        let changed = store::insert_with(&self.db, statement, self.row(event, caller)).await?;
        if changed {
            log(event, caller);
        }
        Ok(changed)
    }

    /// Events, newest first: those before `before`, `limit` at most.
    ///
    /// # Errors
    /// [`DbError`]
    pub async fn list(
        &self,
        filter: &Filter,
        before: Option<Id>,
        limit: i64,
    ) -> Result<Vec<AuditEvent>, DbError> {
        let mut conn = self.db.conn().await?;
        store::list(&mut conn, filter, before.unwrap_or(Id::LAST), limit).await
    }

    /// The last of the next `size` events behind `after` and before `end`; nothing if there are
    /// fewer.
    ///
    /// # Errors
    /// [`DbError`]
    pub async fn last_of(&self, after: Id, end: Id, size: usize) -> Result<Option<Id>, DbError> {
        store::last_of(&mut self.db.conn().await?, after, end, size).await
    }

    /// Deletes the events of a window that were written before `old`; the answer is how many.
    ///
    /// # Errors
    /// [`DbError`]
    pub async fn prune(&self, window: Window, old: Instant) -> Result<usize, DbError> {
        store::delete(&self.db, window, old).await
    }

    fn row(&self, event: &Event, caller: &Caller) -> store::Row {
        let now = self.clock.now();
        store::Row::new(self.entropy.id(now), now, event, caller)
    }
}

/// The same event for the log, so that it can be followed there: once it is in the database. It
/// names the roles that an account was given, so that what is lost with a database can be made good.
pub(crate) fn log(event: &Event, caller: &Caller) {
    tracing::info!(
        event = event.kind.as_str(),
        outcome = event.outcome.as_str(),
        actor = event.actor.as_str(),
        actor_id = event.actor.id().map(tracing::field::display),
        subject_id = event.subject.map(tracing::field::display),
        session_id = event.session.map(tracing::field::display),
        roles = event.detail.get("roles").map(tracing::field::display),
        address = caller.address.map(tracing::field::display),
        "audit"
    );
}
