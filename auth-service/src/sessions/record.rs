//! A session as its row keeps it, for the export of an account.

use serde::Serialize;
use utoipa::ToSchema;

use super::store::{self, Session};
use crate::clock::Instant;
use crate::ctx::Ctx;
use crate::db::DbError;
use crate::id::Id;

/// A session of an account, living or not, with all that is kept of it but its refresh token's
/// generation.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SessionRecord {
    /// Identifies the session; the `sid` of its access tokens.
    pub id: Id,
    /// The client that it was made for.
    pub client_id: String,
    /// What it may do.
    pub scope: String,
    /// How its owner proved who they are (RFC 8176).
    pub amr: Vec<String>,
    /// The client's address at sign-in.
    pub address: String,
    /// The client's `User-Agent` at sign-in.
    pub user_agent: String,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Instant,
    /// When it was last refreshed with a new refresh token.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub refreshed_at: Option<Instant>,
    /// When it expires, or expired, unless it is refreshed before.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Instant,
    /// When it was ended before its time.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Instant>,
}

impl From<Session> for SessionRecord {
    fn from(session: Session) -> Self {
        Self {
            id: session.id,
            client_id: session.client_id,
            scope: session.scope,
            amr: session.amr.0,
            address: session.address,
            user_agent: session.user_agent,
            created_at: session.created_at,
            refreshed_at: session.rotated_at,
            expires_at: session.idle_expires_at,
            ended_at: session.revoked_at,
        }
    }
}

/// Every session of an account that is still kept, newest first.
///
/// # Errors
/// [`DbError`]
pub async fn records(ctx: &Ctx, user: Id) -> Result<Vec<SessionRecord>, DbError> {
    let mut conn = ctx.db.conn().await?;
    let sessions = store::all(&mut conn, user).await?;
    Ok(sessions.into_iter().map(SessionRecord::from).collect())
}
