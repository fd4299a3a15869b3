//! Who may prune now: a row that is taken by compare-and-set, the same on both databases.
//!
//! ```text
//! nobody, or past `until` ──take──▶ held ──renew, each batch──▶ held ──rest──▶ not before the
//!                                    │                                         next interval
//!                                    └─ its replica died: free again after `HOLD`
//! ```
//! It spares work and guards nothing: two passes at once would delete the same rows, each once.

use std::time::Duration;

use kernel::db::DbError;
use kernel::id::Id;

use super::{HousekeepingError, store};
use crate::ctx::Ctx;

/// How long a replica is waited for that says nothing.
const HOLD: Duration = Duration::from_secs(60);

/// The right to prune, until it is overtaken.
pub(super) struct Lease {
    holder: Id,
}

impl Lease {
    /// Takes the lease, unless it is held or rests.
    pub(super) async fn take(ctx: &Ctx) -> Result<Option<Self>, DbError> {
        let now = ctx.clock.now();
        let holder = ctx.entropy.id(now);
        let taken = store::take_lease(&ctx.db, holder, now, now.plus(HOLD)).await?;
        Ok(taken.then_some(Self { holder }))
    }

    /// Holds on.
    pub(super) async fn renew(&self, ctx: &Ctx) -> Result<(), HousekeepingError> {
        self.extend(ctx, HOLD).await
    }

    /// Ends the pass; the next may begin after the interval.
    pub(super) async fn rest(&self, ctx: &Ctx) -> Result<(), HousekeepingError> {
        self.extend(ctx, ctx.settings.housekeeping.interval).await
    }

    async fn extend(&self, ctx: &Ctx, span: Duration) -> Result<(), HousekeepingError> {
        let until = ctx.clock.now().plus(span);
        match store::extend_lease(&ctx.db, self.holder, until).await? {
            true => Ok(()),
            false => Err(HousekeepingError::Overtaken),
        }
    }
}
