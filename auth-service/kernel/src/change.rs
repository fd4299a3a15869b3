//! A security change: what was done, its audit row and its revocations are one transaction, and
//! what it revoked is known here before the change is answered.

use shared_claims::Kind;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use crate::audit::{self, Audit, Event};
use crate::caller::Caller;
use crate::db::fragment::Statement;
use crate::db::{Conn, Db, DbError, Tx};
use crate::revocation::{Numbered, Revocations};

/// The way to every security change.
#[derive(Clone)]
pub struct Changes {
    db: Db,
    audit: Audit,
    revocations: Arc<Revocations>,
}

impl Changes {
    /// Changes to this database.
    pub fn new(db: Db, audit: Audit, revocations: Arc<Revocations>) -> Self {
        Self {
            db,
            audit,
            revocations,
        }
    }

    /// Begins a transaction.
    ///
    /// # Errors
    /// As [`Db::begin`].
    pub async fn begin(&self) -> Result<Change<'_>, DbError> {
        Ok(Change {
            changes: self,
            tx: Db::begin(&self.db).await?,
            revoked: Vec::new(),
        })
    }

    /// A change of one statement that revokes nothing. It and its audit row are one transaction,
    /// on Postgres one statement; neither happens, and it is false, if the statement changes no
    /// row.
    ///
    /// # Errors
    /// [`DbError`]; then nothing happened, or it can't be known.
    pub async fn at_once(
        &self,
        statement: impl Statement,
        event: &Event,
        caller: &Caller,
    ) -> Result<bool, DbError> {
        self.audit.insert_with(statement, event, caller).await
    }
}

/// An open change. Dropped without [`commit`](Self::commit), nothing of it happened.
pub struct Change<'a> {
    changes: &'a Changes,
    tx: Tx,
    revoked: Vec<Numbered>,
}

impl Change<'_> {
    /// Refuses every access token that `kind` and `value` name, from the commit on. `ver` is the
    /// lowest version of the account that still counts.
    ///
    /// # Errors
    /// [`DbError`]
    pub async fn revoke(
        &mut self,
        kind: Kind,
        value: &str,
        ver: Option<i64>,
    ) -> Result<(), DbError> {
        self.write_down(kind, vec![value.to_owned()], ver).await
    }

    /// As [`revoke`](Self::revoke), for each of these values, by one statement.
    ///
    /// # Errors
    /// [`DbError`]
    pub async fn revoke_each(
        &mut self,
        kind: Kind,
        values: Vec<String>,
        ver: Option<i64>,
    ) -> Result<(), DbError> {
        match values.is_empty() {
            true => Ok(()),
            false => self.write_down(kind, values, ver).await,
        }
    }

    async fn write_down(
        &mut self,
        kind: Kind,
        values: Vec<String>,
        ver: Option<i64>,
    ) -> Result<(), DbError> {
        let revocations = &self.changes.revocations;
        let entries = revocations.insert(&mut self.tx, kind, values, ver).await?;
        self.revoked.extend(entries);
        Ok(())
    }

    /// Writes the audit row and commits; then spreads what was revoked.
    ///
    /// # Errors
    /// [`DbError`]; then nothing happened.
    pub async fn commit(self, event: Event, caller: &Caller) -> Result<(), DbError> {
        self.commit_all(&[event], caller).await
    }

    /// As [`commit`](Self::commit), with an audit row for each of several events.
    ///
    /// # Errors
    /// [`DbError`]; then nothing happened.
    pub async fn commit_all(mut self, events: &[Event], caller: &Caller) -> Result<(), DbError> {
        for event in events {
            self.changes
                .audit
                .insert(&mut self.tx, event, caller)
                .await?;
        }
        self.tx.commit().await?;
        events.iter().for_each(|event| audit::log(event, caller));
        self.changes.revocations.spread(&self.revoked).await;
        Ok(())
    }

    /// Undoes everything, where that was to be expected, and hands on why.
    ///
    /// # Errors
    /// Those of `answer`, and [`DbError`]; nothing happened then either.
    pub async fn undo<T, E: From<DbError>>(self, answer: Result<T, E>) -> Result<T, E> {
        self.tx.rollback().await?;
        answer
    }
}

impl Deref for Change<'_> {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        &self.tx
    }
}

impl DerefMut for Change<'_> {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.tx
    }
}
