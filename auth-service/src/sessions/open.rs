//! Beginning a session: a new one at each sign-in, never one that was there before.

use kernel::audit::{Actor, Event, EventKind};
use kernel::caller::Caller;
use kernel::change::Change;
use kernel::db::DbError;
use kernel::db::types::Json;

use super::Grantee;
use super::store::{self, Insert, Session};
use crate::ctx::Ctx;
use crate::methods::Authentication;

/// Opens a session, where that is all there is to change: its audit row goes with it. Nothing if the
/// account is no longer what was proved.
///
/// # Errors
/// [`DbError`]
pub async fn open_at_once(
    ctx: &Ctx,
    proved: &Authentication,
    grantee: &Grantee,
    caller: &Caller,
) -> Result<Option<Session>, DbError> {
    let insert = new(ctx, proved, grantee, caller);
    let session = insert.session.clone();
    let inserted = ctx
        .changes
        .at_once(insert, &opened(&session), caller)
        .await?;
    Ok(inserted.then_some(session))
}

/// Opens a session within a change that is open. The caller commits it with [`opened`]. Nothing if
/// the account is no longer what was proved.
///
/// # Errors
/// [`DbError`]
pub async fn open(
    ctx: &Ctx,
    change: &mut Change<'_>,
    proved: &Authentication,
    grantee: &Grantee,
    caller: &Caller,
) -> Result<Option<Session>, DbError> {
    let insert = new(ctx, proved, grantee, caller);
    let session = insert.session.clone();
    let inserted = store::insert(change, insert).await?;
    Ok(inserted.then_some(session))
}

/// What is written down about a session that was opened.
pub fn opened(session: &Session) -> Event {
    Event::new(EventKind::Login, Actor::User(session.user_id)).session(session.id)
}

fn new(ctx: &Ctx, proved: &Authentication, grantee: &Grantee, caller: &Caller) -> Insert {
    let (now, life) = (ctx.clock.now(), &ctx.settings.refresh);
    let expires_at = now.plus(life.absolute_ttl);
    let address = caller.address.map(|address| address.to_string());
    let session = Session {
        id: ctx.entropy.id(now),
        user_id: proved.user(),
        client_id: grantee.client.clone(),
        audience: grantee.audience.clone().map(Json),
        scope: grantee.scope.to_string(),
        amr: Json(proved.amr()),
        acr: Some(proved.acr().to_owned()),
        authenticated_at: Some(proved.at()),
        generation: 1,
        created_at: now,
        rotated_at: None,
        idle_expires_at: now.plus(life.idle_ttl).min(expires_at),
        expires_at,
        revoked_at: None,
        address: address.unwrap_or_default(),
        user_agent: caller.user_agent().to_owned(),
    };
    Insert {
        session,
        unchanged: proved.unchanged(),
    }
}
