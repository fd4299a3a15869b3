//! Making an account by oneself, and signing in with it at once.

use kernel::audit::{Actor, Event, EventKind};
use kernel::caller::Caller;
use kernel::config::Limit;
use kernel::limits::Who;

use super::asked::Asked;
use super::{Issued, SigninError, issue};
use crate::ctx::Ctx;
use crate::methods::password;
use crate::sessions;
use crate::users::{self, Email, User, UsersError};

/// What somebody signs up with, as it was typed.
pub struct NewAccount {
    /// The email address.
    pub email: String,
    /// The password.
    pub password: String,
    /// What to call them.
    pub name: Option<String>,
}

/// Makes an account and opens its first session.
///
/// # Errors
/// [`SigninError`]: a bad field, a taken address, too many of them, a busy service.
pub async fn signup(
    ctx: &Ctx,
    given: NewAccount,
    asked: &Asked,
    caller: &Caller,
) -> Result<Issued, SigninError> {
    if !ctx.settings.signup.enabled {
        return Err(SigninError::SignupDisabled);
    }
    let grantee = asked.grantee(&ctx.settings)?;
    let email = Email::parse(&given.email)?;
    let name = given.name.as_deref().map(users::name).transpose()?;
    let counted = [
        (Limit::SignUpAddress, Who::address(caller.address_or_none())),
        (Limit::SignUpAccount, Who::email(email.key())),
    ];
    ctx.limits.admit(&counted, &caller.told).await?;
    let user = User::new(ctx, &email, name);
    let password = password::new(ctx, &given.password, &user).await?;

    let mut change = ctx.changes.begin().await?;
    if !users::store::insert(&mut change, &user, &email, Some(password.hash())).await? {
        return change.undo(Err(UsersError::EmailTaken.into())).await;
    }
    let proved = password::chosen(&user, &password).at(user.created_at);
    let session = sessions::open(ctx, &mut change, &proved, &grantee, caller)
        .await?
        .ok_or(SigninError::InvalidCredentials)?;
    let created = Event::new(EventKind::AccountCreated, Actor::User(user.id));
    let events = [created, sessions::opened(&session)];
    change.commit_all(&events, caller).await?;
    let now = session.created_at;
    Ok(issue(ctx, session, user, None, now)?)
}
