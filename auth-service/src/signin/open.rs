//! Opening a session by a password that is proved.

use kernel::audit::{Actor, Event, EventKind};
use kernel::caller::Caller;
use kernel::passwords::Password;

use super::SigninError;
use crate::ctx::Ctx;
use crate::methods::password::{self, Wrong};
use crate::sessions::{self, Grantee, Session};
use crate::users::{Email, User};

/// An account whose password was proved may change until its session is written; then it is
/// proved again, this often at most.
const TRIES: usize = 3;

/// Proves the password and opens a session.
pub(super) async fn by_password(
    ctx: &Ctx,
    email: &Email,
    password: &Password,
    grantee: &Grantee,
    caller: &Caller,
) -> Result<(Session, User), SigninError> {
    for _ in 0..TRIES {
        let account = password::of_email(ctx, email).await?;
        let proven = match password::prove(ctx, account, password).await? {
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
        let authentication = proven.at(ctx.clock.now());
        let opened = sessions::open_at_once(ctx, &authentication, grantee, caller).await?;
        if let Some(session) = opened {
            return Ok((session, proven.into_user()));
        }
    }
    Err(SigninError::Busy)
}
