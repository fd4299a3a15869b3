//! Is it the password of the account?

use kernel::id::Id;
use kernel::passwords::{HashError, Password};

use super::MethodError;
use super::store::{self, Account};
use crate::ctx::Ctx;
use crate::methods::{Proof, Proven};
use crate::users::Email;

/// The password is wrong; holds the account, if there is one. Unknown, wrong and disabled take the
/// same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wrong(pub Option<Id>);

/// The account with this identifier, if there is one.
///
/// # Errors
/// [`MethodError::Db`]
pub async fn of_id(ctx: &Ctx, id: Id) -> Result<Option<Account>, MethodError> {
    let mut conn = ctx.db.conn().await?;
    Ok(store::by_id(&mut conn, id).await?)
}

/// Proves the password of the account with this address, as [`prove`].
///
/// # Errors
/// [`MethodError`]
pub async fn prove_address(
    ctx: &Ctx,
    email: &Email,
    password: &Password,
) -> Result<Result<Proven, Wrong>, MethodError> {
    let mut conn = ctx.db.conn().await?;
    let account = store::by_email(&mut conn, email.key()).await?;
    drop(conn);
    prove(ctx, account, password).await
}

/// Proves a password. It takes as long without an account as with a wrong password. A hash that is
/// weaker than the settings ask for is renewed.
///
/// # Errors
/// [`MethodError`]
pub async fn prove(
    ctx: &Ctx,
    account: Option<Account>,
    password: &Password,
) -> Result<Result<Proven, Wrong>, MethodError> {
    let stored = account.as_ref().and_then(|account| account.hash.clone());
    let verdict = ctx.hasher.verify(password.clone(), stored).await?;
    let Some(account) = account else {
        return Ok(Err(Wrong(None)));
    };
    if !verdict.matches || account.user.disabled_at.is_some() {
        return Ok(Err(Wrong(Some(account.user.id))));
    }
    if let (true, Some(old)) = (verdict.is_outdated, account.hash) {
        renew(ctx, account.user.id, old, password).await?;
    }
    let (proof, now) = (Proof::Password, ctx.clock.now());
    Ok(Ok(Proven::new(account.user, proof, account.unchanged, now)))
}

/// Only for who signs in: making a hash for a disabled account would tell by its time that the
/// password was right. Nobody is turned away because it can't be made now; the next sign-in tries
/// again.
async fn renew(ctx: &Ctx, id: Id, old: String, password: &Password) -> Result<(), MethodError> {
    match ctx.hasher.hash(password.clone()).await {
        Ok(new) => Ok(store::renew(&ctx.db, id, old, new).await?),
        Err(HashError::Busy) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
