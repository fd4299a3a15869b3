//! Changing one's password.

use super::login::prove;
use super::signup::new_hash;
use super::{UsersError, store};
use crate::audit::{Actor, Event, EventKind, Origin};
use crate::change::Change;
use crate::ctx::Ctx;
use crate::id::Id;
use crate::sessions;

/// Changes the password; every session but `session` ends.
///
/// # Errors
/// [`UsersError::WrongPassword`] · [`UsersError::Password`] · [`UsersError::Throttled`] …
pub async fn change_password(
    ctx: &Ctx,
    id: Id,
    session: Id,
    current: &str,
    new: &str,
    origin: &Origin,
) -> Result<(), UsersError> {
    let (user, old_hash) = prove(ctx, id, current, EventKind::PasswordChanged, origin).await?;
    let new_hash = new_hash(ctx, new, &user).await?;
    let mut change = Change::begin(ctx).await?;
    let now = ctx.clock.now();
    // Another change of the password came between: what was proved no longer holds.
    if !store::replace_hash(&mut change, id, &old_hash, &new_hash, Some(now)).await? {
        change.abandon().await?;
        return Err(UsersError::WrongPassword);
    }
    sessions::end_others(ctx, &mut change, id, session).await?;
    let event = Event::new(EventKind::PasswordChanged, Actor::User(id)).session(session);
    Ok(change.commit(event, origin).await?)
}
