//! What an operator does with accounts.

use serde_json::{Map, Value, json};
use shared_claims::Kind;

use super::email::Email;
use super::signup::{new_hash, new_user};
use super::store::{self, Changes};
use super::{User, UsersError, account, profile};
use crate::audit::{Actor, Event, EventKind, Origin};
use crate::change::Change;
use crate::ctx::Ctx;
use crate::db::types::Json;
use crate::id::Id;
use crate::sessions;

/// A new account as an operator gives it.
pub struct NewUser {
    /// The email address.
    pub email: String,
    /// The password. Without one nobody can sign in yet.
    pub password: Option<String>,
    /// What to call its owner.
    pub name: Option<String>,
    /// What it may do.
    pub roles: Vec<String>,
    /// Whether its owner has shown that they receive mail there.
    pub email_verified: bool,
}

/// What to change of an account; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct Patch {
    /// The name; `Some(None)` takes it away.
    pub name: Option<Option<String>>,
    /// The roles.
    pub roles: Option<Vec<String>>,
    /// The custom claims.
    pub claims: Option<Map<String, Value>>,
    /// Whether it is disabled.
    pub disabled: Option<bool>,
}

/// A page of accounts.
pub struct Listed {
    /// The accounts, in the order they were made.
    pub users: Vec<User>,
    /// Whether there are more after them.
    pub more: bool,
}

/// Makes an account.
///
/// # Errors
/// [`UsersError`]: a bad field, a taken address.
pub async fn create(
    ctx: &Ctx,
    new: NewUser,
    actor: Actor,
    origin: &Origin,
) -> Result<User, UsersError> {
    let email = Email::parse(&new.email)?;
    let name = new.name.as_deref().map(profile::name).transpose()?;
    let mut user = new_user(ctx, &email, name);
    user.roles = Json(profile::roles(new.roles)?);
    user.email_verified = new.email_verified;
    let hash = match &new.password {
        Some(password) => Some(new_hash(ctx, password, &user).await?),
        None => None,
    };
    let mut change = Change::begin(ctx).await?;
    if !store::insert(&mut change, &user, email.key(), hash.as_deref()).await? {
        change.abandon().await?;
        return Err(UsersError::EmailTaken);
    }
    let event = Event::new(EventKind::AccountCreated, actor)
        .subject(user.id)
        .detail(json!({ "roles": user.roles.0 }));
    change.commit(event, origin).await?;
    Ok(user)
}

/// Changes an account. New roles or claims make its access tokens stale: their holders refresh.
/// Disabling ends all its sessions.
///
/// # Errors
/// [`UsersError::Profile`] · [`UsersError::NotFound`] · [`UsersError::Db`]
pub async fn update(
    ctx: &Ctx,
    id: Id,
    patch: Patch,
    actor: Actor,
    origin: &Origin,
) -> Result<User, UsersError> {
    let now = ctx.clock.now();
    let makes_stale = patch.roles.is_some() || patch.claims.is_some();
    let raise = i64::from(makes_stale || patch.disabled == Some(false));
    let detail = describe(&patch);
    let changes = Changes {
        name: match patch.name {
            Some(Some(name)) => Some(Some(profile::name(&name)?)),
            other => other,
        },
        roles: patch.roles.map(profile::roles).transpose()?.map(Json),
        claims: patch.claims.map(profile::claims).transpose()?.map(Json),
        disabled_at: patch.disabled.map(|disabled| disabled.then_some(now)),
    };
    let mut change = Change::begin(ctx).await?;
    let updated = store::update(&mut change, id, &changes, raise, now).await?;
    let Some(mut user) = updated else {
        change.abandon().await?;
        return Err(UsersError::NotFound);
    };
    if makes_stale {
        change
            .revoke(Kind::Stale, &id.to_string(), Some(user.ver))
            .await?;
    }
    if user.disabled_at.is_some() && patch.disabled == Some(true) {
        sessions::revoke_everything(ctx, &mut change, id).await?;
        user.ver += 1;
    }
    let event = Event::new(EventKind::AccountUpdated, actor)
        .subject(id)
        .detail(detail);
    change.commit(event, origin).await?;
    Ok(user)
}

fn describe(patch: &Patch) -> Value {
    let mut detail = Map::new();
    if patch.name.is_some() {
        detail.insert("name".into(), "changed".into());
    }
    if let Some(roles) = &patch.roles {
        detail.insert("roles".into(), json!(roles));
    }
    if let Some(claims) = &patch.claims {
        detail.insert("claims".into(), json!(claims.keys().collect::<Vec<_>>()));
    }
    if let Some(disabled) = patch.disabled {
        detail.insert("disabled".into(), disabled.into());
    }
    Value::Object(detail)
}

/// Deletes an account, its sessions and their tokens.
///
/// # Errors
/// [`UsersError::NotFound`] · [`UsersError::Db`]
pub async fn delete_any(
    ctx: &Ctx,
    id: Id,
    actor: Actor,
    origin: &Origin,
) -> Result<(), UsersError> {
    account::remove(ctx, id, EventKind::AccountDeleted, actor, origin).await
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
