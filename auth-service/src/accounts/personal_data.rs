//! What is kept about one person: given out, and erased (GDPR articles 15, 17 and 20).
//!
//! Erasing takes the account, its sessions and their tokens at once. Its audit events stay for as
//! long as the trail reaches back, for what was done must be provable; what they say of the person
//! goes: addresses, user agents and request identifiers. What is left names a random identifier
//! that leads nowhere. What an administrator did to others or to the service keeps its origin for as
//! long: nobody erases the traces of their own acts.

use kernel::audit::{Actor, AuditEvent, Event, EventKind};
use kernel::caller::Caller;
use kernel::clock::Instant;
use kernel::id::Id;

use super::remove::remove;
use crate::ctx::Ctx;
use crate::sessions::{self, Session};
use crate::users::{self, User, UsersError};

/// All that is kept about an account, without secrets.
#[derive(Clone, Debug)]
pub struct PersonalData {
    /// When it was put together.
    pub exported_at: Instant,
    /// The account.
    pub account: User,
    /// Its sessions, newest first.
    pub sessions: Vec<Session>,
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
    caller: &Caller,
) -> Result<PersonalData, UsersError> {
    let account = users::get(ctx, id).await?;
    let event = Event::new(EventKind::AccountExported, actor).subject(id);
    ctx.audit.record(event, caller).await?;
    Ok(PersonalData {
        exported_at: ctx.clock.now(),
        account,
        sessions: sessions::all(ctx, id).await?,
        audit: ctx.audit.all_of(id).await?,
    })
}

/// Erases an account, and takes what is personal out of its audit events; also of one that was
/// deleted before. Works again where it broke off.
///
/// # Errors
/// [`UsersError::NotFound`], where nothing personal is left either · [`UsersError::NotYourself`] ·
/// [`UsersError::LastAdministrator`] · [`UsersError::Db`]
pub async fn erase(ctx: &Ctx, id: Id, actor: Actor, caller: &Caller) -> Result<(), UsersError> {
    let kind = EventKind::AccountErased;
    let found = match remove(ctx, id, kind, actor, caller).await {
        Ok(()) => true,
        Err(UsersError::NotFound) => false,
        Err(error) => return Err(error),
    };
    let events = ctx.audit.anonymise(id).await?;
    match (found, events) {
        (true, _) => Ok(()),
        (false, 0) => Err(UsersError::NotFound),
        (false, _) => {
            let event = Event::new(kind, actor).subject(id);
            Ok(ctx.audit.record(event, caller).await?)
        }
    }
}
