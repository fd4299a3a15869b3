//! Beginning a session: a new one at each sign-in, never one that was there before.

use super::store::{self, Checked, Insert, Session};
use crate::audit::{Actor, Event, EventKind, Origin};
use crate::change::{self, Change};
use crate::ctx::Ctx;
use crate::db::DbError;
use crate::db::types::Json;
use crate::id::Id;

/// How the owner proved who they are: by password (RFC 8176 §2).
const PASSWORD: &str = "pwd";

/// Opens a session for an account whose password was just proved; nothing if the account is no
/// longer what was checked.
///
/// # Errors
/// [`DbError`]
pub async fn open(
    ctx: &Ctx,
    change: &mut Change<'_>,
    user: Id,
    checked: Checked,
    origin: &Origin,
) -> Result<Option<Session>, DbError> {
    let session = new(ctx, user, origin);
    let insert = Insert {
        session: session.clone(),
        checked,
    };
    let inserted = store::insert(change, insert).await?;
    Ok(inserted.then_some(session))
}

/// As [`open`], where that is all there is to change: its audit row goes with it.
///
/// # Errors
/// [`DbError`]
pub async fn sign_in(
    ctx: &Ctx,
    user: Id,
    checked: Checked,
    origin: &Origin,
) -> Result<Option<Session>, DbError> {
    let session = new(ctx, user, origin);
    let insert = Insert {
        session: session.clone(),
        checked,
    };
    let event = signed_in(&session);
    let inserted = change::at_once(ctx, insert, &event, origin).await?;
    Ok(inserted.then_some(session))
}

/// What is written down about a sign-in.
pub fn signed_in(session: &Session) -> Event {
    Event::new(EventKind::Login, Actor::User(session.user_id)).session(session.id)
}

fn new(ctx: &Ctx, user: Id, origin: &Origin) -> Session {
    let now = ctx.clock.now();
    let settings = &ctx.settings;
    let expires_at = now.plus(settings.refresh.absolute_ttl);
    Session {
        id: ctx.entropy.id(now),
        user_id: user,
        client_id: settings.tokens.client_id.clone(),
        scope: settings.tokens.scope.clone(),
        amr: Json(vec![PASSWORD.into()]),
        generation: 1,
        created_at: now,
        rotated_at: None,
        idle_expires_at: now.plus(settings.refresh.idle_ttl).min(expires_at),
        expires_at,
        revoked_at: None,
        address: origin
            .address
            .map(|address| address.to_string())
            .unwrap_or_default(),
        user_agent: origin.user_agent.clone().unwrap_or_default(),
    }
}
