//! Accounts whose owner never showed that they receive mail there, after their time.

use kernel::audit::{Actor, Event, EventKind};
use kernel::caller::Caller;
use kernel::clock::Instant;
use kernel::db::{DbError, Window};
use kernel::id::Id;
use serde_json::json;
use shared_claims::Kind;

use crate::ctx::Ctx;
use crate::users::store;

/// The last of the next `size` accounts behind `after` and before `end`; nothing if there are fewer.
pub(crate) async fn last_of(
    ctx: &Ctx,
    after: Id,
    end: Id,
    size: usize,
) -> Result<Option<Id>, DbError> {
    store::last_of(&mut ctx.db.conn().await?, after, end, size).await
}

/// Deletes the accounts of a window that were made before `made_before` and never verified, with
/// their sessions and tokens; the answer is how many. One that has a role was made on purpose, and
/// one that is disabled keeps its address from being used again: both stay.
///
/// # Errors
/// [`DbError`]; then none was deleted.
pub(crate) async fn remove_unverified(
    ctx: &Ctx,
    window: Window,
    made_before: Instant,
) -> Result<usize, DbError> {
    let mut change = ctx.changes.begin().await?;
    let Window { after, upto } = window;
    let removed = store::delete_unverified(&mut change, after, upto, made_before).await?;
    if removed.is_empty() {
        return change.undo(Ok(0)).await;
    }
    // No token of any of them counts any more: one version beyond all of theirs says so.
    let ver = removed.iter().map(|(_, ver)| ver + 1).max();
    let ids = removed.iter().map(|(id, _)| id.to_string()).collect();
    change.revoke_each(Kind::Sub, ids, ver).await?;
    let events: Vec<Event> = removed
        .iter()
        .map(|(id, _)| Event::new(EventKind::AccountDeleted, Actor::System).subject(*id))
        .map(|event| event.detail(json!({ "why": "never verified" })))
        .collect();
    change.commit_all(&events, &Caller::default()).await?;
    Ok(removed.len())
}
