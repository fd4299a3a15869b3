//! Refreshing: a refresh token for a fresh access token. A bad MAC is refused before anything is
//! looked up; what happens to a valid one is decided in `sessions/rotate/`.

use kernel::caller::Caller;
use kernel::config::Limit;
use kernel::id::Id;
use kernel::limits::{Blocked, Who};
use kernel::metrics::Refresh;

use super::asked::Asked;
use super::{Issued, RefreshError, issue};
use crate::ctx::Ctx;
use crate::sessions::{self, Outcome, Presented, RotateError};
use crate::tokens::RefreshToken;

/// Exchanges a refresh token for tokens; the access token is for no more than the session was
/// granted, and for no more than is asked.
///
/// # Errors
/// [`RefreshError`]
pub async fn refresh(
    ctx: &Ctx,
    presented: &str,
    asked: &Asked,
    caller: &Caller,
) -> Result<Issued, RefreshError> {
    let exchanged = exchange(ctx, presented, asked, caller).await;
    ctx.metrics.refreshes.count(match &exchanged {
        Ok((Outcome::Rotated, _)) => Refresh::Rotated,
        Ok((Outcome::Replayed, _)) => Refresh::Replayed,
        Err(RefreshError::Invalid) => Refresh::Invalid,
        Err(RefreshError::Blocked(_)) => Refresh::RateLimited,
        Err(RefreshError::Rotate(RotateError::Expired)) => Refresh::Expired,
        Err(RefreshError::Rotate(RotateError::Revoked)) => Refresh::Revoked,
        Err(RefreshError::Rotate(RotateError::Reused)) => Refresh::Reused,
        Err(RefreshError::Rotate(RotateError::NotGranted(_))) => Refresh::NotGranted,
        Err(RefreshError::Rotate(RotateError::Db(_)) | RefreshError::Keys(_)) => Refresh::Error,
    });
    exchanged.map(|(_, issued)| issued)
}

async fn exchange(
    ctx: &Ctx,
    presented: &str,
    asked: &Asked,
    caller: &Caller,
) -> Result<(Outcome, Issued), RefreshError> {
    let presented = read(ctx, presented)?;
    pace(ctx, presented.session, caller)?;
    let within = asked.narrowed(&ctx.settings);
    let now = ctx.clock.now();
    let rotated = sessions::rotate(ctx, presented, &within, now, caller).await;
    let (outcome, session, user) = rotated?;
    if !issue::has_audience(ctx, &session) {
        return Err(RotateError::Revoked.into());
    }
    let within = within.ok().flatten();
    Ok((outcome, issue(ctx, session, user, within.as_ref(), now)?))
}

/// Counts one more refresh or sign-out of a session: both share the limit.
pub(super) fn pace(ctx: &Ctx, session: Id, caller: &Caller) -> Result<(), Blocked> {
    let who = Who::id(session);
    ctx.limits.pace(Limit::RefreshSession, who, &caller.told)
}

/// Reads a refresh token that we made.
///
/// # Errors
/// [`RefreshError::Invalid`] · [`RefreshError::Keys`]
pub(super) fn read(ctx: &Ctx, presented: &str) -> Result<Presented, RefreshError> {
    let ring = ctx.keyring.ring()?;
    let made_by = |(kid, key)| RefreshToken::decode(presented, key).map(|token| (kid, token));
    let (kid, token) = (ring.refresh().all().find_map(made_by)).ok_or(RefreshError::Invalid)?;
    // Another replica may have removed the key, and this one not have loaded its keys since.
    if ctx.revocations.is_key_removed(kid) {
        return Err(RefreshError::Invalid);
    }
    Ok(Presented {
        session: token.family,
        generation: token.generation,
    })
}
