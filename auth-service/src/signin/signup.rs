//! Making an account by oneself, and signing in with it at once.

use kernel::audit::{Actor, Event, EventKind};
use kernel::caller::Caller;
use kernel::config::Limit;
use kernel::limits::Who;

use super::{Issued, SigninError, issue};
use crate::ctx::Ctx;
use crate::methods::password;
use crate::sessions::{self, Grantee};
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
    grantee: &Grantee,
    caller: &Caller,
) -> Result<Issued, SigninError> {
    if !ctx.settings.signup.enabled {
        return Err(SigninError::SignupDisabled);
    }
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
    let Some(proven) = password::add(&mut change, &user, &email, &password).await? else {
        return change.undo(Err(UsersError::EmailTaken.into())).await;
    };
    let (authentication, user) = proven.authenticate();
    let session = sessions::open(ctx, &mut change, &authentication, grantee, caller)
        .await?
        .ok_or(UsersError::NotFound)?;
    let created = Event::new(EventKind::AccountCreated, Actor::User(user.id));
    let events = [created, sessions::opened(&session)];
    change.commit_all(&events, caller).await?;
    let now = session.created_at;
    Ok(issue(ctx, session, user, None, now)?)
}
