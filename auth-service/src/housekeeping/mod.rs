//! Housekeeping: what can matter no more goes, a small batch at a time, at one replica at a time.
//!
//! ```text
//! sessions       expired longer ago than `housekeeping.session_retention`
//! revocations    once the last token that they can match has expired everywhere
//! audit events   older than `housekeeping.audit_retention`
//! accounts       never verified, and older than `housekeeping.unverified_retention`
//! ```
//!
//! Pruning loses no reuse detection (L8): a session goes only when its row has long said
//! "expired" to every token of its family, the stolen ones too, and expired beats reused. Later
//! such a token finds no row, which is refused as revoked. A session that lives, or that was
//! revoked before its time, keeps its row.
//!
//! No index holds a column that a refresh writes, so none tells which sessions have expired.
//! Identifiers are UUIDs of version 7, which sort by the time they were made: a pass walks the
//! primary key from the oldest row to the youngest that can be old enough, and in each step reads
//! `housekeeping.batch` rows and deletes those that the row's own column condemns. Settings that
//! were other ones when a row was made change how soon it goes, never whether it may.

mod lease;
mod prune;
mod store;

use std::time::Duration;
use tokio::time::sleep;

use kernel::db::DbError;
use lease::Lease;

use crate::ctx::Ctx;

/// What one pass pruned, in rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Sessions.
    pub sessions: usize,
    /// Revocations.
    pub revocations: usize,
    /// Audit events.
    pub audit_events: usize,
    /// Accounts.
    pub accounts: usize,
}

/// Why a pass ended early. What it had pruned stays pruned; the next one goes on.
#[derive(Debug, thiserror::Error)]
pub enum HousekeepingError {
    /// It took so long that another replica has taken over.
    #[error("another replica has taken over")]
    Overtaken,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// How often a replica looks whether a pass is due.
const LOOK: Duration = Duration::from_secs(30);

/// Makes a pass whenever one is due and no other replica makes it.
pub async fn run(ctx: &Ctx) {
    let pause = ctx.settings.housekeeping.interval.min(LOOK);
    loop {
        sleep(pause).await;
        match pass(ctx).await {
            Ok(Some(pruned)) if pruned != Pruned::default() => {
                let Pruned {
                    sessions,
                    revocations,
                    audit_events,
                    accounts,
                } = pruned;
                tracing::info!(sessions, revocations, audit_events, accounts, "pruned");
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "housekeeping ended early"),
        }
    }
}

/// One pass; nothing if another replica is at it, or the last was less than
/// `housekeeping.interval` ago.
///
/// # Errors
/// [`HousekeepingError`]
pub async fn pass(ctx: &Ctx) -> Result<Option<Pruned>, HousekeepingError> {
    let Some(lease) = Lease::take(ctx).await? else {
        return Ok(None);
    };
    let pruned = prune::everything(ctx, &lease).await?;
    lease.rest(ctx).await?;
    Ok(Some(pruned))
}
