//! Sessions: one for each sign-in, which is also one family of refresh tokens and one row.
//!
//! A session lives until it is revoked, was not refreshed for `refresh.idle_ttl`, or is older
//! than `refresh.absolute_ttl`. Its access tokens carry its identifier as `sid`.

mod end;
mod open;
mod record;
pub(crate) mod store;

use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::Instant;
use crate::ctx::Ctx;
use crate::db::DbError;
use crate::id::Id;

pub(crate) use end::revoke_everything;
pub use end::{end, end_all, end_others};
pub use open::{open, sign_in, signed_in};
pub use record::{SessionRecord, records};
pub use store::{Checked, Session};

/// A session as its owner sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SessionInfo {
    /// Identifies the session; the `sid` of its access tokens.
    pub id: Id,
    /// Whether it is the one that asks.
    pub current: bool,
    /// The client's address at sign-in.
    pub address: String,
    /// The client's `User-Agent` at sign-in.
    pub user_agent: String,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Instant,
    /// When it was last refreshed, or began.
    #[schema(value_type = String, format = DateTime)]
    pub last_used_at: Instant,
    /// When it ends, unless it is refreshed before.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Instant,
}

/// The living sessions of an account, newest first. `current` marks the one that asks.
///
/// # Errors
/// [`DbError`]
pub async fn list(ctx: &Ctx, user: Id, current: Option<Id>) -> Result<Vec<SessionInfo>, DbError> {
    let mut conn = ctx.db.conn().await?;
    let sessions = store::living(&mut conn, user, ctx.clock.now()).await?;
    let infos = sessions.into_iter().map(|session| SessionInfo {
        id: session.id,
        current: Some(session.id) == current,
        last_used_at: session.rotated_at.unwrap_or(session.created_at),
        created_at: session.created_at,
        expires_at: session.idle_expires_at,
        address: session.address,
        user_agent: session.user_agent,
    });
    Ok(infos.collect())
}

/// Whether this device (the same network and `User-Agent`) has signed in to the account before.
///
/// # Errors
/// [`DbError`]
pub async fn is_known_device(
    ctx: &Ctx,
    email_key: &str,
    network: &str,
    user_agent: &str,
) -> Result<bool, DbError> {
    let mut conn = ctx.db.conn().await?;
    let addresses = store::addresses(&mut conn, email_key, user_agent).await?;
    Ok(addresses
        .iter()
        .filter_map(|address| address.parse().ok())
        .any(|address| crate::limits::network(address) == network))
}

/// The account that a session belongs to; nothing if there is no such session.
///
/// # Errors
/// [`DbError`]
pub async fn owner(ctx: &Ctx, id: Id) -> Result<Option<Id>, DbError> {
    store::owner(&mut ctx.db.conn().await?, id).await
}
