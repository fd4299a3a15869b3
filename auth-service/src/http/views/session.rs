//! A session, as its owner sees it and as it is exported.

use kernel::clock::Instant;
use kernel::id::Id;
use serde::Serialize;
use utoipa::ToSchema;

use crate::sessions::Session;

/// A session as its owner sees it.
#[derive(Serialize, ToSchema)]
pub struct SessionInfo {
    /// Identifies the session; the `sid` of its access tokens.
    id: Id,
    /// Whether it is the one that asks.
    current: bool,
    /// The client's address at sign-in.
    address: String,
    /// The client's `User-Agent` at sign-in.
    user_agent: String,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
    /// When it was last refreshed, or began.
    #[schema(value_type = String, format = DateTime)]
    last_used_at: Instant,
    /// When it ends, unless it is refreshed before.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Instant,
}

impl SessionInfo {
    /// `current` is the one that asks.
    pub fn new(session: Session, current: Option<Id>) -> Self {
        Self {
            id: session.id,
            current: Some(session.id) == current,
            last_used_at: session.last_used_at(),
            created_at: session.created_at,
            expires_at: session.idle_expires_at,
            address: session.address,
            user_agent: session.user_agent,
        }
    }
}

/// A session of an account, living or not, with all that is kept of it but its refresh token's
/// generation.
#[derive(Serialize, ToSchema)]
pub struct SessionRecord {
    /// Identifies the session; the `sid` of its access tokens.
    id: Id,
    /// The client that it was made for.
    client_id: String,
    /// What it may do.
    scope: String,
    /// The services that its tokens may be for; `null` stands for those of the settings.
    audience: Option<Vec<String>>,
    /// How its owner proved who they are (RFC 8176).
    amr: Vec<String>,
    /// How strongly (RFC 9470).
    acr: Option<String>,
    /// When they last did.
    #[schema(value_type = String, format = DateTime)]
    authenticated_at: Instant,
    /// The client's address at sign-in.
    address: String,
    /// The client's `User-Agent` at sign-in.
    user_agent: String,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
    /// When it was last refreshed with a new refresh token.
    #[schema(value_type = Option<String>, format = DateTime)]
    refreshed_at: Option<Instant>,
    /// When it expires, or expired, unless it is refreshed before.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Instant,
    /// When it was ended before its time.
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Instant>,
}

impl From<Session> for SessionRecord {
    fn from(session: Session) -> Self {
        Self {
            id: session.id,
            authenticated_at: session.authenticated_at(),
            client_id: session.client_id,
            scope: session.scope,
            audience: session.audience.map(|audience| audience.0),
            amr: session.amr.0,
            acr: session.acr,
            address: session.address,
            user_agent: session.user_agent,
            created_at: session.created_at,
            refreshed_at: session.rotated_at,
            expires_at: session.idle_expires_at,
            ended_at: session.revoked_at,
        }
    }
}
