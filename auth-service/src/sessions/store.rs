//! The `sessions` table. The statement that rotates a refresh token stands in `rotate/store.rs`.

use diesel::prelude::*;
use diesel::query_builder::QueryId;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel_async::RunQueryDsl;

use kernel::clock::Instant;
use kernel::db::fragment::fragment;
use kernel::db::schema::{sessions, users};
use kernel::db::types::{Json, SqlId, SqlInstant, SqlJson};
use kernel::db::{Conn, Db, DbError, Optional, Window, alone, last_of, on};
use kernel::id::Id;

use crate::methods::Unchanged;

/// A session's row.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = sessions)]
pub struct Session {
    /// Identifies the session and its family of refresh tokens.
    pub id: Id,
    /// Whose it is.
    pub user_id: Id,
    /// The client that it was made for (RFC 9068 `client_id`).
    pub client_id: String,
    /// The services that its tokens may be for; none named is those of the settings.
    pub audience: Option<Json<Vec<String>>>,
    /// What it may do.
    pub scope: String,
    /// How its owner proved who they are (RFC 8176).
    pub amr: Json<Vec<String>>,
    /// How strongly (RFC 9470 §3).
    pub acr: Option<String>,
    /// When they last did; nothing in a row of a version before this was kept.
    pub authenticated_at: Option<Instant>,
    /// Which refresh token of the family is the current one, counted from 1.
    pub generation: i64,
    /// When it was opened.
    pub created_at: Instant,
    /// When the current refresh token took the place of the one before.
    pub rotated_at: Option<Instant>,
    /// When it ends unless it is refreshed.
    pub idle_expires_at: Instant,
    /// When it ends in any case.
    pub expires_at: Instant,
    /// When it was ended.
    pub revoked_at: Option<Instant>,
    /// The client's address at sign-in.
    pub address: String,
    /// The client's `User-Agent` at sign-in.
    pub user_agent: String,
}

/// Adds a session if its account is still what was proved. A sign-in that overlaps a change of
/// password, a log-out everywhere or a disabling must not outlive it; on Postgres the lock makes
/// the later of the two see the earlier, as the one writer of SQLite does by itself.
#[derive(QueryId)]
pub(super) struct Insert {
    pub session: Session,
    pub unchanged: Unchanged,
}

impl<Conn> diesel::RunQueryDsl<Conn> for Insert {}

fragment!(Insert, |this, out, sqlite| {
    let Self { session, unchanged } = this;
    out.push_sql(
        "INSERT INTO sessions (id, user_id, client_id, scope, acr, audience, amr, generation, \
         created_at, authenticated_at, idle_expires_at, expires_at, address, user_agent) SELECT ",
    );
    out.push_bind_param::<SqlId, _>(&session.id)?;
    out.push_sql(", users.id, ");
    out.push_bind_param::<Text, _>(&session.client_id)?;
    out.push_sql(", ");
    out.push_bind_param::<Text, _>(&session.scope)?;
    out.push_sql(", ");
    out.push_bind_param::<Nullable<Text>, _>(&session.acr)?;
    out.push_sql(", ");
    out.push_bind_param::<Nullable<SqlJson>, _>(&session.audience)?;
    out.push_sql(", ");
    out.push_bind_param::<SqlJson, _>(&session.amr)?;
    out.push_sql(", ");
    out.push_bind_param::<BigInt, _>(&session.generation)?;
    out.push_sql(", ");
    out.push_bind_param::<SqlInstant, _>(&session.created_at)?;
    out.push_sql(", ");
    out.push_bind_param::<Nullable<SqlInstant>, _>(&session.authenticated_at)?;
    for time in [&session.idle_expires_at, &session.expires_at] {
        out.push_sql(", ");
        out.push_bind_param::<SqlInstant, _>(time)?;
    }
    for text in [&session.address, &session.user_agent] {
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(text)?;
    }
    out.push_sql(" FROM users WHERE users.id = ");
    out.push_bind_param::<SqlId, _>(&session.user_id)?;
    out.push_sql(" AND users.ver = ");
    out.push_bind_param::<BigInt, _>(&unchanged.ver)?;
    out.push_sql(" AND users.credentials = ");
    out.push_bind_param::<BigInt, _>(&unchanged.credentials)?;
    out.push_sql(" AND users.disabled_at IS NULL");
    if !sqlite {
        out.push_sql(" FOR SHARE");
    }
});

/// Adds a session; false if its account is no longer what was proved.
pub(super) async fn insert(conn: &mut Conn, insert: Insert) -> Result<bool, DbError> {
    let rows = on!(conn, c => RunQueryDsl::execute(&insert, c))?;
    Ok(rows == 1)
}

pub(super) async fn living(
    conn: &mut Conn,
    user: Id,
    now: Instant,
) -> Result<Vec<Session>, DbError> {
    on!(conn, c => sessions::table
        .filter(sessions::user_id.eq(user))
        .filter(sessions::revoked_at.is_null())
        .filter(sessions::idle_expires_at.gt(now))
        .filter(sessions::expires_at.gt(now))
        .order(sessions::id.desc())
        .select(Session::as_select())
        .load(c))
}

/// All sessions of an account, newest first.
pub(super) async fn all(conn: &mut Conn, user: Id) -> Result<Vec<Session>, DbError> {
    on!(conn, c => sessions::table
        .filter(sessions::user_id.eq(user))
        .order(sessions::id.desc())
        .select(Session::as_select())
        .load(c))
}

/// Ends one session of an account; false if it had ended, or is not theirs.
pub(super) async fn revoke(
    conn: &mut Conn,
    user: Id,
    id: Id,
    now: Instant,
) -> Result<bool, DbError> {
    let rows = on!(conn, c => diesel::update(sessions::table)
        .filter(sessions::id.eq(id))
        .filter(sessions::user_id.eq(user))
        .filter(sessions::revoked_at.is_null())
        .set(sessions::revoked_at.eq(now))
        .execute(c))?;
    Ok(rows == 1)
}

/// Ends all sessions of an account but `kept`, and returns those that had not ended. One that
/// expired after `expired_after` counts: its access tokens may still live.
pub(super) async fn revoke_all(
    conn: &mut Conn,
    user: Id,
    kept: Option<Id>,
    now: Instant,
    expired_after: Instant,
) -> Result<Vec<Id>, DbError> {
    let kept = kept.unwrap_or(Id::FIRST);
    on!(conn, c => diesel::update(sessions::table)
        .filter(sessions::user_id.eq(user))
        .filter(sessions::id.ne(kept))
        .filter(sessions::revoked_at.is_null())
        .filter(sessions::expires_at.gt(expired_after))
        .set(sessions::revoked_at.eq(now))
        .returning(sessions::id)
        .get_results(c))
}

/// The account that a session belongs to.
pub(super) async fn owner(conn: &mut Conn, id: Id) -> Result<Option<Id>, DbError> {
    on!(conn, c => sessions::table
        .filter(sessions::id.eq(id))
        .select(sessions::user_id)
        .get_result(c))
    .optional()
}

/// From which addresses this `User-Agent` last signed in to the account.
pub(super) async fn addresses(
    conn: &mut Conn,
    email_key: &str,
    user_agent: &str,
) -> Result<Vec<String>, DbError> {
    on!(conn, c => sessions::table
        .inner_join(users::table)
        .filter(users::email_key.eq(email_key))
        .filter(sessions::user_agent.eq(user_agent))
        .order(sessions::id.desc())
        .limit(50)
        .select(sessions::address)
        .load(c))
}

/// The last of the next `size` sessions behind `after` and before `end`; nothing if there are fewer.
pub(super) async fn last_of(
    conn: &mut Conn,
    after: Id,
    end: Id,
    size: usize,
) -> Result<Option<Id>, DbError> {
    last_of!(conn, sessions, after, end, size)
}

/// Deletes the sessions of a window that expired at or before `dead`. A refresh never moves the
/// idle expiry beyond the absolute one, nor one that has passed.
pub(super) async fn prune(db: &Db, window: Window, dead: Instant) -> Result<usize, DbError> {
    let delete = diesel::delete(sessions::table)
        .filter(sessions::id.gt(window.after))
        .filter(sessions::id.le(window.upto))
        .filter(sessions::idle_expires_at.le(dead));
    alone!(db, c => pg (&delete).execute(c), one diesel::RunQueryDsl::execute(delete, c))
}
