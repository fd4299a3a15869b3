//! Following the table: what Redis may have lost is read from the database, several times within
//! `max_lag`.

use std::sync::PoisonError;
use std::time::Duration;
use tokio::time::{Instant as Moment, sleep};

use super::store::Read;
use super::{Revocations, store};
use crate::db::DbError;

/// How long to gather what others tell before the database is asked for it.
const GATHER: Duration = Duration::from_millis(5);

impl Revocations {
    /// Fills the mirror with everything that counts now.
    ///
    /// # Errors
    /// [`DbError`]
    pub async fn load(&self) -> Result<(), DbError> {
        let asked = Moment::now();
        let mut conn = self.db.current().await?;
        let live = store::live_after(&mut conn, 0, self.clock.now()).await?;
        for numbered in live.known {
            self.take(&numbered);
        }
        self.pass_over(live.unknown);
        self.asked_at(asked);
        Ok(())
    }

    /// Asks the database for news, again and again, and at once when another replica rings.
    pub async fn follow(&self) {
        let pause = self.spans.max_lag / 4;
        loop {
            if let Err(error) = self.ask().await {
                tracing::warn!(%error, "revocations could not be read");
            }
            tokio::select! {
                () = sleep(pause) => {}
                () = self.bell.notified() => sleep(GATHER).await,
            }
        }
    }

    pub(super) async fn ask(&self) -> Result<(), DbError> {
        let asked = Moment::now();
        let (last, missing) = {
            let mut tail = self.tail();
            tail.forget(asked, self.spans.kept);
            (tail.last(), tail.missing())
        };
        let mut conn = self.db.current().await?;
        let Read { mut known, unknown } = store::news(&mut conn, last, &missing).await?;
        drop(conn);
        known.retain(|numbered| self.take(numbered));
        self.pass_over(unknown);
        self.asked_at(asked);
        let (max_lag, now) = (self.spans.max_lag, self.clock.now());
        self.link.make_up(&known, max_lag, now).await;
        Ok(())
    }

    fn asked_at(&self, moment: Moment) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        *asked = Some(moment).max(*asked);
    }

    /// Forgets what can match no living token, once a minute. The table is for `housekeeping/`.
    pub async fn forget(&self) {
        loop {
            sleep(Duration::from_secs(60)).await;
            self.forget_dead();
        }
    }

    /// As [`forget`](Self::forget), once.
    pub fn forget_dead(&self) {
        self.mirror.prune(self.clock.now().as_secs());
    }
}
