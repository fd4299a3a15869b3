//! Making an account by oneself, and signing in with it at once.

use kernel::audit::{Actor, Event, EventKind};
use kernel::caller::Caller;
use kernel::config::Limit;
use kernel::limits::Who;

use super::{Asked, Issued, SigninError, issue};
use crate::ctx::Ctx;
use crate::methods::password::{self, MethodError};
use crate::sessions::{self, Grantee};
use crate::users::{self, Email, Faults, User, UsersError};

/// What somebody signs up with, as it was typed.
pub struct NewAccount {
    /// The email address.
    pub email: String,
    /// The password.
    pub password: String,
    /// What to call them.
    pub name: Option<String>,
}

/// Makes an account and opens its first session, for what is asked.
///
/// # Errors
/// [`SigninError`]: bad fields, all of them; a taken address, too many of them, a busy service.
pub async fn signup(
    ctx: &Ctx,
    given: NewAccount,
    asked: &Asked,
    caller: &Caller,
) -> Result<Issued, SigninError> {
    if !ctx.settings.signup.enabled {
        return Err(SigninError::SignupDisabled);
    }
    let (email, name, grantee) = judged(ctx, &given, asked, caller).await?;
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
    let session = sessions::open(ctx, &mut change, &authentication, &grantee, caller)
        .await?
        .ok_or(UsersError::NotFound)?;
    let created = Event::new(EventKind::AccountCreated, Actor::User(user.id));
    let events = [created, sessions::opened(&session)];
    change.commit_all(&events, caller).await?;
    let now = session.created_at;
    Ok(issue(ctx, session, user, None, now)?)
}

/// Judges every field, but whether the password is easy to guess: that costs some milliseconds, is
/// for whoever was counted, and is left to the caller unless another field is refused.
async fn judged(
    ctx: &Ctx,
    given: &NewAccount,
    asked: &Asked,
    caller: &Caller,
) -> Result<(Email, Option<String>, Grantee), SigninError> {
    let mut faults = Faults::<SigninError>::new();
    let email = faults.take(Email::new(&given.email));
    let name = faults.take(given.name.as_deref().map(users::name).transpose());
    let grantee = faults.take(asked.grantee(&ctx.settings));
    let password = faults.take(password::long_enough(ctx, &given.password));
    if let (Some(email), Some(name), Some(grantee), true) =
        (email, name, grantee, password.is_some())
    {
        return Ok((email, name, grantee));
    }
    if password.is_some() {
        let counted = [(Limit::SignUpAddress, Who::address(caller.address_or_none()))];
        ctx.limits.admit(&counted, &caller.told).await?;
        let name = given.name.as_deref();
        match password::judged(ctx, &given.password, &given.email, name).await {
            Err(MethodError::Refused(error)) => drop(faults.take(Err::<(), _>(error))),
            other => drop(other?),
        }
    }
    Err(faults.into_error(SigninError::Several))
}
