//! Prepared statements that Postgres refuses to run: the columns of a table have changed since
//! (SQLSTATE 0A000, "cached plan must not change result type"), or they are gone (26000). A
//! connection that kept them would fail for good.
//!
//! diesel hides the SQLSTATE, and Postgres translates its messages. So any refusal without a kind
//! of its own makes the connection forget its statements, and the statement is run once more. That
//! is safe outside a transaction: what was refused has done nothing.

use diesel::connection::CacheSize;
use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error};
use diesel_async::{AsyncConnection, AsyncPgConnection};

/// What the database says of a refusal that may be for a stale statement.
pub(super) fn refusal(error: &Error) -> Option<&dyn DatabaseErrorInformation> {
    match error {
        Error::DatabaseError(DatabaseErrorKind::Unknown, what) => Some(&**what),
        _ => None,
    }
}

/// Whether it says so itself. On a server that does not speak English each connection finds out by
/// itself.
pub(super) fn is_stale(what: &dyn DatabaseErrorInformation) -> bool {
    let message = what.message();
    message == "cached plan must not change result type"
        || (message.starts_with("prepared statement ") && message.ends_with(" does not exist"))
}

/// Lets a connection prepare each statement anew.
pub(super) fn forget_statements(conn: &mut AsyncPgConnection) {
    conn.set_prepared_statement_cache_size(CacheSize::Disabled);
    conn.set_prepared_statement_cache_size(CacheSize::Unbounded);
}
