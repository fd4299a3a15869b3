//! An account with all that hangs on it: made and changed by an operator, imported, deleted,
//! exported, erased. Whatever keeps something of an account by itself has its line here.

mod admin;
mod import;
mod password;
mod personal_data;
mod remove;
mod unverified;

use crate::methods::password::MethodError;
use crate::signin::SigninError;
use crate::users::{InvalidProfile, NotAnEmail, UsersError};
use kernel::db::DbError;

pub use admin::{NewUser, Patch, create, update};
pub use import::{BadLine, ImportError, Imported, import};
pub use password::change_password;
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
