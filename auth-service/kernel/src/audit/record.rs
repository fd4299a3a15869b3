//! An event as it was written down, and which events to list.

use serde_json::Value;

use crate::clock::Instant;
use crate::id::Id;

/// An event as it was written down.
#[derive(Clone, Debug)]
pub struct AuditEvent {
    /// Identifies the event and orders it in time.
    pub id: Id,
    /// When it happened.
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
