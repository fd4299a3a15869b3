//! Accounts whose owner never showed that they receive mail there, after their time.

use serde_json::json;
use shared_claims::Kind;

use super::store;
use crate::audit::{Actor, Event, EventKind, Origin};
use crate::change::Change;
use crate::clock::Instant;
use crate::ctx::Ctx;
use crate::db::DbError;
use crate::id::Id;

/// Deletes the accounts behind `after`, up to `upto`, that were made before `made_before` and
/// never verified, with their sessions and tokens; the answer is how many. One that has a role was
/// made on purpose, and one that is disabled keeps its address from being used again: both stay.
///
/// # Errors
/// [`DbError`]; then none was deleted.
pub(crate) async fn remove_unverified(
    ctx: &Ctx,
    after: Id,
    upto: Id,
    made_before: Instant,
) -> Result<usize, DbError> {
    let mut change = Change::begin(ctx).await?;
    let removed = store::delete_unverified(&mut change, after, upto, made_before).await?;
    if removed.is_empty() {
        change.abandon().await?;
        return Ok(0);
    }
    let mut events = Vec::new();
    for (id, ver) in &removed {
        change
            .revoke(Kind::Sub, &id.to_string(), Some(ver + 1))
            .await?;
        let event = Event::new(EventKind::AccountDeleted, Actor::System).subject(*id);
        events.push(event.detail(json!({ "why": "never verified" })));
    }
    change.commit_all(&events, &Origin::default()).await?;
    Ok(removed.len())
}
