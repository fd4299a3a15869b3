//! Asking an account that is signed in for its password again, where something serious is about to
//! happen.

use kernel::audit::{Actor, Event, EventKind};
use kernel::caller::Caller;
use kernel::id::Id;
use kernel::passwords::Password;

use super::SigninError;
use super::brake::{Whose, braked};
use crate::ctx::Ctx;
use crate::methods::Proven;
use crate::methods::password;
use crate::users::UsersError;

/// Proves the password again. `purpose` is what for.
///
/// # Errors
/// [`SigninError::WrongPassword`] · [`SigninError::Blocked`] · [`SigninError::Busy`] …
pub async fn prove_again(
    ctx: &Ctx,
    id: Id,
    given: &str,
    purpose: EventKind,
    caller: &Caller,
) -> Result<Proven, SigninError> {
    let account = password::of_id(ctx, id)
        .await?
        .ok_or(UsersError::NotFound)?;
    let given = Password::parse(given).map_err(|_| SigninError::WrongPassword)?;
    let email_key = account.email_key().to_owned();
    let attempt = async || match password::prove(ctx, Some(account), &given).await? {
        Ok(proven) => Ok(proven),
        Err(_) => {
            let event = Event::new(purpose, Actor::User(id)).failed();
            ctx.audit.record(event, caller).await?;
            Err(SigninError::WrongPassword)
        }
    };
    braked(ctx, &email_key, Whose::SignedIn, caller, attempt).await
}
