//! Reading the trail whole, a page at a time, and taking what is personal out of it.

use super::{Audit, AuditEvent, Filter, store};
use crate::clock::Instant;
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
    /// Begins at `since`, behind the event `after` if there is one, and ends before `until`.
    pub fn new(since: Instant, until: Instant, after: Option<Id>) -> Self {
        let first = Id::first_at(since);
        Self {
            after: after.map_or(first, |after| after.max(first)),
            since,
            until,
        }
    }

    /// The next events; none at the end.
    ///
    /// # Errors
    /// [`DbError`]; the walk can go on.
    pub async fn next(&mut self, audit: &Audit) -> Result<Vec<AuditEvent>, DbError> {
        let mut conn = audit.db.conn().await?;
        let page = store::page(&mut conn, self.after, self.since, self.until, PAGE).await?;
        self.after = page.last().map_or(self.after, |event| event.id);
        Ok(page)
    }
}

impl Audit {
    /// Every event done by or to an account, newest first.
    ///
    /// # Errors
    /// [`DbError`]
    pub async fn all_of(&self, user: Id) -> Result<Vec<AuditEvent>, DbError> {
        let filter = Filter {
            user_id: Some(user),
            event: None,
        };
        let mut all: Vec<AuditEvent> = Vec::new();
        loop {
            let before = all.last().map(|event| event.id);
            let page = self.list(&filter, before, PAGE).await?;
            let is_last = page.len() < PAGE as usize;
            all.extend(page);
            if is_last {
                return Ok(all);
            }
        }
    }

    /// Takes addresses, user agents and request identifiers out of the events that an account
    /// did to itself, or that somebody unknown did to it; the answer is of how many. Where somebody
    /// else did something to it, they are that person's. What it did to others or to the service
    /// keeps its origin for as long as the trail reaches back: nobody erases the traces of their own
    /// acts (I41).
    ///
    /// # Errors
    /// [`DbError`]; what was taken out until then is gone.
    pub async fn anonymise(&self, user: Id) -> Result<usize, DbError> {
        let mut count = 0;
        loop {
            let events = store::personal(&mut self.db.conn().await?, user, PAGE).await?;
            let is_last = events.len() < PAGE as usize;
            if !events.is_empty() {
                count += store::anonymise(&self.db, events).await?;
            }
            if is_last {
                return Ok(count);
            }
        }
    }
}
