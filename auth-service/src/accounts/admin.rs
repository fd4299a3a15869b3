//! What an operator does with accounts.

use kernel::audit::{Actor, Event, EventKind};
use kernel::caller::Caller;
use kernel::db::types::Json;
use kernel::id::Id;
use kernel::passwords::Password;
use serde_json::{Map, Value, json};
use shared_claims::Kind;

use super::AccountsError;
use super::administrators::{Guard, another_stays, guarded, may_lack};
use crate::ctx::Ctx;
use crate::methods::password::{self, MethodError};
use crate::sessions;
use crate::signin::SigninError;
use crate::users::store::{Changes, Status};
use crate::users::{self, ADMIN_ROLE, Email, Faults, User, UsersError};

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
/// [`AccountsError`]: bad fields, all of them; a taken address.
pub async fn create(
    ctx: &Ctx,
    new: NewUser,
    actor: Actor,
    caller: &Caller,
) -> Result<User, AccountsError> {
    let (user, email, password) = judged(ctx, new).await?;
    let password = match password {
        Some(password) => Some(password::hashed(ctx, password).await?),
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

/// Judges every field of a new account.
async fn judged(ctx: &Ctx, new: NewUser) -> Result<(User, Email, Option<Password>), AccountsError> {
    let mut faults = Faults::<AccountsError>::new();
    let email = faults.take(Email::new(&new.email));
    let name = faults.take(new.name.as_deref().map(users::name).transpose());
    let roles = faults.take(users::roles(new.roles));
    let password = match &new.password {
        None => Some(None),
        Some(given) => {
            let judged = password::judged(ctx, given, &new.email, new.name.as_deref()).await;
            match judged {
                Ok(password) => Some(Some(password)),
                Err(MethodError::Refused(error)) => faults.take(Err(SigninError::Password(error))),
                Err(other) => return Err(other.into()),
            }
        }
    };
    let (Some(email), Some(name), Some(roles), Some(password)) = (email, name, roles, password)
    else {
        return Err(faults.into_error(AccountsError::Several));
    };
    let mut user = User::new(ctx, &email, name);
    user.roles = Json(roles);
    user.email_verified = new.email_verified;
    users::fit_a_token(&user.roles.0, &user.claims.0, &user.email, false)?;
    Ok((user, email, password))
}

/// Changes an account. New roles or claims make its access tokens stale: their holders refresh.
/// Disabling ends all its sessions.
///
/// # Errors
/// [`UsersError`]: bad fields, all of them; no such account, or the last that administers.
pub async fn update(
    ctx: &Ctx,
    id: Id,
    patch: Patch,
    actor: Actor,
    caller: &Caller,
) -> Result<User, UsersError> {
    let plan = Plan::of(patch)?;
    let only_at = None;
    guarded(async |guard| plan.carry_out(ctx, id, only_at, actor, caller, guard).await).await
}

/// Gives an account roles and takes others from it; those that are in neither list stay.
///
/// # Errors
/// As [`update`].
pub async fn change_roles(
    ctx: &Ctx,
    id: Id,
    add: &[String],
    remove: &[String],
    actor: Actor,
    caller: &Caller,
) -> Result<User, UsersError> {
    loop {
        let user = users::get(ctx, id).await?;
        let mut roles = user.roles.0.clone();
        roles.retain(|role| !remove.contains(role));
        roles.extend_from_slice(add);
        let roles = users::roles(roles)?;
        // No token is made stale for nothing.
        if roles == user.roles.0 {
            return Ok(user);
        }
        let plan = Plan::of(Patch {
            roles: Some(roles),
            ..Patch::default()
        })?;
        let only_at = Some(user.ver);
        let changed =
            guarded(async |guard| plan.carry_out(ctx, id, only_at, actor, caller, guard).await);
        match changed.await {
            // Somebody has changed it meanwhile, or it is gone, which the next look tells.
            Err(UsersError::NotFound) => {}
            other => return other,
        }
    }
}

/// A patch whose fields can be used.
struct Plan {
    changes: Changes,
    disabled: Option<bool>,
    /// For the audit trail.
    detail: Value,
}

impl Plan {
    fn of(patch: Patch) -> Result<Self, UsersError> {
        let detail = describe(&patch);
        let mut faults = Faults::<UsersError>::new();
        let name = patch
            .name
            .map(|name| name.as_deref().map(users::name).transpose());
        let name = faults.take(name.transpose());
        let roles = faults.take(patch.roles.map(users::roles).transpose());
        let claims = faults.take(patch.claims.map(users::claims).transpose());
        let (Some(name), Some(roles), Some(claims)) = (name, roles, claims) else {
            return Err(faults.into_error(UsersError::Several));
        };
        Ok(Self {
            changes: Changes {
                name,
                roles: roles.map(Json),
                claims: claims.map(Json),
            },
            disabled: patch.disabled,
            detail,
        })
    }

    fn makes_stale(&self) -> bool {
        self.changes.roles.is_some() || self.changes.claims.is_some()
    }

    /// Whether an administrator is none any more afterwards.
    fn takes_the_role(&self) -> bool {
        let without = |roles: &Json<Vec<String>>| !roles.0.iter().any(|role| role == ADMIN_ROLE);
        self.disabled == Some(true) || self.changes.roles.as_ref().is_some_and(without)
    }

    async fn carry_out(
        &self,
        ctx: &Ctx,
        id: Id,
        only_at: Option<i64>,
        actor: Actor,
        caller: &Caller,
        guard: Guard,
    ) -> Result<Option<User>, UsersError> {
        let now = ctx.clock.now();
        let status = Status {
            disabled: self.disabled,
            raise: i64::from(self.makes_stale() || self.disabled == Some(false)),
            only_at,
        };
        let mut change = ctx.changes.begin().await?;
        if !another_stays(&mut change, id, guard).await? {
            return change.undo(Err(UsersError::LastAdministrator)).await;
        }
        let updated = users::store::update(&mut change, id, &self.changes, status, now).await?;
        let Some((mut user, administered)) = updated else {
            return change.undo(Err(UsersError::NotFound)).await;
        };
        if administered && self.takes_the_role() && !may_lack(actor, guard) {
            return change.undo(Ok(None)).await;
        }
        if self.makes_stale() {
            let by_claims = self.changes.claims.is_some();
            let (roles, claims) = (&user.roles.0, &user.claims.0);
            let fits = users::fit_a_token(roles, claims, &user.email, by_claims);
            if let Err(error) = fits {
                return change.undo(Err(error.into())).await;
            }
            change
                .revoke(Kind::Stale, &id.to_string(), Some(user.ver))
                .await?;
        }
        if self.disabled == Some(true) {
            let raised = sessions::revoke_everything(ctx, &mut change, id).await?;
            user.ver = raised.map_or(user.ver, |(ver, _)| ver);
        }
        let event = Event::new(EventKind::AccountUpdated, actor)
            .subject(id)
            .detail(self.detail.clone());
        change.commit(event, caller).await?;
        Ok(Some(user))
    }
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
