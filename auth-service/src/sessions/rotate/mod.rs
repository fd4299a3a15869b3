//! Rotating a session's refresh token.
//!
//! ```text
//! presented            answer
//! current              rotate, in one statement; but if it took its predecessor's place within
//!                      the reuse window: the same token again, nothing written
//! previous, in window  the current token, recomputed
//! older, or later      reuse: the session ends
//! ```
//!
//! Generations order things, never times. A rotation that failed consumed nothing.

mod store;

use std::time::Duration;

use kernel::audit::{Actor, Event, EventKind};
use kernel::caller::Caller;
use kernel::clock::Instant;
use kernel::db::DbError;
use kernel::id::Id;
use shared_claims::Kind;

use super::{NotGranted, Session, Within};
use crate::ctx::Ctx;
use crate::users::User;
use store::Rotate;

/// What a refresh token that we made says.
#[derive(Clone, Copy, Debug)]
pub struct Presented {
    /// The session.
    pub session: Id,
    /// The token's place in it, counted from 1 at sign-in.
    pub generation: u32,
}

/// What a refresh token deserved that was honoured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was rotated.
    Rotated,
    /// The current one is the answer; nothing was written.
    Replayed,
}

/// Why a refresh token was not honoured.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// Its session has expired.
    #[error("the session has expired")]
    Expired,
    /// Its session was ended, or its account disabled.
    #[error("the session has ended")]
    Revoked,
    /// It was used before; its session has been ended.
    #[error("the refresh token was used before; the session has been ended")]
    Reused,
    /// More was asked for than the session was granted; nothing was consumed.
    #[error(transparent)]
    NotGranted(#[from] NotGranted),
    /// The database failed; nothing was consumed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Rotates the refresh token of a session, if it was granted what the new access token is to be
/// for. What the settings grant to nobody comes as the error in `within`: it is the answer only where
/// nothing is wrong with the session.
///
/// # Errors
/// [`RotateError`]
pub async fn rotate(
    ctx: &Ctx,
    presented: Presented,
    within: &Result<Option<Within>, NotGranted>,
    now: Instant,
    caller: &Caller,
) -> Result<(Outcome, Session, User), RotateError> {
    let rotated = match within {
        Ok(within) => {
            let rotation = rotation(ctx, presented, now);
            store::rotate(&ctx.db, rotation, within.as_ref()).await?
        }
        Err(_) => None,
    };
    match rotated {
        Some((session, user)) => Ok((Outcome::Rotated, session, user)),
        None => Box::pin(judge(ctx, presented, within, now, caller)).await,
    }
}

fn rotation(ctx: &Ctx, presented: Presented, now: Instant) -> Rotate {
    let settings = &ctx.settings.refresh;
    Rotate {
        id: presented.session,
        presented: presented.generation.into(),
        next: i64::from(presented.generation) + 1,
        now,
        rotated_before: match settings.reuse_window {
            Duration::ZERO => Instant::FAR_FUTURE,
            window => now.minus(window),
        },
        idle_expires_at: now.plus(settings.idle_ttl),
    }
}

/// What a token deserves that did not rotate: it lost a race, came within the window, asked for too
/// much, or was used before.
async fn judge(
    ctx: &Ctx,
    presented: Presented,
    within: &Result<Option<Within>, NotGranted>,
    now: Instant,
    caller: &Caller,
) -> Result<(Outcome, Session, User), RotateError> {
    let found = store::find(&ctx.db, presented.session).await?;
    let (session, user) = found.ok_or(RotateError::Revoked)?;
    if session.revoked_at.is_some() || user.disabled_at.is_some() {
        return Err(RotateError::Revoked);
    }
    if session.idle_expires_at <= now || session.expires_at <= now {
        return Err(RotateError::Expired);
    }
    let window = ctx.settings.refresh.reuse_window;
    let in_window = session.rotated_at.is_some_and(|at| now.since(at) < window);
    let behind = session.generation - i64::from(presented.generation);
    if behind > 1 || (behind == 1 && !in_window) {
        punish(ctx, presented, &session, caller).await?;
        return Err(RotateError::Reused);
    }
    if let Some(within) = within.as_ref().map_err(|error| *error)? {
        within.check(&session)?;
    }
    match in_window {
        true => Ok((Outcome::Replayed, session, user)),
        // Another rotation of the same token came between our two statements.
        false => Err(RotateError::Db(DbError::Unavailable(
            "the session changed meanwhile".into(),
        ))),
    }
}

/// Ends the session of a token that was used before: either its owner or a thief holds a copy.
async fn punish(
    ctx: &Ctx,
    presented: Presented,
    session: &Session,
    caller: &Caller,
) -> Result<(), DbError> {
    let mut change = ctx.changes.begin().await?;
    let generation = presented.generation.into();
    if !store::revoke(&mut change, session.id, generation, ctx.clock.now()).await? {
        return change.undo(Ok(())).await;
    }
    change
        .revoke(Kind::Sid, &session.id.to_string(), None)
        .await?;
    let event = Event::new(EventKind::RefreshTokenReused, Actor::Anonymous)
        .subject(session.user_id)
        .session(session.id)
        .failed();
    change.commit(event, caller).await
}
