//! Signing in: by an email address and a password.

use kernel::audit::{Actor, Event, EventKind};
use kernel::caller::Caller;
use kernel::metrics::Login;
use kernel::passwords::Password;

use super::brake::{Whose, braked};
use super::{Issued, SigninError, issue};
use crate::ctx::Ctx;
use crate::methods::password::{self, Wrong};
use crate::sessions::{self, Grantee, Session};
use crate::users::{Email, User};

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
    grantee: &Grantee,
    caller: &Caller,
) -> Result<Issued, SigninError> {
    let signed_in = sign_in(ctx, given, grantee, caller).await;
    ctx.metrics.logins.count(match &signed_in {
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
    grantee: &Grantee,
    caller: &Caller,
) -> Result<Issued, SigninError> {
    // What can't be an address or a password can't be an account's either.
    let (Ok(email), Ok(password)) = (Email::parse(&given.email), Password::parse(&given.password))
    else {
        return Err(SigninError::InvalidCredentials);
    };
    let attempt = async || by_password(ctx, &email, &password, grantee, caller).await;
    let (session, user) = braked(ctx, email.key(), Whose::Anybody, caller, attempt).await?;
    let now = session.created_at;
    Ok(issue(ctx, session, user, None, now)?)
}

/// The account may change between the proof and the insert. Then the password is proved again, at
/// most this many times.
const TRIES: usize = 3;

/// Proves the password and opens a session.
async fn by_password(
    ctx: &Ctx,
    email: &Email,
    password: &Password,
    grantee: &Grantee,
    caller: &Caller,
) -> Result<(Session, User), SigninError> {
    for _ in 0..TRIES {
        let proven = match password::prove_address(ctx, email, password).await? {
            Ok(proven) => proven,
            Err(Wrong(account)) => {
                let mut event = Event::new(EventKind::Login, Actor::Anonymous).failed();
                if let Some(account) = account {
                    event = event.subject(account);
                }
                ctx.audit.record(event, caller).await?;
                return Err(SigninError::InvalidCredentials);
            }
        };
        let (authentication, user) = proven.authenticate();
        let opened = sessions::open_at_once(ctx, &authentication, grantee, caller).await?;
        if let Some(session) = opened {
            return Ok((session, user));
        }
    }
    Err(SigninError::Busy)
}
