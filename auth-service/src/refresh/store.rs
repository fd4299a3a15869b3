//! The statement that rotates a refresh token, and the question why it did not.

use diesel::dsl::SqlTypeOf;
use diesel::prelude::*;
use diesel::query_builder::{Query, QueryId};
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;

use crate::clock::Instant;
use crate::db::fragment::fragment;
use crate::db::schema::{sessions, users};
use crate::db::types::{SqlId, SqlInstant};
use crate::db::{Conn, Db, DbError, alone, on};
use crate::id::Id;
use crate::sessions::Session;
use crate::users::User;

/// One statement: compare-and-set on the generation, and every reason to refuse in the same
/// `WHERE`. A generation above the row's is our own too, from a commit that a failed-over
/// database lost: only we can make its MAC, so it goes on from there.
#[derive(QueryId)]
pub(super) struct Rotate {
    pub id: Id,
    pub presented: i64,
    pub next: i64,
    pub now: Instant,
    /// Only if the last rotation was at or before this.
    pub rotated_before: Instant,
    pub idle_expires_at: Instant,
}

impl<Conn> diesel::RunQueryDsl<Conn> for Rotate {}

impl Query for Rotate {
    type SqlType = (
        SqlTypeOf<<Session as Selectable<diesel::pg::Pg>>::SelectExpression>,
        SqlTypeOf<<User as Selectable<diesel::pg::Pg>>::SelectExpression>,
    );
}

/// Each column between two texts, with commas between them: one text to send, and not one a word.
macro_rules! listed {
    ($before:literal, $after:literal; $first:literal $(, $column:literal)* $(,)?) => {
        concat!($before, $first, $after $(, ", ", $before, $column, $after)*)
    };
}
macro_rules! session {
    ($before:literal, $after:literal) => {
        listed!(
            $before, $after;
            "id", "user_id", "client_id", "scope", "amr", "generation", "created_at", "rotated_at",
            "idle_expires_at", "expires_at", "revoked_at", "address", "user_agent"
        )
    };
}
macro_rules! user {
    ($before:literal, $after:literal) => {
        listed!(
            $before, $after;
            "id", "email", "email_verified", "name", "roles", "claims", "ver", "disabled_at",
            "created_at", "updated_at"
        )
    };
}
const RETURNING: &str = concat!(session!("sessions.", ""), ", ", user!("users.", ""));
/// There, RETURNING names the updated table alone.
const RETURNING_ON_SQLITE: &str = concat!(
    session!("sessions.", ""),
    ", ",
    user!(
        "(SELECT users.",
        " FROM users WHERE users.id = sessions.user_id)"
    )
);

fragment!(Rotate, |this, out, sqlite| {
    out.push_sql("UPDATE sessions SET generation = ");
    out.push_bind_param::<BigInt, i64>(&this.next)?;
    out.push_sql(", rotated_at = ");
    out.push_bind_param::<SqlInstant, Instant>(&this.now)?;
    // The row's own limit caps the idle one; both databases spell the lesser of two their way.
    out.push_sql(if sqlite {
        ", idle_expires_at = min("
    } else {
        ", idle_expires_at = least("
    });
    out.push_bind_param::<SqlInstant, Instant>(&this.idle_expires_at)?;
    out.push_sql(", sessions.expires_at) FROM users WHERE sessions.id = ");
    out.push_bind_param::<SqlId, Id>(&this.id)?;
    out.push_sql(" AND sessions.generation <= ");
    out.push_bind_param::<BigInt, i64>(&this.presented)?;
    out.push_sql(" AND sessions.revoked_at IS NULL AND sessions.idle_expires_at > ");
    out.push_bind_param::<SqlInstant, Instant>(&this.now)?;
    out.push_sql(" AND sessions.expires_at > ");
    out.push_bind_param::<SqlInstant, Instant>(&this.now)?;
    out.push_sql(" AND (sessions.rotated_at IS NULL OR sessions.rotated_at <= ");
    out.push_bind_param::<SqlInstant, Instant>(&this.rotated_before)?;
    out.push_sql(") AND users.id = sessions.user_id AND users.disabled_at IS NULL RETURNING ");
    out.push_sql(if sqlite {
        RETURNING_ON_SQLITE
    } else {
        RETURNING
    });
});

/// Rotates if nothing forbids it.
pub(super) async fn rotate(db: &Db, rotate: Rotate) -> Result<Option<(Session, User)>, DbError> {
    alone!(db, c =>
        pg RunQueryDsl::get_result(rotate, c),
        one diesel::RunQueryDsl::get_result(rotate, c),
    )
    .map(Some)
    .or_else(DbError::none)
}

/// The session and its account as they are.
pub(super) async fn find(db: &Db, id: Id) -> Result<Option<(Session, User)>, DbError> {
    on!(&mut db.conn().await?, c => sessions::table
        .inner_join(users::table)
        .filter(sessions::id.eq(id))
        .select((Session::as_select(), User::as_select()))
        .first(c))
    .map(Some)
    .or_else(DbError::none)
}

/// Ends a session whose token came back after its generation had passed. False if it had ended.
pub(super) async fn revoke(
    conn: &mut Conn,
    id: Id,
    presented: i64,
    now: Instant,
) -> Result<bool, DbError> {
    let rows = on!(conn, c => diesel::update(sessions::table)
        .filter(sessions::id.eq(id))
        .filter(sessions::generation.gt(presented))
        .filter(sessions::revoked_at.is_null())
        .set(sessions::revoked_at.eq(now))
        .execute(c))?;
    Ok(rows == 1)
}
