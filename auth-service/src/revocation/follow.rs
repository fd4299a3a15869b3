//! Following the table: what Redis may have lost is read from the database, several times within
//! `max_lag`.

use std::sync::PoisonError;
use std::time::Duration;
use tokio::time::{Instant as Moment, sleep};

use super::store;
use crate::ctx::Ctx;
use crate::db::DbError;

/// How long to gather what others tell before the database is asked for it.
const GATHER: Duration = Duration::from_millis(5);

/// Fills the mirror with everything that counts now.
///
/// # Errors
/// [`DbError`]
pub async fn load(ctx: &Ctx) -> Result<(), DbError> {
    let asked = Moment::now();
    let mut conn = ctx.db.current().await?;
    for numbered in store::live_after(&mut conn, 0, ctx.clock.now()).await? {
        ctx.revocations.take(&numbered);
    }
    ctx.revocations.asked_at(asked);
    Ok(())
}

/// Asks the database for news, again and again, and at once when another replica rings.
pub async fn follow(ctx: &Ctx) {
    let pause = ctx.settings.revocation.max_lag / 4;
    loop {
        if let Err(error) = ask(ctx).await {
            tracing::warn!(%error, "revocations could not be read");
        }
        tokio::select! {
            () = sleep(pause) => {}
            () = ctx.revocations.bell.notified() => sleep(GATHER).await,
        }
    }
}

pub(super) async fn ask(ctx: &Ctx) -> Result<(), DbError> {
    let asked = Moment::now();
    let (last, missing) = {
        let mut tail = ctx.revocations.tail();
        tail.forget(asked);
        (tail.last(), tail.missing())
    };
    let mut conn = ctx.db.current().await?;
    let mut news = store::news(&mut conn, last, &missing).await?;
    drop(conn);
    news.retain(|numbered| ctx.revocations.take(numbered));
    ctx.revocations.asked_at(asked);
    ctx.revocations.link.make_up(ctx, &news).await;
    Ok(())
}

impl super::Revocations {
    fn asked_at(&self, moment: Moment) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        *asked = Some(moment).max(*asked);
    }
}

/// Forgets what can match no living token, once a minute. The table is for `housekeeping/`.
pub async fn forget(ctx: &Ctx) {
    loop {
        sleep(Duration::from_secs(60)).await;
        forget_dead(ctx);
    }
}

/// As [`forget`], once.
pub fn forget_dead(ctx: &Ctx) {
    ctx.revocations.mirror.prune(ctx.clock.now().as_secs());
}
