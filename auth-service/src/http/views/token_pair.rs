//! What a sign-in or a refresh is answered with.

use kernel::id::Id;
use serde::Serialize;
use utoipa::ToSchema;

use super::UserInfo;
use crate::signin::Issued;

/// What a sign-in or a refresh is answered with (RFC 6749 §5.1, and more).
#[derive(Serialize, ToSchema)]
pub struct TokenPair {
    /// The access token, a JWT.
    access_token: String,
    /// Always `Bearer` (RFC 6750).
    #[schema(value_type = String, example = "Bearer")]
    token_type: &'static str,
    /// Seconds until the access token expires.
    expires_in: i64,
    /// The refresh token: opaque.
    refresh_token: String,
    /// Seconds until the refresh token expires if it is not used.
    refresh_expires_in: i64,
    /// What the access token may do (RFC 6749 §3.3).
    scope: String,
    /// The session; the `sid` of the access token.
    session_id: Id,
    /// The account.
    user: UserInfo,
}

impl From<Issued> for TokenPair {
    fn from(issued: Issued) -> Self {
        Self {
            access_token: issued.access.jwt,
            token_type: "Bearer",
            expires_in: issued.access.expires_in,
            refresh_token: issued.refresh_token,
            refresh_expires_in: issued.refresh_expires_in,
            scope: issued.scope,
            session_id: issued.session.id,
            user: issued.user.into(),
        }
    }
}
