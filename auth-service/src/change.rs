//! A security change: what was done, its audit row and its revocations are one transaction, and
//! what it revoked is known here before the change is answered.

use shared_claims::Kind;
use std::ops::{Deref, DerefMut};

use crate::audit::{self, Event, Origin};
use crate::ctx::Ctx;
use crate::db::fragment::Statement;
use crate::db::{Conn, Db, DbError, Tx};
use crate::revocation::{self, Numbered};

/// An open change. Dropped without [`commit`](Self::commit), nothing of it happened.
pub struct Change<'a> {
    ctx: &'a Ctx,
    tx: Tx,
    revoked: Vec<Numbered>,
}

impl<'a> Change<'a> {
    /// Begins a transaction.
    ///
    /// # Errors
    /// As [`Db::begin`].
    pub async fn begin(ctx: &'a Ctx) -> Result<Self, DbError> {
        Ok(Self {
            ctx,
            tx: Db::begin(&ctx.db).await?,
            revoked: Vec::new(),
        })
    }

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
        let entry = revocation::insert(&mut self.tx, self.ctx, kind, value, ver).await?;
        self.revoked.push(entry);
        Ok(())
    }

    /// Writes the audit row and commits; then spreads what was revoked.
    ///
    /// # Errors
    /// [`DbError`]; then nothing happened.
    pub async fn commit(self, event: Event, origin: &Origin) -> Result<(), DbError> {
        self.commit_all(&[event], origin).await
    }

    /// As [`commit`](Self::commit), with an audit row for each of several events.
    ///
    /// # Errors
    /// [`DbError`]; then nothing happened.
    pub async fn commit_all(mut self, events: &[Event], origin: &Origin) -> Result<(), DbError> {
        for event in events {
            audit::insert(&mut self.tx, self.ctx, event, origin).await?;
            audit::log(event, origin);
        }
        self.tx.commit().await?;
        self.ctx.revocations.spread(self.ctx, &self.revoked).await;
        Ok(())
    }

    /// Undoes everything, where that was to be expected.
    ///
    /// # Errors
    /// [`DbError`]; nothing happened then either.
    pub async fn abandon(self) -> Result<(), DbError> {
        self.tx.rollback().await
    }
}

/// A change of one statement that revokes nothing. It and its audit row are one transaction, on
/// Postgres one statement; neither happens, and it is false, if the statement changes no row.
///
/// # Errors
/// [`DbError`]; then nothing happened, or it can't be known.
pub(crate) async fn at_once(
    ctx: &Ctx,
    statement: impl Statement,
    event: &Event,
    origin: &Origin,
) -> Result<bool, DbError> {
    let changed = audit::insert_with(ctx, statement, event, origin).await?;
    if changed {
        audit::log(event, origin);
    }
    Ok(changed)
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
