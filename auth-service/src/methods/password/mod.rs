//! Proving an account's password, and setting it. How passwords are hashed is `kernel::passwords`.

mod new;
mod prove;
mod store;

use kernel::db::DbError;
use kernel::passwords::{CheckError, HashError, PasswordError};

pub use new::{NewPassword, add, hashed, judged, long_enough, new, replace, set};
pub use prove::{Wrong, of_id, prove, prove_address};
pub use store::Account;

/// What can go wrong with a password.
#[derive(Debug, thiserror::Error)]
pub enum MethodError {
    /// A new password is not good enough.
    #[error(transparent)]
    Refused(#[from] PasswordError),
    /// The service hashes as many passwords as it can.
    #[error("the service is busy")]
    Busy,
    /// A failure of argon2, or of what is stored.
    #[error("hashing failed: {0}")]
    Hash(HashError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<HashError> for MethodError {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Busy => Self::Busy,
            other => Self::Hash(other),
        }
    }
}

impl From<CheckError> for MethodError {
    fn from(error: CheckError) -> Self {
        match error {
            CheckError::Refused(error) => Self::Refused(error),
            CheckError::Hash(error) => error.into(),
        }
    }
}
