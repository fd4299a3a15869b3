//! What an operator does with accounts.

use kernel::audit::{Actor, Event, EventKind};
use kernel::caller::Caller;
use kernel::db::types::Json;
use kernel::id::Id;
use serde_json::{Map, Value, json};
use shared_claims::Kind;

use super::AccountsError;
use crate::ctx::Ctx;
use crate::methods::password;
use crate::sessions;
use crate::users::store::Changes;
use crate::users::{self, Email, User, UsersError};

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

/// Makes an account.
///
/// # Errors
/// [`AccountsError`]: a bad field, a taken address.
pub async fn create(
    ctx: &Ctx,
    new: NewUser,
    actor: Actor,
    caller: &Caller,
) -> Result<User, AccountsError> {
    let email = Email::parse(&new.email)?;
    let name = new.name.as_deref().map(users::name).transpose()?;
    let mut user = User::new(ctx, &email, name);
    user.roles = Json(users::roles(new.roles)?);
    user.email_verified = new.email_verified;
    let password = match &new.password {
        Some(password) => Some(password::new(ctx, password, &user).await?),
        None => None,
    };
    let hash = password.as_ref().map(|password| password.hash());
    let mut change = ctx.changes.begin().await?;
    if !users::store::insert(&mut change, &user, &email, hash).await? {
        return change.undo(Err(UsersError::EmailTaken.into())).await;
    }
    let event = Event::new(EventKind::AccountCreated, actor)
        .subject(user.id)
        .detail(json!({ "roles": user.roles.0 }));
    change.commit(event, caller).await?;
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
    caller: &Caller,
) -> Result<User, UsersError> {
    let now = ctx.clock.now();
    let makes_stale = patch.roles.is_some() || patch.claims.is_some();
    let raise = i64::from(makes_stale || patch.disabled == Some(false));
    let detail = describe(&patch);
    let changes = Changes {
        name: match patch.name {
            Some(Some(name)) => Some(Some(users::name(&name)?)),
            other => other,
        },
        roles: patch.roles.map(users::roles).transpose()?.map(Json),
        claims: patch.claims.map(users::claims).transpose()?.map(Json),
        disabled_at: patch.disabled.map(|disabled| disabled.then_some(now)),
    };
    let mut change = ctx.changes.begin().await?;
    let updated = users::store::update(&mut change, id, &changes, raise, now).await?;
    let Some(mut user) = updated else {
        return change.undo(Err(UsersError::NotFound)).await;
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
    change.commit(event, caller).await?;
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
