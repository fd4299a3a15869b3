//! Revoking one access token by itself.

use kernel::audit::{Actor, Event, EventKind};
use kernel::caller::Caller;
use kernel::db::DbError;
use kernel::id::Id;
use shared_claims::Kind;

use crate::ctx::Ctx;

/// Refuses the access token with this `jti` from now on.
///
/// # Errors
/// [`DbError`]
pub async fn revoke(ctx: &Ctx, jti: Id, actor: Actor, caller: &Caller) -> Result<(), DbError> {
    let mut change = ctx.changes.begin().await?;
    change.revoke(Kind::Jti, &jti.to_string(), None).await?;
    let event =
        Event::new(EventKind::TokenRevoked, actor).detail(serde_json::json!({ "jti": jti }));
    change.commit(event, caller).await
}
