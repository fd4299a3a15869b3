//! Accounts as a whole: created and changed by an administrator, imported, deleted, exported and
//! erased. What another room keeps about an account is deleted and exported from here too.

mod admin;
mod administrators;
mod import;
mod password;
mod personal_data;
mod remove;
mod unverified;

use kernel::db::DbError;

use crate::methods::password::MethodError;
use crate::signin::SigninError;
use crate::users::{InvalidProfile, NotAnEmail, UsersError, listed};

pub use admin::{NewUser, Patch, change_roles, create, update};
pub use import::{BadLine, ImportError, Imported, import};
pub use password::{change_password, set_password};
pub use personal_data::{PersonalData, erase, export};
pub use remove::{delete, delete_own};
pub(crate) use unverified::{last_of, remove_unverified};

/// What can go wrong with an account as a whole.
#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    /// A field can't be used, an address is taken, or there is no such account.
    #[error(transparent)]
    Users(#[from] UsersError),
    /// The password was not proved, or a new one is not good enough.
    #[error(transparent)]
    Signin(#[from] SigninError),
    /// Several fields can't be used.
    #[error("{}", listed(.0))]
    Several(Vec<AccountsError>),
}

impl From<MethodError> for AccountsError {
    fn from(error: MethodError) -> Self {
        Self::Signin(error.into())
    }
}

impl From<NotAnEmail> for AccountsError {
    fn from(error: NotAnEmail) -> Self {
        Self::Users(error.into())
    }
}

impl From<InvalidProfile> for AccountsError {
    fn from(error: InvalidProfile) -> Self {
        Self::Users(error.into())
    }
}

impl From<DbError> for AccountsError {
    fn from(error: DbError) -> Self {
        Self::Users(error.into())
    }
}
