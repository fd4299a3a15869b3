//! Following the table: what Redis may have lost is read from the database, several times within
//! `max_lag`.

use std::sync::PoisonError;
use std::time::Duration;
use tokio::time::Instant as Moment;

use super::store;
use crate::ctx::Ctx;
use crate::db::DbError;

/// Fills the mirror with everything that counts now.
///
/// # Errors
/// [`DbError`]
pub async fn load(ctx: &Ctx) -> Result<(), DbError> {
    let asked = Moment::now();
    let mut conn = ctx.db.conn().await?;
    for numbered in store::live_after(&mut conn, 0, ctx.clock.now()).await? {
        ctx.revocations.take(&numbered);
    }
    ctx.revocations.asked_at(asked);
    Ok(())
}

/// Asks the database for news, again and again.
pub async fn follow(ctx: &Ctx) {
    let pause = ctx.settings.revocation.max_lag / 4;
    loop {
        if let Err(error) = ask(ctx).await {
            tracing::warn!(%error, "revocations could not be read");
        }
        tokio::time::sleep(pause).await;
    }
}

async fn ask(ctx: &Ctx) -> Result<(), DbError> {
    let asked = Moment::now();
    let (last, missing) = {
        let mut tail = ctx.revocations.tail();
        tail.forget(asked);
        (tail.last(), tail.missing())
    };
    let mut conn = ctx.db.conn().await?;
    for numbered in store::news(&mut conn, last, &missing).await? {
        ctx.revocations.take(&numbered);
    }
    ctx.revocations.asked_at(asked);
    Ok(())
}

impl super::Revocations {
    fn asked_at(&self, moment: Moment) {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = Some(moment);
    }
}

/// Forgets, in memory and in the database, what can match no living token, once a minute.
pub async fn prune(ctx: &Ctx) {
    loop {
        tokio::time::sleep(Duration::from_secs(60)).await;
        let now = ctx.clock.now();
        ctx.revocations.mirror.prune(now.as_secs());
        let pruned = async { store::prune(&mut ctx.db.conn().await?, now).await };
        if let Err(error) = pruned.await {
            tracing::warn!(%error, "dead revocations could not be pruned");
        }
    }
}
