//! What is kept about one person: given out, and erased (GDPR articles 15, 17 and 20).
//!
//! Erasing takes the account, its sessions and their tokens at once. Its audit events stay for as
//! long as the trail reaches back, for what was done must be provable; what they say of the person
//! goes: addresses, user agents and request identifiers. What is left names a random identifier
//! that leads nowhere.

use serde::Serialize;
use utoipa::ToSchema;

use super::{AdminUserInfo, UsersError, account, get};
use crate::audit::{self, Actor, AuditEvent, Event, EventKind, Origin};
use crate::clock::Instant;
use crate::ctx::Ctx;
use crate::id::Id;
use crate::sessions::{self, SessionRecord};

/// All that is kept about an account, without secrets.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PersonalData {
    /// When it was put together.
    #[schema(value_type = String, format = DateTime)]
    pub exported_at: Instant,
    /// The account.
    pub account: AdminUserInfo,
    /// Its sessions, newest first.
    pub sessions: Vec<SessionRecord>,
    /// What was done by it and to it, newest first.
    pub audit: Vec<AuditEvent>,
}

/// Puts together what is kept about an account. That it was is an audit event, and part of it.
///
/// # Errors
/// [`UsersError::NotFound`] · [`UsersError::Db`]
pub async fn export(
    ctx: &Ctx,
    id: Id,
    actor: Actor,
    origin: &Origin,
) -> Result<PersonalData, UsersError> {
    let account = get(ctx, id).await?;
    let event = Event::new(EventKind::AccountExported, actor).subject(id);
    audit::record(ctx, event, origin).await?;
    Ok(PersonalData {
        exported_at: ctx.clock.now(),
        account: account.into(),
        sessions: sessions::records(ctx, id).await?,
        audit: audit::all_of(ctx, id).await?,
    })
}

/// Erases an account, and takes what is personal out of its audit events; also of one that was
/// deleted before. Works again where it broke off.
///
/// # Errors
/// [`UsersError::NotFound`], where nothing personal is left either · [`UsersError::Db`]
pub async fn erase(ctx: &Ctx, id: Id, actor: Actor, origin: &Origin) -> Result<(), UsersError> {
    let kind = EventKind::AccountErased;
    let found = match account::remove(ctx, id, kind, actor, origin).await {
        Ok(()) => true,
        Err(UsersError::NotFound) => false,
        Err(error) => return Err(error),
    };
    let events = audit::anonymise(ctx, id).await?;
    match (found, events) {
        (true, _) => Ok(()),
        (false, 0) => Err(UsersError::NotFound),
        (false, _) => {
            let event = Event::new(kind, actor).subject(id);
            Ok(audit::record(ctx, event, origin).await?)
        }
    }
}
