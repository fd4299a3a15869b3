//! The `users` table.

use diesel::dsl::{case_when, sql};
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::query_builder::{Query, QueryId};
use diesel::sql_types::Bool;
use diesel_async::RunQueryDsl;
use serde_json::{Map, Value};

use kernel::clock::Instant;
use kernel::db::fragment::fragment;
use kernel::db::schema::users;
use kernel::db::types::{Json, SqlId};
use kernel::db::{Conn, DbError, Optional, SQLITE, last_of, on};
use kernel::id::Id;

use super::{ADMIN_ROLE, Email};
use crate::ctx::Ctx;

/// An account's row, without its credentials: those are for the rooms of `methods/`.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = users)]
pub struct User {
    /// Identifies the account.
    pub id: Id,
    /// The address as its owner writes it.
    pub email: String,
    /// Whether its owner has shown that they receive mail there.
    pub email_verified: bool,
    /// What to call its owner.
    pub name: Option<String>,
    /// What it may do.
    pub roles: Json<Vec<String>>,
    /// Custom claims.
    pub claims: Json<Map<String, Value>>,
    /// Grows whenever roles, custom claims or status change.
    pub ver: i64,
    /// When it was disabled.
    pub disabled_at: Option<Instant>,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}

impl User {
    /// A new account, before it has a row.
    pub fn new(ctx: &Ctx, email: &Email, name: Option<String>) -> Self {
        let now = ctx.clock.now();
        Self {
            id: ctx.entropy.id(now),
            email: email.address().to_owned(),
            email_verified: false,
            name,
            roles: Json(Vec::new()),
            claims: Json(Map::new()),
            ver: 1,
            disabled_at: None,
            created_at: now,
            updated_at: now,
        }
    }
}

/// Adds an account, with a password hash if it has one; false if the address is taken.
pub(crate) async fn insert(
    conn: &mut Conn,
    user: &User,
    email: &Email,
    password_hash: Option<&str>,
) -> Result<bool, DbError> {
    let rows = on!(conn, c => diesel::insert_into(users::table)
        .values((
            user,
            users::email_key.eq(email.key()),
            users::password_hash.eq(password_hash),
            users::administered.eq(is_administrators(&user.roles.0)),
        ))
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(rows == 1)
}

/// An account.
pub(super) async fn by_id(conn: &mut Conn, id: Id) -> Result<Option<User>, DbError> {
    on!(conn, c => users::table
        .filter(users::id.eq(id))
        .select(User::as_select())
        .get_result(c))
    .optional()
}

/// Changes the name.
pub(super) async fn rename(
    conn: &mut Conn,
    id: Id,
    name: Option<&str>,
    now: Instant,
) -> Result<Option<User>, DbError> {
    on!(conn, c => diesel::update(users::table)
        .filter(users::id.eq(id))
        .set((users::name.eq(name), users::updated_at.eq(now)))
        .returning(User::as_returning())
        .get_result(c))
    .optional()
}

/// What an operator changes; what is `None` stays.
#[derive(AsChangeset, Clone, Debug, Default)]
#[diesel(table_name = users)]
pub(crate) struct Changes {
    pub name: Option<Option<String>>,
    pub roles: Option<Json<Vec<String>>>,
    pub claims: Option<Json<Map<String, Value>>>,
}

/// What else to change of an account, and on which condition.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Status {
    /// Whether it is disabled. One that is stays so since when it was.
    pub disabled: Option<bool>,
    /// By how much its version grows.
    pub raise: i64,
    /// Only if this is its version.
    pub only_at: Option<i64>,
}

/// Changes an account; it comes with whether it administers or ever did.
pub(crate) async fn update(
    conn: &mut Conn,
    id: Id,
    changes: &Changes,
    status: Status,
    now: Instant,
) -> Result<Option<(User, bool)>, DbError> {
    let administered = administered(conn);
    // Made anew where the statement is run once more.
    let administers = || {
        (changes.roles.as_ref()).map(|roles| {
            let gets_it = is_administrators(&roles.0);
            users::administered.eq(administered.clone().or::<_, Bool>(gets_it))
        })
    };
    let enable =
        || (status.disabled == Some(false)).then(|| users::disabled_at.eq(None::<Instant>));
    let disable = || {
        (status.disabled == Some(true)).then(|| {
            let since = case_when(users::disabled_at.is_null(), Some(now));
            users::disabled_at.eq(since.otherwise(users::disabled_at))
        })
    };
    let (least, most) = status
        .only_at
        .map_or((i64::MIN, i64::MAX), |ver| (ver, ver));
    on!(conn, c => diesel::update(users::table)
        .filter(users::id.eq(id))
        .filter(users::ver.between(least, most))
        .set((
            changes,
            administers(),
            enable(),
            disable(),
            users::ver.eq(users::ver + status.raise),
            users::updated_at.eq(now),
        ))
        .returning((User::as_returning(), administered.clone()))
        .get_result(c))
    .optional()
}

/// Raises the version; the new one, and whether the account administers or ever did. Nothing if
/// there is no such account.
pub(crate) async fn raise_ver(
    conn: &mut Conn,
    id: Id,
    now: Instant,
) -> Result<Option<(i64, bool)>, DbError> {
    let administered = administered(conn);
    on!(conn, c => diesel::update(users::table)
        .filter(users::id.eq(id))
        .set((users::ver.eq(users::ver + 1), users::updated_at.eq(now)))
        .returning((users::ver, administered.clone()))
        .get_result(c))
    .optional()
}

fn is_administrators(roles: &[String]) -> bool {
    roles.iter().any(|role| role == ADMIN_ROLE)
}

/// As the indexes `users_administrators` say it, so that they are used.
fn administers(sqlite: bool) -> &'static str {
    match sqlite {
        true => r#"instr(users.roles, '"auth:admin"') > 0"#,
        false => r#"users.roles @> '["auth:admin"]'"#,
    }
}

/// Whether an account has the role of administrators or ever had it. The release before writes the
/// role without the column.
fn administered(conn: &Conn) -> SqlLiteral<Bool> {
    let now = administers(conn.system() == SQLITE);
    sql(&format!("(users.administered OR {now})"))
}

/// The accounts that administer and can sign in. On Postgres whoever asks next waits until this
/// transaction has ended, in whatever order both go on; SQLite has one writer.
#[derive(QueryId)]
struct Administrators;

impl Query for Administrators {
    type SqlType = SqlId;
}

impl<Conn> diesel::RunQueryDsl<Conn> for Administrators {}

fragment!(Administrators, |_this, out, sqlite| {
    out.push_sql("SELECT users.id FROM users WHERE ");
    out.push_sql(administers(sqlite));
    out.push_sql(" AND disabled_at IS NULL AND password_hash IS NOT NULL ORDER BY users.id");
    if !sqlite {
        out.push_sql(" FOR NO KEY UPDATE");
    }
});

/// The accounts that administer and can sign in, in a transaction that is about to take one away.
pub(crate) async fn administrators(conn: &mut Conn) -> Result<Vec<Id>, DbError> {
    on!(conn, c => RunQueryDsl::load(Administrators, c))
}

/// Deletes an account and its sessions.
pub(crate) async fn delete(conn: &mut Conn, id: Id) -> Result<bool, DbError> {
    let rows = on!(conn, c => diesel::delete(users::table)
        .filter(users::id.eq(id))
        .execute(c))?;
    Ok(rows == 1)
}

/// Deletes accounts behind `after`, up to `upto`, that were made before `made_before`, never
/// verified, not disabled, and have no role; returns them with their versions.
pub(crate) async fn delete_unverified(
    conn: &mut Conn,
    after: Id,
    upto: Id,
    made_before: Instant,
) -> Result<Vec<(Id, i64)>, DbError> {
    on!(conn, c => diesel::delete(users::table)
        .filter(users::id.gt(after))
        .filter(users::id.le(upto))
        .filter(users::email_verified.eq(false))
        .filter(users::created_at.lt(made_before))
        .filter(users::disabled_at.is_null())
        .filter(users::roles.eq(Json(Vec::<String>::new())))
        .returning((users::id, users::ver))
        .get_results(c))
}

/// Accounts after `after`, in the order they were made; with `email_key` that one alone.
pub(super) async fn list(
    conn: &mut Conn,
    after: Id,
    email_key: Option<&str>,
    limit: i64,
) -> Result<Vec<User>, DbError> {
    match email_key {
        Some(key) => on!(conn, c => users::table
            .filter(users::email_key.eq(key))
            .filter(users::id.gt(after))
            .limit(limit)
            .select(User::as_select())
            .load(c)),
        None => on!(conn, c => users::table
            .filter(users::id.gt(after))
            .order(users::id.asc())
            .limit(limit)
            .select(User::as_select())
            .load(c)),
    }
}

/// The last of the next `size` accounts behind `after` and before `end`; nothing if there are fewer.
pub(crate) async fn last_of(
    conn: &mut Conn,
    after: Id,
    end: Id,
    size: usize,
) -> Result<Option<Id>, DbError> {
    last_of!(conn, users, after, end, size)
}
