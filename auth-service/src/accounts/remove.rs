//! Deleting an account, its sessions and their tokens.

use kernel::audit::{Actor, Event, EventKind};
use kernel::caller::Caller;
use kernel::id::Id;

use super::AccountsError;
use super::administrators::{Guard, another_stays, guarded, may_lack};
use crate::ctx::Ctx;
use crate::users::{self, UsersError};
use crate::{sessions, signin};

/// Deletes one's own account. The password is asked for again.
///
/// # Errors
/// [`AccountsError`]
pub async fn delete_own(
    ctx: &Ctx,
    id: Id,
    password: &str,
    caller: &Caller,
) -> Result<(), AccountsError> {
    let kind = EventKind::AccountDeleted;
    signin::prove_again(ctx, id, password, kind, caller).await?;
    Ok(remove(ctx, id, kind, Actor::User(id), caller).await?)
}

/// Deletes an account.
///
/// # Errors
/// [`UsersError::NotFound`] · [`UsersError::NotYourself`] · [`UsersError::LastAdministrator`] ·
/// [`UsersError::Db`]
pub async fn delete(ctx: &Ctx, id: Id, actor: Actor, caller: &Caller) -> Result<(), UsersError> {
    remove(ctx, id, EventKind::AccountDeleted, actor, caller).await
}

/// As [`delete`]. `kind` is as what.
pub(super) async fn remove(
    ctx: &Ctx,
    id: Id,
    kind: EventKind,
    actor: Actor,
    caller: &Caller,
) -> Result<(), UsersError> {
    guarded(async |guard| remove_once(ctx, id, kind, actor, caller, guard).await).await
}

async fn remove_once(
    ctx: &Ctx,
    id: Id,
    kind: EventKind,
    actor: Actor,
    caller: &Caller,
    guard: Guard,
) -> Result<Option<()>, UsersError> {
    let mut change = ctx.changes.begin().await?;
    if !another_stays(&mut change, id, guard).await? {
        return change.undo(Err(UsersError::LastAdministrator)).await;
    }
    let raised = sessions::revoke_everything(ctx, &mut change, id).await?;
    let administered = raised.is_some_and(|(_, administered)| administered);
    if administered && actor == Actor::User(id) {
        return change.undo(Err(UsersError::NotYourself)).await;
    }
    if administered && !may_lack(actor, guard) {
        return change.undo(Ok(None)).await;
    }
    if !users::store::delete(&mut change, id).await? {
        return change.undo(Err(UsersError::NotFound)).await;
    }
    let event = Event::new(kind, actor).subject(id);
    change.commit(event, caller).await?;
    Ok(Some(()))
}
