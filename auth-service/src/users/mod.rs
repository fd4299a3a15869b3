//! Accounts: who somebody is. Address, profile, roles, status; no credential, and no sign-in.

mod email;
mod faults;
mod profile;
pub(crate) mod store;
mod visible;

use kernel::audit::{Actor, Event, EventKind};
use kernel::caller::Caller;
use kernel::db::DbError;
use kernel::id::Id;

use crate::ctx::Ctx;

pub use email::{Email, NotAnEmail};
pub use faults::{Faults, listed};
pub use profile::{ADMIN_ROLE, InvalidProfile, TOKEN_SHARE, claims, fit_a_token, name, roles};
pub use store::User;
pub use visible::is_hidden;

/// What can go wrong with accounts.
#[derive(Debug, thiserror::Error)]
pub enum UsersError {
    /// The text is no email address.
    #[error(transparent)]
    Email(#[from] NotAnEmail),
    /// The name, the roles or the claims can't be used.
    #[error(transparent)]
    Profile(#[from] InvalidProfile),
    /// Several fields can't be used.
    #[error("{}", listed(.0))]
    Several(Vec<UsersError>),
    /// Another account has this address.
    #[error("this email address belongs to an account")]
    EmailTaken,
    /// Nobody would be left to administer.
    #[error(
        "this is the last account that administers: give another one the role `{ADMIN_ROLE}` first"
    )]
    LastAdministrator,
    /// Whoever administers, or ever did, does not take themself away.
    #[error(
        "whoever administers or ever did can't delete or erase themself: another administrator can"
    )]
    NotYourself,
    /// There is no such account.
    #[error("there is no such account")]
    NotFound,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// An account.
///
/// # Errors
/// [`UsersError::NotFound`] · [`UsersError::Db`]
pub async fn get(ctx: &Ctx, id: Id) -> Result<User, UsersError> {
    let mut conn = ctx.db.conn().await?;
    store::by_id(&mut conn, id)
        .await?
        .ok_or(UsersError::NotFound)
}

/// Changes the name, or takes it away.
///
/// # Errors
/// [`UsersError::Profile`] · [`UsersError::NotFound`] · [`UsersError::Db`]
pub async fn rename(
    ctx: &Ctx,
    id: Id,
    new: Option<&str>,
    caller: &Caller,
) -> Result<User, UsersError> {
    let new = new.map(name).transpose()?;
    let mut change = ctx.changes.begin().await?;
    let renamed = store::rename(&mut change, id, new.as_deref(), ctx.clock.now()).await?;
    let Some(user) = renamed else {
        return change.undo(Err(UsersError::NotFound)).await;
    };
    let event = Event::new(EventKind::AccountUpdated, Actor::User(id))
        .detail(serde_json::json!({ "changed": ["name"] }));
    change.commit(event, caller).await?;
    Ok(user)
}

/// A page of accounts.
pub struct Listed {
    /// The accounts, in the order they were made.
    pub users: Vec<User>,
    /// Whether there are more after them.
    pub more: bool,
}

/// Accounts after `after`, `limit` at most; with `email` the one that has this address.
///
/// # Errors
/// [`UsersError::Email`] · [`UsersError::Db`]
pub async fn list(
    ctx: &Ctx,
    after: Option<Id>,
    email: Option<&str>,
    limit: usize,
) -> Result<Listed, UsersError> {
    let email = email.map(Email::parse).transpose()?;
    let key = email.as_ref().map(Email::key);
    let mut conn = ctx.db.conn().await?;
    let one_more = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let mut users = store::list(&mut conn, after.unwrap_or(Id::FIRST), key, one_more).await?;
    let more = users.len() > limit;
    users.truncate(limit);
    Ok(Listed { users, more })
}
