//! Ending sessions: their refresh tokens and their access tokens die together.

use kernel::audit::{Actor, Event, EventKind};
use kernel::caller::Caller;
use kernel::change::Change;
use kernel::db::DbError;
use kernel::id::Id;
use shared_claims::Kind;

use super::store;
use crate::ctx::Ctx;
use crate::users;

/// Ends one session of an account. False if it had ended before, or is not theirs.
///
/// # Errors
/// [`DbError`]
pub async fn end(
    ctx: &Ctx,
    user: Id,
    id: Id,
    actor: Actor,
    caller: &Caller,
) -> Result<bool, DbError> {
    let mut change = ctx.changes.begin().await?;
    if !store::revoke(&mut change, user, id, ctx.clock.now()).await? {
        return change.undo(Ok(false)).await;
    }
    change.revoke(Kind::Sid, &id.to_string(), None).await?;
    let event = Event::new(EventKind::SessionEnded, actor)
        .subject(user)
        .session(id);
    change.commit(event, caller).await?;
    Ok(true)
}

/// Ends a session, whoever's it is. False if it had ended before, or there is none.
///
/// # Errors
/// [`DbError`]
pub async fn end_any(ctx: &Ctx, id: Id, actor: Actor, caller: &Caller) -> Result<bool, DbError> {
    match super::owner(ctx, id).await? {
        Some(user) => end(ctx, user, id, actor, caller).await,
        None => Ok(false),
    }
}

/// Ends every session of an account, this one too. Raising the account's version refuses the
/// access tokens of all of them with one entry, and those of a refresh that is in flight.
///
/// # Errors
/// [`DbError`]
pub async fn end_all(ctx: &Ctx, user: Id, actor: Actor, caller: &Caller) -> Result<(), DbError> {
    let mut change = ctx.changes.begin().await?;
    revoke_everything(ctx, &mut change, user).await?;
    let event = Event::new(EventKind::SessionsEnded, actor).subject(user);
    change.commit(event, caller).await
}

/// As [`end_all`], within a change that is open. The account's new version, and whether it
/// administers or ever did; nothing if there is no such account.
pub(crate) async fn revoke_everything(
    ctx: &Ctx,
    change: &mut Change<'_>,
    user: Id,
) -> Result<Option<(i64, bool)>, DbError> {
    let now = ctx.clock.now();
    let raised = users::store::raise_ver(change, user, now).await?;
    if let Some((ver, _)) = raised {
        change
            .revoke(Kind::Sub, &user.to_string(), Some(ver))
            .await?;
    }
    store::revoke_all(change, user, None, now, now).await?;
    Ok(raised)
}

/// Ends every session of an account but `kept`, within a change that is open.
pub(crate) async fn end_others(
    ctx: &Ctx,
    change: &mut Change<'_>,
    user: Id,
    kept: Id,
) -> Result<(), DbError> {
    let now = ctx.clock.now();
    let token_life = ctx.settings.tokens.access_ttl + ctx.settings.revocation.max_leeway;
    let expired_after = now.minus(token_life);
    let ended = store::revoke_all(change, user, Some(kept), now, expired_after).await?;
    let ended = ended.iter().map(ToString::to_string).collect();
    change.revoke_each(Kind::Sid, ended, None).await
}
