//! Sessions: one for each sign-in, which is also one family of refresh tokens and one row.
//!
//! A session lives until it is revoked, was not refreshed for `refresh.idle_ttl`, or is older
//! than `refresh.absolute_ttl`. Its access tokens carry its identifier as `sid`. Only an
//! [`Authentication`](crate::methods::Authentication) opens one.

mod end;
mod grantee;
mod open;
mod rotate;
mod scope;
mod store;

use kernel::clock::Instant;
use kernel::db::{DbError, Window};
use kernel::id::Id;
use kernel::limits;

use crate::ctx::Ctx;
use crate::methods::SINGLE_FACTOR;

pub use end::{end, end_all, end_any};
pub(crate) use end::{end_others, revoke_everything};
pub use grantee::{Grantee, NotGranted, Within};
pub use open::{open, open_at_once, opened};
pub use rotate::{Outcome, Presented, RotateError, rotate};
pub use scope::{ACCOUNT_SCOPE, ADMIN_SCOPE, Scope};
pub use store::Session;

impl Session {
    /// When its owner last proved who they are: the `auth_time` of its tokens.
    pub fn authenticated_at(&self) -> Instant {
        self.authenticated_at.unwrap_or(self.created_at)
    }

    /// How strongly they proved it: the `acr` of its tokens. The release before knew passwords alone.
    pub fn acr(&self) -> &str {
        self.acr.as_deref().unwrap_or(SINGLE_FACTOR)
    }

    /// When it was last refreshed, or began.
    pub fn last_used_at(&self) -> Instant {
        self.rotated_at.unwrap_or(self.created_at)
    }
}

/// The living sessions of an account, newest first.
///
/// # Errors
/// [`DbError`]
pub async fn living(ctx: &Ctx, user: Id) -> Result<Vec<Session>, DbError> {
    store::living(&mut ctx.db.conn().await?, user, ctx.clock.now()).await
}

/// Every session of an account that is still kept, newest first.
///
/// # Errors
/// [`DbError`]
pub async fn all(ctx: &Ctx, user: Id) -> Result<Vec<Session>, DbError> {
    store::all(&mut ctx.db.conn().await?, user).await
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
        .any(|address| limits::network(address) == network))
}

/// The account that a session belongs to; nothing if there is no such session.
///
/// # Errors
/// [`DbError`]
pub async fn owner(ctx: &Ctx, id: Id) -> Result<Option<Id>, DbError> {
    store::owner(&mut ctx.db.conn().await?, id).await
}

/// The last of the next `size` sessions behind `after` and before `end`; nothing if there are fewer.
pub(crate) async fn last_of(
    ctx: &Ctx,
    after: Id,
    end: Id,
    size: usize,
) -> Result<Option<Id>, DbError> {
    store::last_of(&mut ctx.db.conn().await?, after, end, size).await
}

/// Deletes the sessions of a window that expired at or before `dead`; the answer is how many.
pub(crate) async fn prune(ctx: &Ctx, window: Window, dead: Instant) -> Result<usize, DbError> {
    store::prune(&ctx.db, window, dead).await
}
