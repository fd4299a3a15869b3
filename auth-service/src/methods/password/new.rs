//! A new password: judged, hashed and set.

use kernel::change::Change;
use kernel::clock::Instant;
use kernel::db::DbError;
use kernel::passwords::Password;

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
    let password = Password::parse(password)?;
    let mut words = vec![user.email.clone(), "auth-service".into()];
    words.extend(user.name.clone());
    ctx.hasher.check_new(password.clone(), words).await?;
    Ok(NewPassword(ctx.hasher.hash(password).await?))
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
