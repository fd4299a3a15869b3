//! The brake on guessing passwords around whatever proves one: counted before anything is hashed,
//! and settled however it ends.

use kernel::caller::Caller;
use kernel::limits::{LoginKeys, network};

use super::SigninError;
use crate::ctx::Ctx;
use crate::sessions;

/// Whose attempt it is.
pub(super) enum Whose {
    /// Of somebody who is not signed in.
    Anybody,
    /// Of the owner, who is signed in and asked again.
    SignedIn,
}

/// Lets an attempt at the account with this canonical address through, unless there were too many.
/// A wrong password stays counted; one that was never judged is not held against anybody.
pub(super) async fn braked<T>(
    ctx: &Ctx,
    email_key: &str,
    whose: Whose,
    caller: &Caller,
    attempt: impl AsyncFnOnce() -> Result<T, SigninError>,
) -> Result<T, SigninError> {
    let (address, user_agent) = (caller.address_or_none(), caller.user_agent());
    let keys = LoginKeys::new(email_key, address, user_agent);
    let keys = match whose {
        Whose::Anybody => keys,
        Whose::SignedIn => keys.again(),
    };
    let network = network(address);
    let known = async || {
        let known = sessions::is_known_device(ctx, email_key, &network, user_agent);
        known.await.unwrap_or(false)
    };
    let ticket = ctx.limits.begin(keys, &caller.told, known).await?;
    let ended = attempt().await;
    match &ended {
        Ok(_) => ctx.limits.succeeded(ticket).await,
        Err(SigninError::InvalidCredentials | SigninError::WrongPassword) => {
            ctx.limits.failed(ticket);
        }
        Err(_) => ctx.limits.release(ticket).await,
    }
    ended
}
