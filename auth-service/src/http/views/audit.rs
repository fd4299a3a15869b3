//! An event of the audit trail.

use kernel::audit;
use kernel::clock::Instant;
use kernel::id::Id;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// An event as it was written down.
#[derive(Serialize, ToSchema)]
pub struct AuditEvent {
    /// Identifies the event and orders it in time.
    pub id: Id,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    at: Instant,
    /// What happened, such as `login` or `password.changed`.
    event: String,
    /// `success` or `failure`.
    outcome: String,
    /// Who did it: `user`, `operator`, `system` or `anonymous`.
    actor: String,
    /// The account that did it.
    actor_id: Option<Id>,
    /// The account that it was done to.
    subject_id: Option<Id>,
    /// The session that it was done to, or in.
    session_id: Option<Id>,
    /// The client's address.
    address: Option<String>,
    /// The client's `User-Agent`.
    user_agent: Option<String>,
    /// The request's `x-request-id`.
    request_id: Option<String>,
    /// More about it, by kind of event.
    #[schema(value_type = Object)]
    detail: Value,
}

impl From<audit::AuditEvent> for AuditEvent {
    fn from(event: audit::AuditEvent) -> Self {
        Self {
            id: event.id,
            at: event.at,
            event: event.event,
            outcome: event.outcome,
            actor: event.actor,
            actor_id: event.actor_id,
            subject_id: event.subject_id,
            session_id: event.session_id,
            address: event.address,
            user_agent: event.user_agent,
            request_id: event.request_id,
            detail: event.detail,
        }
    }
}
