//! Changing one's password, and setting somebody's.

use kernel::audit::{Actor, Event, EventKind};
use kernel::caller::Caller;
use kernel::id::Id;

use super::AccountsError;
use crate::ctx::Ctx;
use crate::methods::password;
use crate::sessions;
use crate::signin::{self, SigninError};
use crate::users::{self, UsersError};

/// Changes the password; every session but `session` ends.
///
/// # Errors
/// [`AccountsError::Signin`]
pub async fn change_password(
    ctx: &Ctx,
    id: Id,
    session: Id,
    current: &str,
    new: &str,
    caller: &Caller,
) -> Result<(), AccountsError> {
    let kind = EventKind::PasswordChanged;
    let proven = signin::prove_again(ctx, id, current, kind, caller).await?;
    let new = password::new(ctx, new, proven.user()).await?;
    let now = ctx.clock.now();
    let mut change = ctx.changes.begin().await?;
    if !password::replace(&mut change, &proven, &new, now).await? {
        return change.undo(Err(SigninError::WrongPassword.into())).await;
    }
    sessions::end_others(ctx, &mut change, id, session).await?;
    let event = Event::new(kind, Actor::User(id)).session(session);
    Ok(change.commit(event, caller).await?)
}

/// Sets the password of an account, for an operator whom its owner has convinced. All its sessions
/// end: whoever knew the old password may have opened them.
///
/// # Errors
/// [`AccountsError`]
pub async fn set_password(
    ctx: &Ctx,
    id: Id,
    new: &str,
    actor: Actor,
    caller: &Caller,
) -> Result<(), AccountsError> {
    let user = users::get(ctx, id).await?;
    let new = password::new(ctx, new, &user).await?;
    let mut change = ctx.changes.begin().await?;
    if !password::set(&mut change, id, &new, ctx.clock.now()).await? {
        return change.undo(Err(UsersError::NotFound.into())).await;
    }
    sessions::revoke_everything(ctx, &mut change, id).await?;
    let event = Event::new(EventKind::PasswordChanged, actor).subject(id);
    Ok(change.commit(event, caller).await?)
}
