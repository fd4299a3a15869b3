//! A new password: judged, hashed and set.

use kernel::change::Change;
use kernel::clock::Instant;
use kernel::db::DbError;
use kernel::id::Id;
use kernel::passwords::{Password, PasswordError};

use super::{MethodError, store};
use crate::ctx::Ctx;
use crate::methods::{Proof, Proven, Unchanged};
use crate::users::{self, Email, User};

/// A password that is good enough, hashed.
pub struct NewPassword(String);

impl NewPassword {
    /// What is stored of it.
    pub fn hash(&self) -> &str {
        &self.0
    }
}

/// Checks a new password against the policy and hashes it.
///
/// # Errors
/// [`MethodError`]
pub async fn new(ctx: &Ctx, password: &str, user: &User) -> Result<NewPassword, MethodError> {
    let password = judged(ctx, password, &user.email, user.name.as_deref()).await?;
    hashed(ctx, password).await
}

/// Reads a new password that is long enough, and not too long: what costs next to nothing to tell.
///
/// # Errors
/// [`PasswordError`]
pub fn long_enough(ctx: &Ctx, password: &str) -> Result<Password, PasswordError> {
    let password = Password::parse(password)?;
    let min = ctx.settings.passwords.min_length;
    match password.length() < min {
        true => Err(PasswordError::TooShort { min }),
        false => Ok(password),
    }
}

/// Checks a new password against the policy, for an account of this address and name.
///
/// # Errors
/// [`MethodError`]
pub async fn judged(
    ctx: &Ctx,
    password: &str,
    email: &str,
    name: Option<&str>,
) -> Result<Password, MethodError> {
    let password = long_enough(ctx, password)?;
    let mut words = vec![email.to_owned(), "auth-service".into()];
    words.extend(name.map(str::to_owned));
    ctx.hasher.check_new(password.clone(), words).await?;
    Ok(password)
}

/// Hashes a password that was judged.
///
/// # Errors
/// [`MethodError`]
pub async fn hashed(ctx: &Ctx, password: Password) -> Result<NewPassword, MethodError> {
    Ok(NewPassword(ctx.hasher.hash(password).await?))
}

/// Sets the password of an account within a change that is open, whatever it was; false if there is
/// no such account.
///
/// # Errors
/// [`DbError`]
pub async fn set(
    change: &mut Change<'_>,
    id: Id,
    new: &NewPassword,
    now: Instant,
) -> Result<bool, DbError> {
    store::set(change, id, new.hash(), now).await
}

/// Adds an account with its password; whoever has just chosen it knows it. Nothing if the address is
/// taken.
///
/// # Errors
/// [`DbError`]
pub async fn add(
    change: &mut Change<'_>,
    user: &User,
    email: &Email,
    password: &NewPassword,
) -> Result<Option<Proven>, DbError> {
    let is_new = users::store::insert(change, user, email, Some(password.hash())).await?;
    let proven = || {
        Proven::new(
            user.clone(),
            Proof::Password,
            Unchanged::NEW,
            user.created_at,
        )
    };
    Ok(is_new.then(proven))
}

/// Sets another password, within a change that is open; false if the account is no longer what it
/// was when it was proved: what was proved no longer holds.
///
/// # Errors
/// [`DbError`]
pub async fn replace(
    change: &mut Change<'_>,
    proved: &Proven,
    new: &NewPassword,
    now: Instant,
) -> Result<bool, DbError> {
    store::replace(
        change,
        proved.user().id,
        proved.unchanged(),
        new.hash(),
        now,
    )
    .await
}
