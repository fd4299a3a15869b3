//! What can go wrong between us and the database.

use diesel::result::{DatabaseErrorKind, Error};
use diesel_async::pooled_connection::deadpool::PoolError;

/// A failure of the database. None of it is ever shown to a client.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// It can't be reached, or not in time.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// A row with this unique value is there already.
    #[error("the value is taken: {0}")]
    Unique(String),
    /// It refused the statement.
    #[error("the database refused: {0}")]
    Refused(#[source] Error),
}

/// Takes "no such row" for an answer rather than an error.
pub trait Optional<T> {
    /// The row, or nothing where there is none.
    ///
    /// # Errors
    /// Every other error.
    fn optional(self) -> Result<Option<T>, DbError>;
}

impl<T> Optional<T> for Result<T, DbError> {
    fn optional(self) -> Result<Option<T>, DbError> {
        match self {
            Ok(row) => Ok(Some(row)),
            Err(DbError::Refused(Error::NotFound)) => Ok(None),
            Err(other) => Err(other),
        }
    }
}

impl From<Error> for DbError {
    fn from(error: Error) -> Self {
        match &error {
            Error::DatabaseError(DatabaseErrorKind::UniqueViolation, what) => {
                Self::Unique(what.message().to_owned())
            }
            Error::DatabaseError(
                DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand,
                what,
            ) => Self::Unavailable(what.message().to_owned()),
            _ => Self::Refused(error),
        }
    }
}

impl From<PoolError> for DbError {
    fn from(error: PoolError) -> Self {
        Self::Unavailable(error.to_string())
    }
}
