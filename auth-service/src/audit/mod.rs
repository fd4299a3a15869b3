//! The audit trail: who did what to whom, from where, and how it ended. Never a secret.

mod event;
mod export;
mod store;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::clock::Instant;
use crate::ctx::Ctx;
use crate::db::fragment::Statement;
use crate::db::{Conn, DbError};
use crate::id::Id;

pub use event::{Actor, Event, EventKind, MAX_USER_AGENT, Origin, Outcome};
pub use export::Walk;
pub(crate) use export::{all_of, anonymise};

/// An event as it was written down.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AuditEvent {
    /// Identifies the event and orders it in time.
    pub id: Id,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
    /// What happened, such as `login` or `password.changed`.
    pub event: String,
    /// `success` or `failure`.
    pub outcome: String,
    /// Who did it: `user`, `operator`, `system` or `anonymous`.
    pub actor: String,
    /// The account that did it.
    pub actor_id: Option<Id>,
    /// The account that it was done to.
    pub subject_id: Option<Id>,
    /// The session that it was done to, or in.
    pub session_id: Option<Id>,
    /// The client's address.
    pub address: Option<String>,
    /// The client's `User-Agent`.
    pub user_agent: Option<String>,
    /// The request's `x-request-id`.
    pub request_id: Option<String>,
    /// More about it, by kind of event.
    #[schema(value_type = Object)]
    pub detail: Value,
}

/// Which events to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only those done by or to this account.
    pub user_id: Option<Id>,
    /// Only those of this kind.
    pub event: Option<String>,
}

/// Events, newest first: those before `before`, `limit` at most.
///
/// # Errors
/// [`DbError`]
pub async fn list(
    ctx: &Ctx,
    filter: &Filter,
    before: Option<Id>,
    limit: i64,
) -> Result<Vec<AuditEvent>, DbError> {
    let mut conn = ctx.db.conn().await?;
    store::list(&mut conn, filter, before.unwrap_or(Id::LAST), limit).await
}

/// Writes an event down within the transaction that it is about.
pub(crate) async fn insert(
    conn: &mut Conn,
    ctx: &Ctx,
    event: &Event,
    origin: &Origin,
) -> Result<(), DbError> {
    store::insert(conn, &row(ctx, event, origin)).await
}

/// Runs a statement and writes the event down as one transaction; neither, and false, if the
/// statement changed nothing.
pub(crate) async fn insert_with(
    ctx: &Ctx,
    statement: impl Statement,
    event: &Event,
    origin: &Origin,
) -> Result<bool, DbError> {
    store::insert_with(&ctx.db, statement, row(ctx, event, origin)).await
}

fn row(ctx: &Ctx, event: &Event, origin: &Origin) -> store::Row {
    let now = ctx.clock.now();
    store::Row::new(ctx.entropy.id(now), now, event, origin)
}

/// Writes down an event that changes nothing, such as a failed login.
///
/// # Errors
/// [`DbError`]
pub async fn record(ctx: &Ctx, event: Event, origin: &Origin) -> Result<(), DbError> {
    log(&event, origin);
    store::insert_alone(&ctx.db, row(ctx, &event, origin)).await
}

/// The same event for the log, so that it can be followed there.
pub(crate) fn log(event: &Event, origin: &Origin) {
    tracing::info!(
        event = event.kind.as_str(),
        outcome = event.outcome.as_str(),
        actor = event.actor.as_str(),
        actor_id = event.actor.id().map(tracing::field::display),
        subject_id = event.subject.map(tracing::field::display),
        session_id = event.session.map(tracing::field::display),
        address = origin.address.map(tracing::field::display),
        "audit"
    );
}
