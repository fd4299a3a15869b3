//! Reading the trail whole, a page at a time, and taking what is personal out of it.

use super::{AuditEvent, Filter, list, store};
use crate::clock::Instant;
use crate::ctx::Ctx;
use crate::db::DbError;
use crate::id::Id;

/// Events that one statement reads or changes.
const PAGE: i64 = 500;

/// A walk through the events of a span of time, oldest first.
pub struct Walk {
    after: Id,
    since: Instant,
    until: Instant,
}

impl Walk {
    /// Begins at `since` and ends before `until`.
    pub fn new(since: Instant, until: Instant) -> Self {
        let after = Id::first_at(since);
        Self {
            after,
            since,
            until,
        }
    }

    /// The next events; none at the end.
    ///
    /// # Errors
    /// [`DbError`]; the walk can go on.
    pub async fn next(&mut self, ctx: &Ctx) -> Result<Vec<AuditEvent>, DbError> {
        let mut conn = ctx.db.conn().await?;
        let page = store::page(&mut conn, self.after, self.since, self.until, PAGE).await?;
        self.after = page.last().map_or(self.after, |event| event.id);
        Ok(page)
    }
}

/// Every event done by or to an account, newest first.
///
/// # Errors
/// [`DbError`]
pub(crate) async fn all_of(ctx: &Ctx, user: Id) -> Result<Vec<AuditEvent>, DbError> {
    let filter = Filter {
        user_id: Some(user),
        event: None,
    };
    let mut all: Vec<AuditEvent> = Vec::new();
    loop {
        let before = all.last().map(|event| event.id);
        let page = list(ctx, &filter, before, PAGE).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

/// Takes addresses, user agents and request identifiers out of the events that an account did,
/// or that somebody unknown did to it; the answer is of how many. Where somebody else did
/// something to it, they are that person's.
///
/// # Errors
/// [`DbError`]; what was taken out until then is gone.
pub(crate) async fn anonymise(ctx: &Ctx, user: Id) -> Result<usize, DbError> {
    let mut count = 0;
    loop {
        let mut conn = ctx.db.conn().await?;
        let events = store::personal(&mut conn, user, PAGE).await?;
        if events.is_empty() {
            return Ok(count);
        }
        count += store::anonymise(&mut conn, &events).await?;
    }
}
