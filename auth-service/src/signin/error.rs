//! What can go wrong at sign-in and at a refresh.

use kernel::db::DbError;
use kernel::keyring::KeysError;
use kernel::limits::Blocked;
use kernel::passwords::{HashError, PasswordError};

use crate::methods::password::MethodError;
use crate::sessions::{NotGranted, RotateError};
use crate::users::{InvalidProfile, NotAnEmail, UsersError, listed};

/// Why nobody was signed in, or a password not accepted.
#[derive(Debug, thiserror::Error)]
pub enum SigninError {
    /// The email address and the password do not belong together. Unknown, wrong and disabled
    /// are one answer.
    #[error("the email address or the password is not right")]
    InvalidCredentials,
    /// The current password, asked for again, is not right.
    #[error("the current password is not right")]
    WrongPassword,
    /// Too many attempts, or too many that failed.
    #[error(transparent)]
    Blocked(#[from] Blocked),
    /// The service hashes as many passwords as it can.
    #[error("the service is busy")]
    Busy,
    /// More was asked for than may be granted.
    #[error(transparent)]
    NotGranted(#[from] NotGranted),
    /// Accounts are made by operators alone.
    #[error("signing up is switched off")]
    SignupDisabled,
    /// A new password is not good enough.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// Several fields can't be used.
    #[error("{}", listed(.0))]
    Several(Vec<SigninError>),
    /// The account can't be made, or there is none.
    #[error(transparent)]
    Users(#[from] UsersError),
    /// A failure of argon2, or of what is stored.
    #[error("hashing failed: {0}")]
    Hash(HashError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// No key can sign.
    #[error(transparent)]
    Keys(#[from] KeysError),
}

impl From<MethodError> for SigninError {
    fn from(error: MethodError) -> Self {
        match error {
            MethodError::Refused(error) => Self::Password(error),
            MethodError::Busy => Self::Busy,
            MethodError::Hash(error) => Self::Hash(error),
            MethodError::Db(error) => Self::Db(error),
        }
    }
}

impl From<NotAnEmail> for SigninError {
    fn from(error: NotAnEmail) -> Self {
        Self::Users(error.into())
    }
}

impl From<InvalidProfile> for SigninError {
    fn from(error: InvalidProfile) -> Self {
        Self::Users(error.into())
    }
}

/// Why a refresh token was not honoured.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// It is not a token of ours.
    #[error("the refresh token is not valid")]
    Invalid,
    /// Too many of this session; nothing was consumed.
    #[error(transparent)]
    Blocked(#[from] Blocked),
    /// Its session does not go on, or not for what was asked.
    #[error(transparent)]
    Rotate(#[from] RotateError),
    /// No key can sign.
    #[error(transparent)]
    Keys(#[from] KeysError),
}

impl From<NotGranted> for RefreshError {
    fn from(error: NotGranted) -> Self {
        Self::Rotate(error.into())
    }
}

impl From<DbError> for RefreshError {
    fn from(error: DbError) -> Self {
        Self::Rotate(error.into())
    }
}
