//! Accounts: who may sign in, and what they may do.

mod account;
mod admin;
mod email;
mod import;
mod login;
mod password;
mod personal_data;
mod profile;
mod signup;
pub(crate) mod store;
mod unverified;

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::clock::Instant;
use crate::db::DbError;
use crate::id::Id;
use crate::keys::KeysError;
use crate::limits::Blocked;
use crate::passwords::{CheckError, HashError, PasswordError};

pub use account::{delete, get, rename};
pub use admin::{Listed, NewUser, Patch, create, delete_any, list, update};
pub use email::{Email, NotAnEmail};
pub use import::{BadLine, ImportError, Imported, import};
pub use login::login;
pub use password::change_password;
pub use personal_data::{PersonalData, erase, export};
pub use profile::{InvalidProfile, MAX_CLAIMS_BYTES, MAX_NAME, MAX_ROLE, MAX_ROLES};
pub use signup::{Credentials, signup};
pub use store::User;
pub(crate) use unverified::remove_unverified;

/// An account as the API shows it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UserInfo {
    /// Identifies the account: the `sub` of its tokens.
    pub id: Id,
    /// Its email address.
    pub email: String,
    /// Whether its owner has shown that they receive mail there.
    pub email_verified: bool,
    /// What to call its owner.
    pub name: Option<String>,
    /// What it may do.
    pub roles: Vec<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Instant,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Instant,
}

impl From<User> for UserInfo {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            email: user.email,
            email_verified: user.email_verified,
            name: user.name,
            roles: user.roles.0,
            created_at: user.created_at,
            updated_at: user.updated_at,
        }
    }
}

/// An account as an operator sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AdminUserInfo {
    /// What its owner sees.
    #[serde(flatten)]
    pub user: UserInfo,
    /// Custom claims that its access tokens carry.
    #[schema(value_type = Object)]
    pub claims: Map<String, Value>,
    /// When it was disabled; nothing while it is not.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub disabled_at: Option<Instant>,
}

impl From<User> for AdminUserInfo {
    fn from(mut user: User) -> Self {
        Self {
            claims: std::mem::take(&mut user.claims.0),
            disabled_at: user.disabled_at,
            user: user.into(),
        }
    }
}

/// What can go wrong with accounts.
#[derive(Debug, thiserror::Error)]
pub enum UsersError {
    /// The email address and the password do not belong together. Unknown, wrong and disabled
    /// are one answer.
    #[error("the email address or the password is not right")]
    InvalidCredentials,
    /// The current password, asked for again, is not right.
    #[error("the current password is not right")]
    WrongPassword,
    /// Too many attempts, or too many that failed.
    #[error(transparent)]
    Throttled(#[from] Blocked),
    /// The service hashes as many passwords as it can.
    #[error("the service is busy")]
    Busy,
    /// Another account has this address.
    #[error("this email address belongs to an account")]
    EmailTaken,
    /// The text is no email address.
    #[error(transparent)]
    Email(#[from] NotAnEmail),
    /// The password can't be used.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The name, the roles or the claims can't be used.
    #[error(transparent)]
    Profile(#[from] InvalidProfile),
    /// There is no such account.
    #[error("there is no such account")]
    NotFound,
    /// Accounts are made by operators alone.
    #[error("signing up is switched off")]
    SignupDisabled,
    /// An argon2 or pool failure.
    #[error("hashing failed: {0}")]
    Hash(HashError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// No key can sign.
    #[error(transparent)]
    Keys(#[from] KeysError),
}

impl From<HashError> for UsersError {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Busy => Self::Busy,
            other => Self::Hash(other),
        }
    }
}

impl From<CheckError> for UsersError {
    fn from(error: CheckError) -> Self {
        match error {
            CheckError::Refused(error) => Self::Password(error),
            CheckError::Hash(error) => error.into(),
        }
    }
}
