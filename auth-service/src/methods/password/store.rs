//! The credential columns of the `users` table: `password_hash`, and `credentials`, which counts
//! their changes.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use kernel::clock::Instant;
use kernel::db::schema::users;
use kernel::db::{Conn, Db, DbError, Optional, alone, on};
use kernel::id::Id;

use crate::methods::Unchanged;
use crate::users::User;

/// An account with its password hash, as it was read.
pub struct Account {
    pub(super) user: User,
    pub(super) email_key: String,
    pub(super) hash: Option<String>,
    pub(super) unchanged: Unchanged,
}

impl Account {
    /// Its address in canonical form: what attempts at it are counted by.
    pub fn email_key(&self) -> &str {
        &self.email_key
    }
}

impl From<(User, String, Option<String>, i64)> for Account {
    fn from((user, email_key, hash, credentials): (User, String, Option<String>, i64)) -> Self {
        let unchanged = Unchanged {
            ver: user.ver,
            credentials,
        };
        Self {
            user,
            email_key,
            hash,
            unchanged,
        }
    }
}

/// Reads the account of which this holds.
macro_rules! account {
    ($conn:expr, $holds:expr) => {{
        let row = on!($conn, c => users::table
            .filter($holds)
            .select((
                User::as_select(),
                users::email_key,
                users::password_hash,
                users::credentials,
            ))
            .get_result::<(User, String, Option<String>, i64)>(c));
        Ok(row.optional()?.map(Account::from))
    }};
}

/// The account of an address.
pub(super) async fn by_email(conn: &mut Conn, key: &str) -> Result<Option<Account>, DbError> {
    account!(conn, users::email_key.eq(key))
}

/// An account.
pub(super) async fn by_id(conn: &mut Conn, id: Id) -> Result<Option<Account>, DbError> {
    account!(conn, users::id.eq(id))
}

/// Takes a hash of the same password in the place of one that is weaker, unless it has changed
/// meanwhile. No credential changes by it.
pub(super) async fn renew(db: &Db, id: Id, old: String, new: String) -> Result<(), DbError> {
    let renew = diesel::update(users::table)
        .filter(users::id.eq(id))
        .filter(users::password_hash.eq(old))
        .set(users::password_hash.eq(new));
    alone!(db, c => pg (&renew).execute(c), one diesel::RunQueryDsl::execute(renew, c))?;
    Ok(())
}

/// Sets another password, if the account is still what it was when it was proved; false if it was
/// logged out everywhere, disabled or changed meanwhile.
pub(super) async fn replace(
    conn: &mut Conn,
    id: Id,
    unchanged: Unchanged,
    hash: &str,
    now: Instant,
) -> Result<bool, DbError> {
    let rows = on!(conn, c => diesel::update(users::table)
        .filter(users::id.eq(id))
        .filter(users::credentials.eq(unchanged.credentials))
        .filter(users::ver.eq(unchanged.ver))
        .set((
            users::password_hash.eq(hash),
            users::credentials.eq(users::credentials + 1),
            users::updated_at.eq(now),
        ))
        .execute(c))?;
    Ok(rows == 1)
}

/// Sets a password, whatever it was; false if there is no such account.
pub(super) async fn set(
    conn: &mut Conn,
    id: Id,
    hash: &str,
    now: Instant,
) -> Result<bool, DbError> {
    let rows = on!(conn, c => diesel::update(users::table)
        .filter(users::id.eq(id))
        .set((
            users::password_hash.eq(hash),
            users::credentials.eq(users::credentials + 1),
            users::updated_at.eq(now),
        ))
        .execute(c))?;
    Ok(rows == 1)
}
