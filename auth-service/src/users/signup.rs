//! Making an account by oneself, and signing in with it at once.

use serde_json::Map;

use super::email::Email;
use super::{User, UsersError, profile, store};
use crate::audit::{Actor, Event, EventKind, Origin};
use crate::change::Change;
use crate::config::Limit;
use crate::ctx::Ctx;
use crate::db::types::Json;
use crate::limits::Who;
use crate::passwords::Password;
use crate::sessions::{self, Checked};
use crate::tokens::{self, TokenPair};

/// What somebody signs up with.
pub struct Credentials {
    /// The email address, as it was typed.
    pub email: String,
    /// The password, as it was typed.
    pub password: String,
    /// What to call them.
    pub name: Option<String>,
}

/// Makes an account and opens its first session.
///
/// # Errors
/// [`UsersError`]: a bad field, a taken address, too many of them, a busy service.
pub async fn signup(
    ctx: &Ctx,
    given: Credentials,
    origin: &Origin,
) -> Result<TokenPair, UsersError> {
    if !ctx.settings.signup.enabled {
        return Err(UsersError::SignupDisabled);
    }
    let email = Email::parse(&given.email)?;
    let name = given.name.as_deref().map(profile::name).transpose()?;
    let asked = [
        (Limit::SignUpAddress, Who::address(origin.address_or_none())),
        (Limit::SignUpAccount, Who::email(email.key())),
    ];
    ctx.limits.admit(&asked, &origin.told).await?;
    let user = new_user(ctx, &email, name);
    let password_hash = new_hash(ctx, &given.password, &user).await?;

    let mut change = Change::begin(ctx).await?;
    if !store::insert(&mut change, &user, email.key(), Some(&password_hash)).await? {
        change.abandon().await?;
        return Err(UsersError::EmailTaken);
    }
    let checked = Checked {
        ver: user.ver,
        password_hash,
    };
    let session = sessions::open(ctx, &mut change, user.id, checked, origin)
        .await?
        .ok_or(UsersError::InvalidCredentials)?;
    let created = Event::new(EventKind::AccountCreated, Actor::User(user.id));
    let events = [created, sessions::signed_in(&session)];
    change.commit_all(&events, origin).await?;
    Ok(tokens::pair(ctx, &session, user, session.created_at)?)
}

/// A new account's row.
pub(super) fn new_user(ctx: &Ctx, email: &Email, name: Option<String>) -> User {
    let now = ctx.clock.now();
    User {
        id: ctx.entropy.id(now),
        email: email.address().to_owned(),
        email_verified: false,
        name,
        roles: Json(Vec::new()),
        claims: Json(Map::new()),
        ver: 1,
        disabled_at: None,
        created_at: now,
        updated_at: now,
    }
}

/// Checks a new password against the policy and hashes it.
pub(super) async fn new_hash(ctx: &Ctx, password: &str, user: &User) -> Result<String, UsersError> {
    let password = Password::parse(password)?;
    let mut words = vec![user.email.clone(), "auth-service".into()];
    words.extend(user.name.clone());
    ctx.hasher.check_new(password.clone(), words).await?;
    Ok(ctx.hasher.hash(password).await?)
}
