//! Signing in with an email address and a password.

use kernel::caller::Caller;
use kernel::metrics::Login;
use kernel::passwords::Password;

use super::asked::Asked;
use super::brake::{Whose, braked};
use super::{Issued, SigninError, issue, open};
use crate::ctx::Ctx;
use crate::users::Email;

/// What somebody signs in with, as it was typed.
pub struct Credentials {
    /// The email address.
    pub email: String,
    /// The password.
    pub password: String,
}

/// Signs in. Unknown, wrong and disabled take the same time and get the same answer.
///
/// # Errors
/// [`SigninError::InvalidCredentials`] · [`SigninError::Blocked`] · [`SigninError::Busy`] …
pub async fn login(
    ctx: &Ctx,
    given: &Credentials,
    asked: &Asked,
    caller: &Caller,
) -> Result<Issued, SigninError> {
    let signed_in = sign_in(ctx, given, asked, caller).await;
    ctx.metrics.logins.count(match &signed_in {
        // Nothing was tried.
        Err(SigninError::NotGranted(_)) => return signed_in,
        Ok(_) => Login::Success,
        Err(SigninError::InvalidCredentials) => Login::InvalidCredentials,
        Err(SigninError::Blocked(_)) => Login::RateLimited,
        Err(SigninError::Busy) => Login::Busy,
        Err(_) => Login::Error,
    });
    signed_in
}

async fn sign_in(
    ctx: &Ctx,
    given: &Credentials,
    asked: &Asked,
    caller: &Caller,
) -> Result<Issued, SigninError> {
    let grantee = asked.grantee(&ctx.settings)?;
    // What can't be an address or a password can't be an account's either.
    let (Ok(email), Ok(password)) = (Email::parse(&given.email), Password::parse(&given.password))
    else {
        return Err(SigninError::InvalidCredentials);
    };
    let attempt = async || open::by_password(ctx, &email, &password, &grantee, caller).await;
    let (session, user) = braked(ctx, email.key(), Whose::Anybody, caller, attempt).await?;
    let now = session.created_at;
    Ok(issue(ctx, session, user, None, now)?)
}
