//! The statement that rotates a refresh token, and the query that finds out why it did not.

use std::sync::LazyLock;

use diesel::dsl::SqlTypeOf;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryId};
use diesel::sql_types::BigInt;
use diesel::sqlite::Sqlite;
use diesel_async::RunQueryDsl;
use kernel::clock::Instant;
use kernel::db::fragment::{fragment, text_of};
use kernel::db::schema::{sessions, users};
use kernel::db::types::{Json, SqlId, SqlInstant, SqlJson};
use kernel::db::{Conn, Db, DbError, Optional, alone, on};
use kernel::id::Id;
use serde_json::{Value, json};

use crate::sessions::{Scope, Session, Within};
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

/// As [`Rotate`], only if the session was granted all of this.
#[derive(QueryId)]
struct RotateWithin {
    rotate: Rotate,
    audience: Json<Value>,
    scope: Json<Value>,
}

type Row = (
    SqlTypeOf<<Session as Selectable<Pg>>::SelectExpression>,
    SqlTypeOf<<User as Selectable<Pg>>::SelectExpression>,
);

impl<Conn> diesel::RunQueryDsl<Conn> for Rotate {}
impl<Conn> diesel::RunQueryDsl<Conn> for RotateWithin {}
impl Query for Rotate {
    type SqlType = Row;
}
impl Query for RotateWithin {
    type SqlType = Row;
}

/// The columns of both rows, as one text.
static RETURNING: LazyLock<String> = LazyLock::new(|| {
    let session = text_of::<Pg, _>(&<Session as Selectable<Pg>>::construct_selection());
    let user = text_of::<Pg, _>(&<User as Selectable<Pg>>::construct_selection());
    format!("{session}, {user}")
});

/// The same for SQLite, where RETURNING names the updated table alone.
static RETURNING_ON_SQLITE: LazyLock<String> = LazyLock::new(|| {
    let session = text_of::<Sqlite, _>(&<Session as Selectable<Sqlite>>::construct_selection());
    let user = text_of::<Sqlite, _>(&<User as Selectable<Sqlite>>::construct_selection());
    let columns = user.split(", ");
    let looked_up = columns
        .map(|column| format!(", (SELECT {column} FROM users WHERE users.id = sessions.user_id)"));
    format!("{session}{}", looked_up.collect::<String>())
});

impl Rotate {
    fn walk<'b, DB>(&'b self, out: &mut AstPass<'_, 'b, DB>, sqlite: bool) -> QueryResult<()>
    where
        DB: diesel::backend::Backend
            + diesel::sql_types::HasSqlType<SqlId>
            + diesel::sql_types::HasSqlType<SqlInstant>,
        i64: diesel::serialize::ToSql<BigInt, DB>,
        Id: diesel::serialize::ToSql<SqlId, DB>,
        Instant: diesel::serialize::ToSql<SqlInstant, DB>,
    {
        out.push_sql("UPDATE sessions SET generation = ");
        out.push_bind_param::<BigInt, i64>(&self.next)?;
        out.push_sql(", rotated_at = ");
        out.push_bind_param::<SqlInstant, Instant>(&self.now)?;
        // The row's own limit caps the idle one; both databases spell the lesser of two their way.
        out.push_sql(if sqlite {
            ", idle_expires_at = min("
        } else {
            ", idle_expires_at = least("
        });
        out.push_bind_param::<SqlInstant, Instant>(&self.idle_expires_at)?;
        out.push_sql(", sessions.expires_at) FROM users WHERE sessions.id = ");
        out.push_bind_param::<SqlId, Id>(&self.id)?;
        out.push_sql(" AND sessions.generation <= ");
        out.push_bind_param::<BigInt, i64>(&self.presented)?;
        out.push_sql(" AND sessions.revoked_at IS NULL AND sessions.idle_expires_at > ");
        out.push_bind_param::<SqlInstant, Instant>(&self.now)?;
        out.push_sql(" AND sessions.expires_at > ");
        out.push_bind_param::<SqlInstant, Instant>(&self.now)?;
        out.push_sql(" AND (sessions.rotated_at IS NULL OR sessions.rotated_at <= ");
        out.push_bind_param::<SqlInstant, Instant>(&self.rotated_before)?;
        out.push_sql(") AND users.id = sessions.user_id AND users.disabled_at IS NULL");
        Ok(())
    }
}

/// Both rows, as the update left them.
fn returning(sqlite: bool) -> &'static str {
    if sqlite {
        &RETURNING_ON_SQLITE
    } else {
        &RETURNING
    }
}

fragment!(Rotate, |this, out, sqlite| {
    this.walk(&mut out, sqlite)?;
    out.push_sql(" RETURNING ");
    out.push_sql(returning(sqlite));
});

fragment!(RotateWithin, |this, out, sqlite| {
    this.rotate.walk(&mut out, sqlite)?;
    out.push_sql(if sqlite {
        " AND (sessions.audience IS NULL OR NOT EXISTS (SELECT 1 FROM json_each("
    } else {
        " AND (sessions.audience IS NULL OR sessions.audience @> "
    });
    out.push_bind_param::<SqlJson, Json<Value>>(&this.audience)?;
    out.push_sql(if sqlite {
        ") AS asked WHERE asked.value NOT IN (SELECT value FROM json_each(sessions.audience)))) \
         AND NOT EXISTS (SELECT 1 FROM json_each("
    } else {
        ") AND to_jsonb(string_to_array(sessions.scope, ' ')) @> "
    });
    out.push_bind_param::<SqlJson, Json<Value>>(&this.scope)?;
    out.push_sql(if sqlite {
        ") AS asked WHERE instr(' ' || sessions.scope || ' ', ' ' || asked.value || ' ') = 0)"
    } else {
        ""
    });
    out.push_sql(" RETURNING ");
    out.push_sql(returning(sqlite));
});

/// Rotates if nothing forbids it.
pub(super) async fn rotate(
    db: &Db,
    rotate: Rotate,
    within: Option<&Within>,
) -> Result<Option<(Session, User)>, DbError> {
    match within {
        None => alone!(db, c =>
            pg RunQueryDsl::get_result(&rotate, c),
            one diesel::RunQueryDsl::get_result(rotate, c),
        ),
        Some(within) => {
            let rotate = RotateWithin {
                rotate,
                audience: Json(json!(within.audience.as_deref().unwrap_or_default())),
                scope: Json(json!(
                    within
                        .scope
                        .iter()
                        .flat_map(Scope::words)
                        .collect::<Vec<_>>()
                )),
            };
            alone!(db, c =>
                pg RunQueryDsl::get_result(&rotate, c),
                one diesel::RunQueryDsl::get_result(rotate, c),
            )
        }
    }
    .optional()
}

/// The session and its account as they are.
pub(super) async fn find(db: &Db, id: Id) -> Result<Option<(Session, User)>, DbError> {
    on!(&mut db.conn().await?, c => sessions::table
        .inner_join(users::table)
        .filter(sessions::id.eq(id))
        .select((Session::as_select(), User::as_select()))
        .get_result(c))
    .optional()
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
