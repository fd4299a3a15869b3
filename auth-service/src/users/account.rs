//! What somebody does with their own account.

use super::login::prove;
use super::{User, UsersError, profile, store};
use crate::audit::{Actor, Event, EventKind, Origin};
use crate::change::Change;
use crate::ctx::Ctx;
use crate::id::Id;
use crate::sessions;

/// An account.
///
/// # Errors
/// [`UsersError::NotFound`] · [`UsersError::Db`]
pub async fn get(ctx: &Ctx, id: Id) -> Result<User, UsersError> {
    let mut conn = ctx.db.conn().await?;
    store::by_id(&mut conn, id)
        .await?
        .ok_or(UsersError::NotFound)
}

/// Changes the name, or takes it away.
///
/// # Errors
/// [`UsersError::Profile`] · [`UsersError::NotFound`] · [`UsersError::Db`]
pub async fn rename(
    ctx: &Ctx,
    id: Id,
    name: Option<&str>,
    origin: &Origin,
) -> Result<User, UsersError> {
    let name = name.map(profile::name).transpose()?;
    let mut change = Change::begin(ctx).await?;
    let user = store::rename(&mut change, id, name.as_deref(), ctx.clock.now())
        .await?
        .ok_or(UsersError::NotFound)?;
    let event = Event::new(EventKind::AccountUpdated, Actor::User(id))
        .detail(serde_json::json!({ "changed": ["name"] }));
    change.commit(event, origin).await?;
    Ok(user)
}

/// Deletes one's own account, its sessions and their tokens. The password is asked for again.
///
/// # Errors
/// [`UsersError::WrongPassword`] · [`UsersError::Throttled`] · [`UsersError::Busy`] …
pub async fn delete(ctx: &Ctx, id: Id, password: &str, origin: &Origin) -> Result<(), UsersError> {
    prove(ctx, id, password, EventKind::AccountDeleted, origin).await?;
    let kind = EventKind::AccountDeleted;
    remove(ctx, id, kind, Actor::User(id), origin).await
}

/// Deletes an account, its sessions and their tokens. `kind` is as what.
pub(super) async fn remove(
    ctx: &Ctx,
    id: Id,
    kind: EventKind,
    actor: Actor,
    origin: &Origin,
) -> Result<(), UsersError> {
    let mut change = Change::begin(ctx).await?;
    sessions::revoke_everything(ctx, &mut change, id).await?;
    if !store::delete(&mut change, id).await? {
        change.abandon().await?;
        return Err(UsersError::NotFound);
    }
    let event = Event::new(kind, actor).subject(id);
    Ok(change.commit(event, origin).await?)
}
