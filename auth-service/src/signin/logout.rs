//! Signing out: the session of whoever shows one of its tokens ends.

use kernel::audit::Actor;
use kernel::caller::Caller;
use kernel::db::DbError;
use kernel::id::Id;

use super::{RefreshError, refresh};
use crate::ctx::Ctx;
use crate::sessions;

/// Ends the session of a refresh token, of whatever generation. Works again and again.
///
/// # Errors
/// [`RefreshError::Invalid`] · [`RefreshError::Blocked`] · [`RefreshError::Rotate`]
pub async fn logout_by_refresh_token(
    ctx: &Ctx,
    presented: &str,
    caller: &Caller,
) -> Result<(), RefreshError> {
    let session = refresh::read(ctx, presented)?.session;
    refresh::pace(ctx, session, caller)?;
    if let Some(user) = sessions::owner(ctx, session).await? {
        end(ctx, user, session, caller).await?;
    }
    Ok(())
}

/// Ends a session whose access token was shown. Works again and again.
///
/// # Errors
/// [`RefreshError::Blocked`] · [`RefreshError::Rotate`]
pub async fn logout(ctx: &Ctx, user: Id, session: Id, caller: &Caller) -> Result<(), RefreshError> {
    refresh::pace(ctx, session, caller)?;
    Ok(end(ctx, user, session, caller).await?)
}

async fn end(ctx: &Ctx, user: Id, session: Id, caller: &Caller) -> Result<(), DbError> {
    let actor = Actor::User(user);
    sessions::end(ctx, user, session, actor, caller).await?;
    Ok(())
}
