//! Revoking one access token by itself.

use shared_claims::Kind;

use crate::audit::{Actor, Event, EventKind, Origin};
use crate::change::Change;
use crate::ctx::Ctx;
use crate::db::DbError;
use crate::id::Id;

/// Refuses the access token with this `jti` from now on.
///
/// # Errors
/// [`DbError`]
pub async fn revoke(ctx: &Ctx, jti: Id, actor: Actor, origin: &Origin) -> Result<(), DbError> {
    let mut change = Change::begin(ctx).await?;
    change.revoke(Kind::Jti, &jti.to_string(), None).await?;
    let event =
        Event::new(EventKind::TokenRevoked, actor).detail(serde_json::json!({ "jti": jti }));
    change.commit(event, origin).await
}
