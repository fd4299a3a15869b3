//! Refreshing: an old refresh token for a fresh access token, by the table of `DESIGN.md` §3.
//!
//! ```text
//! presented            answer
//! current              rotate, in one statement; but if it took its predecessor's place within
//!                      the reuse window: the same token again, nothing written
//! previous, in window  the current token, recomputed
//! older, or later      reuse: the session ends
//! bad MAC              invalid; nothing is touched
//! ```
//!
//! Generations order things, never times. A refresh that failed consumed nothing.

mod store;
mod token;

use std::time::Duration;

use crate::audit::{Actor, Event, EventKind, Origin};
use crate::change::Change;
use crate::clock::Instant;
use crate::config::Limit;
use crate::ctx::Ctx;
use crate::db::DbError;
use crate::keys::KeysError;
use crate::limits::{Blocked, Who};
use crate::metrics::Refresh;
use crate::sessions::Session;
use crate::tokens::{self, TokenPair};
use crate::users::User;
use shared_claims::Kind;
use store::Rotate;

pub use token::RefreshToken;

/// Why a refresh token was not honoured.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// It is not a token of ours.
    #[error("the refresh token is not valid")]
    Invalid,
    /// Its session has expired.
    #[error("the session has expired")]
    Expired,
    /// Its session was ended, or its account disabled.
    #[error("the session has ended")]
    Revoked,
    /// It was used before; its session has been ended.
    #[error("the refresh token was used before; the session has been ended")]
    Reused,
    /// Too many of this session; nothing was consumed.
    #[error(transparent)]
    Blocked(#[from] Blocked),
    /// The database failed; nothing was consumed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// No key can sign.
    #[error(transparent)]
    Keys(#[from] KeysError),
}

/// Exchanges a refresh token for a pair.
///
/// # Errors
/// [`RefreshError`]
pub async fn refresh(
    ctx: &Ctx,
    presented: &str,
    origin: &Origin,
) -> Result<TokenPair, RefreshError> {
    let exchanged = exchange(ctx, presented, origin).await;
    ctx.metrics.refreshes.count(match &exchanged {
        Ok((outcome, _)) => *outcome,
        Err(RefreshError::Invalid) => Refresh::Invalid,
        Err(RefreshError::Expired) => Refresh::Expired,
        Err(RefreshError::Revoked) => Refresh::Revoked,
        Err(RefreshError::Reused) => Refresh::Reused,
        Err(RefreshError::Blocked(_)) => Refresh::RateLimited,
        Err(RefreshError::Db(_) | RefreshError::Keys(_)) => Refresh::Error,
    });
    exchanged.map(|(_, pair)| pair)
}

async fn exchange(
    ctx: &Ctx,
    presented: &str,
    origin: &Origin,
) -> Result<(Refresh, TokenPair), RefreshError> {
    let token = read(ctx, presented)?;
    let session = Who::id(token.family);
    ctx.limits
        .pace(Limit::RefreshSession, session, &origin.told)?;
    let now = ctx.clock.now();
    let rotated = store::rotate(&ctx.db, rotation(ctx, &token, now)).await?;
    let (outcome, (session, user)) = match rotated {
        Some(rotated) => (Refresh::Rotated, rotated),
        None => {
            let judged = Box::pin(judge(ctx, token, now, origin)).await?;
            (Refresh::Replayed, judged)
        }
    };
    Ok((outcome, tokens::pair(ctx, &session, user, now)?))
}

/// Reads a refresh token that we made.
///
/// # Errors
/// [`RefreshError::Invalid`] · [`RefreshError::Keys`]
pub fn read(ctx: &Ctx, presented: &str) -> Result<RefreshToken, RefreshError> {
    let ring = ctx.keys.ring()?;
    RefreshToken::decode(presented, ring.refresh()).ok_or(RefreshError::Invalid)
}

fn rotation(ctx: &Ctx, token: &RefreshToken, now: Instant) -> Rotate {
    let settings = &ctx.settings.refresh;
    Rotate {
        id: token.family,
        presented: token.generation.into(),
        next: i64::from(token.generation) + 1,
        now,
        rotated_before: match settings.reuse_window {
            Duration::ZERO => Instant::FAR_FUTURE,
            window => now.minus(window),
        },
        idle_expires_at: now.plus(settings.idle_ttl),
    }
}

/// What a token deserves that did not rotate: it lost a race, came within the window, or was
/// used before.
async fn judge(
    ctx: &Ctx,
    token: RefreshToken,
    now: Instant,
    origin: &Origin,
) -> Result<(Session, User), RefreshError> {
    let found = store::find(&ctx.db, token.family).await?;
    let (session, user) = found.ok_or(RefreshError::Revoked)?;
    if session.revoked_at.is_some() || user.disabled_at.is_some() {
        return Err(RefreshError::Revoked);
    }
    if session.idle_expires_at <= now || session.expires_at <= now {
        return Err(RefreshError::Expired);
    }
    let window = ctx.settings.refresh.reuse_window;
    let in_window = session.rotated_at.is_some_and(|at| now.since(at) < window);
    let behind = session.generation - i64::from(token.generation);
    match behind {
        ..=1 if in_window => Ok((session, user)),
        // Another rotation of the same token came between our two statements.
        ..=0 => Err(RefreshError::Db(DbError::Unavailable(
            "the session changed meanwhile".into(),
        ))),
        _ => {
            punish(ctx, &token, &session, origin).await?;
            Err(RefreshError::Reused)
        }
    }
}

/// Ends the session of a token that was used before: either its owner or a thief holds a copy.
async fn punish(
    ctx: &Ctx,
    token: &RefreshToken,
    session: &Session,
    origin: &Origin,
) -> Result<(), DbError> {
    let mut change = Change::begin(ctx).await?;
    let now = ctx.clock.now();
    if !store::revoke(&mut change, session.id, token.generation.into(), now).await? {
        return change.abandon().await;
    }
    change
        .revoke(Kind::Sid, &session.id.to_string(), None)
        .await?;
    let event = Event::new(EventKind::RefreshTokenReused, Actor::Anonymous)
        .subject(session.user_id)
        .session(session.id)
        .failed();
    change.commit(event, origin).await
}
