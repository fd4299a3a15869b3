//! One pass: what is due, in which order, at which pace.

use std::time::Duration;

use kernel::clock::Instant;
use kernel::db::{DbError, Window};
use kernel::id::Id;
use tokio::time::{Instant as Moment, sleep};

use super::lease::Lease;
use super::{HousekeepingError, Pruned};
use crate::ctx::Ctx;
use crate::{accounts, sessions};

/// A pass works a fifth of the time at most: where the database is busy, a batch takes longer,
/// and so does the rest after it.
const RESTS_A_BATCH: u32 = 4;
const SHORTEST_REST: Duration = Duration::from_millis(2);
const LONGEST_REST: Duration = Duration::from_secs(5);

/// Accounts that one transaction looks at: each that goes takes its sessions with it, and leaves
/// an audit event and a revocation.
const ACCOUNTS: usize = 50;

pub(super) async fn everything(ctx: &Ctx, lease: &Lease) -> Result<Pruned, HousekeepingError> {
    let (now, kept) = (ctx.clock.now(), &ctx.settings.housekeeping);
    let walker = Walker { ctx, lease };
    let mut pruned = Pruned {
        revocations: walker.revocations().await?,
        ..Pruned::default()
    };
    let dead = now.minus(kept.session_retention);
    let made_before = dead.minus(ctx.settings.refresh.idle_ttl);
    pruned.sessions = walker.walk(Table::Sessions, made_before, dead).await?;
    if !kept.audit_retention.is_zero() {
        let old = now.minus(kept.audit_retention);
        pruned.audit_events = walker.walk(Table::AuditEvents, old, old).await?;
    }
    if !kept.unverified_retention.is_zero() {
        let old = now.minus(kept.unverified_retention);
        pruned.accounts = walker.walk(Table::Accounts, old, old).await?;
    }
    Ok(pruned)
}

/// A table that is walked by its primary key, and the room that prunes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Table {
    Sessions,
    AuditEvents,
    Accounts,
}

impl Table {
    /// The last of the next `size` rows behind `after` and before `end`; nothing if there are fewer.
    async fn last_of(
        self,
        ctx: &Ctx,
        after: Id,
        end: Id,
        size: usize,
    ) -> Result<Option<Id>, DbError> {
        match self {
            Self::Sessions => sessions::last_of(ctx, after, end, size).await,
            Self::AuditEvents => ctx.audit.last_of(after, end, size).await,
            Self::Accounts => accounts::last_of(ctx, after, end, size).await,
        }
    }

    /// Deletes the rows of a window whose own time lies before `dead`.
    async fn prune(self, ctx: &Ctx, window: Window, dead: Instant) -> Result<usize, DbError> {
        match self {
            Self::Sessions => sessions::prune(ctx, window, dead).await,
            Self::AuditEvents => ctx.audit.prune(window, dead).await,
            Self::Accounts => accounts::remove_unverified(ctx, window, dead).await,
        }
    }
}

struct Walker<'a> {
    ctx: &'a Ctx,
    lease: &'a Lease,
}

impl Walker<'_> {
    /// Walks a table's rows that were made before `made_before`, oldest first, and prunes those
    /// whose own time lies before `dead`. A new walk begins behind the last row it saw, so that
    /// none reads again what was deleted before it.
    async fn walk(
        &self,
        table: Table,
        made_before: Instant,
        dead: Instant,
    ) -> Result<usize, HousekeepingError> {
        let size = match table {
            Table::Accounts => self.batch().min(ACCOUNTS),
            _ => self.batch(),
        };
        let (mut after, end) = (Id::FIRST, Id::first_at(made_before));
        let mut pruned = 0;
        loop {
            let began = Moment::now();
            let last = table.last_of(self.ctx, after, end, size).await?;
            let upto = last.unwrap_or(end);
            pruned += table.prune(self.ctx, Window { after, upto }, dead).await?;
            let Some(last) = last else { return Ok(pruned) };
            after = last;
            self.breathe(began).await?;
        }
    }

    /// Prunes what an index finds.
    async fn revocations(&self) -> Result<usize, HousekeepingError> {
        let mut pruned = 0;
        loop {
            let began = Moment::now();
            let rows = self.ctx.revocations.prune(self.batch()).await?;
            pruned += rows;
            if rows < self.batch() {
                return Ok(pruned);
            }
            self.breathe(began).await?;
        }
    }

    fn batch(&self) -> usize {
        self.ctx.settings.housekeeping.batch
    }

    /// After a batch: holds on to the lease, and leaves the database to others.
    async fn breathe(&self, began: Moment) -> Result<(), HousekeepingError> {
        self.lease.renew(self.ctx).await?;
        let rest = began.elapsed() * RESTS_A_BATCH;
        sleep(rest.clamp(SHORTEST_REST, LONGEST_REST)).await;
        Ok(())
    }
}
