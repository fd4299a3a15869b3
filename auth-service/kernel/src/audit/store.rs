//! The `audit_events` table.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Nullable, Text};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use std::time::Duration;

use super::event::{Event, EventKind};
use super::{AuditEvent, Filter};
use crate::caller::Caller;
use crate::clock::Instant;
use crate::db::fragment::Statement;
use crate::db::schema::audit_events;
use crate::db::types::{Json, SqlId, SqlInstant, SqlJson};
use crate::db::{Conn, Db, DbError, Window, alone, last_of, on};
use crate::id::Id;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_events)]
// One statement, whatever is not known of an event: a failed login must not tell by its statement
// whether there is such an account.
#[diesel(treat_none_as_default_value = false)]
pub(super) struct Row {
    id: Id,
    at: Instant,
    event: String,
    outcome: String,
    actor: String,
    actor_id: Option<Id>,
    subject_id: Option<Id>,
    session_id: Option<Id>,
    address: Option<String>,
    user_agent: Option<String>,
    request_id: Option<String>,
    detail: Json<Value>,
}

impl Row {
    pub(super) fn new(id: Id, at: Instant, event: &Event, caller: &Caller) -> Self {
        Self {
            id,
            at,
            event: event.kind.as_str().to_owned(),
            outcome: event.outcome.as_str().to_owned(),
            actor: event.actor.as_str().to_owned(),
            actor_id: event.actor.id(),
            subject_id: event.subject,
            session_id: event.session,
            address: caller.address.map(|address| address.to_string()),
            user_agent: caller.user_agent.clone(),
            request_id: caller.request_id.clone(),
            detail: Json(event.detail.clone()),
        }
    }
}

pub(super) async fn insert(conn: &mut Conn, row: &Row) -> Result<(), DbError> {
    on!(conn, c => diesel::insert_into(audit_events::table).values(row).execute(c))?;
    Ok(())
}

/// As a transaction of its own.
pub(super) async fn insert_alone(db: &Db, row: Row) -> Result<(), DbError> {
    let insert = diesel::insert_into(audit_events::table).values(row);
    alone!(db, c => pg (&insert).execute(c), one diesel::RunQueryDsl::execute(insert, c))?;
    Ok(())
}

/// Runs a statement and, if it changed something, adds the row, as one transaction. False if it
/// changed nothing. SQLite has no statement that does both.
pub(super) async fn insert_with<S: Statement>(
    db: &Db,
    statement: S,
    row: Row,
) -> Result<bool, DbError> {
    let rows = alone!(db, c =>
        pg Recorded { statement: &statement, row: &row }.execute(c),
        lite {
            let rows = diesel::RunQueryDsl::execute(statement, c)?;
            if rows > 0 {
                let insert = diesel::insert_into(audit_events::table).values(row);
                diesel::RunQueryDsl::execute(insert, c)?;
            }
            Ok(rows)
        },
    )?;
    Ok(rows > 0)
}

/// A statement of Postgres that writes its own audit row.
struct Recorded<'a, S> {
    statement: &'a S,
    row: &'a Row,
}

impl<S: QueryId> QueryId for Recorded<'_, S> {
    type QueryId = Recorded<'static, S::QueryId>;
    const HAS_STATIC_QUERY_ID: bool = S::HAS_STATIC_QUERY_ID;
}

impl<S: QueryFragment<Pg>> QueryFragment<Pg> for Recorded<'_, S> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let row = self.row;
        out.push_sql("WITH change AS (");
        self.statement.walk_ast(out.reborrow())?;
        out.push_sql(
            " RETURNING 1) INSERT INTO audit_events (id, at, event, outcome, actor, actor_id, \
             subject_id, session_id, address, user_agent, request_id, detail) SELECT ",
        );
        out.push_bind_param::<SqlId, _>(&row.id)?;
        out.push_sql(", ");
        out.push_bind_param::<SqlInstant, _>(&row.at)?;
        for text in [&row.event, &row.outcome, &row.actor] {
            out.push_sql(", ");
            out.push_bind_param::<Text, _>(text)?;
        }
        for id in [&row.actor_id, &row.subject_id, &row.session_id] {
            out.push_sql(", ");
            out.push_bind_param::<Nullable<SqlId>, _>(id)?;
        }
        for text in [&row.address, &row.user_agent, &row.request_id] {
            out.push_sql(", ");
            out.push_bind_param::<Nullable<Text>, _>(text)?;
        }
        out.push_sql(", ");
        out.push_bind_param::<SqlJson, _>(&row.detail)?;
        out.push_sql(" FROM change");
        Ok(())
    }
}

pub(super) async fn list(
    conn: &mut Conn,
    filter: &Filter,
    before: Id,
    limit: i64,
) -> Result<Vec<AuditEvent>, DbError> {
    // Which filters are set makes four queries; a boxed one is not statement-cached, and need
    // not be: nobody waits for it but an operator.
    macro_rules! query {
        ($c:ident) => {{
            let mut query = audit_events::table
                .filter(audit_events::id.lt(before))
                .into_boxed();
            if let Some(user) = filter.user_id {
                // Said so that each half has its index: what an account does, it does to itself,
                // but for the few events that the second half finds.
                let to_others = audit_events::actor_id
                    .eq(user)
                    .and(audit_events::actor_id.ne(audit_events::subject_id));
                query = query.filter(audit_events::subject_id.eq(user).or(to_others));
            }
            if let Some(event) = &filter.event {
                query = query.filter(audit_events::event.eq(event));
            }
            query
                .order(audit_events::id.desc())
                .limit(limit)
                .select(Row::as_select())
                .load($c)
        }};
    }
    let rows: Vec<Row> = on!(conn, c => query!(c))?;
    Ok(rows.into_iter().map(AuditEvent::from).collect())
}

/// Events behind `after` and of this span of time, oldest first.
pub(super) async fn page(
    conn: &mut Conn,
    after: Id,
    since: Instant,
    until: Instant,
    limit: i64,
) -> Result<Vec<AuditEvent>, DbError> {
    // An identifier can be ahead of its event's time by what a clock was set back meanwhile.
    let last = Id::first_at(until.plus(Duration::from_secs(60)));
    let rows: Vec<Row> = on!(conn, c => audit_events::table
        .filter(audit_events::id.gt(after))
        .filter(audit_events::id.lt(last))
        .filter(audit_events::at.ge(since))
        .filter(audit_events::at.lt(until))
        .order(audit_events::id.asc())
        .limit(limit)
        .select(Row::as_select())
        .load(c))?;
    Ok(rows.into_iter().map(AuditEvent::from).collect())
}

/// Events that hold where a person came from, done to this account: by itself, or by somebody
/// unknown. What it did to others is not among them.
pub(super) async fn personal(conn: &mut Conn, user: Id, limit: i64) -> Result<Vec<Id>, DbError> {
    let is_own = || {
        let actor_id = audit_events::actor_id;
        let own = actor_id.eq(user).or(actor_id.is_null());
        let on_the_service = EventKind::ON_THE_SERVICE.map(EventKind::as_str);
        let to_itself = audit_events::subject_id.eq(user).and(own);
        to_itself.and(audit_events::event.ne_all(on_the_service))
    };
    let holds = || {
        let traces = audit_events::address.is_not_null();
        let traces = traces.or(audit_events::user_agent.is_not_null());
        traces.or(audit_events::request_id.is_not_null())
    };
    on!(conn, c => audit_events::table
        .filter(is_own())
        .filter(holds())
        .limit(limit)
        .select(audit_events::id)
        .load(c))
}

/// The last of the next `size` events behind `after` and before `end`; nothing if there are fewer.
pub(super) async fn last_of(
    conn: &mut Conn,
    after: Id,
    end: Id,
    size: usize,
) -> Result<Option<Id>, DbError> {
    last_of!(conn, audit_events, after, end, size)
}

/// Deletes the events of a window that were written before `old`.
pub(super) async fn delete(db: &Db, window: Window, old: Instant) -> Result<usize, DbError> {
    let delete = diesel::delete(audit_events::table)
        .filter(audit_events::id.gt(window.after))
        .filter(audit_events::id.le(window.upto))
        .filter(audit_events::at.lt(old));
    alone!(db, c => pg (&delete).execute(c), one diesel::RunQueryDsl::execute(delete, c))
}

/// Takes out of these events where a person came from.
pub(super) async fn anonymise(db: &Db, events: Vec<Id>) -> Result<usize, DbError> {
    let anonymise = diesel::update(audit_events::table)
        .filter(audit_events::id.eq_any(events))
        .set((
            audit_events::address.eq(None::<String>),
            audit_events::user_agent.eq(None::<String>),
            audit_events::request_id.eq(None::<String>),
        ));
    alone!(db, c => pg (&anonymise).execute(c), one diesel::RunQueryDsl::execute(anonymise, c))
}

impl From<Row> for AuditEvent {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            at: row.at,
            event: row.event,
            outcome: row.outcome,
            actor: row.actor,
            actor_id: row.actor_id,
            subject_id: row.subject_id,
            session_id: row.session_id,
            address: row.address,
            user_agent: row.user_agent,
            request_id: row.request_id,
            detail: row.detail.0,
        }
    }
}
