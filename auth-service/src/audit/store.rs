//! The `audit_events` table.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;

use super::event::{Event, Origin};
use super::{AuditEvent, Filter};
use crate::clock::Instant;
use crate::db::schema::audit_events;
use crate::db::types::Json;
use crate::db::{Conn, DbError, on};
use crate::id::Id;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_events)]
// One statement, whatever is not known of an event: a failed login must not tell by its statement
// whether there is such an account.
#[diesel(treat_none_as_default_value = false)]
struct Row {
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

pub(super) async fn insert(
    conn: &mut Conn,
    id: Id,
    at: Instant,
    event: &Event,
    origin: &Origin,
) -> Result<(), DbError> {
    let row = Row {
        id,
        at,
        event: event.kind.as_str().to_owned(),
        outcome: event.outcome.as_str().to_owned(),
        actor: event.actor.as_str().to_owned(),
        actor_id: event.actor.id(),
        subject_id: event.subject,
        session_id: event.session,
        address: origin.address.map(|address| address.to_string()),
        user_agent: origin.user_agent.clone(),
        request_id: origin.request_id.clone(),
        detail: Json(event.detail.clone()),
    };
    on!(conn, c => diesel::insert_into(audit_events::table).values(&row).execute(c))?;
    Ok(())
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
                query = query.filter(
                    audit_events::subject_id
                        .eq(user)
                        .or(audit_events::actor_id.eq(user)),
                );
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
