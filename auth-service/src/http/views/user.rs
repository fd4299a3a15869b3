//! An account, as its owner sees it and as an administrator does.

use kernel::clock::Instant;
use kernel::id::Id;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::users::User;

/// An account as the API shows it.
#[derive(Serialize, ToSchema)]
pub struct UserInfo {
    /// Identifies the account: the `sub` of its tokens.
    pub id: Id,
    /// Its email address.
    email: String,
    /// Whether its owner has shown that they receive mail there.
    email_verified: bool,
    /// What to call its owner.
    name: Option<String>,
    /// What it may do.
    roles: Vec<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Instant,
}

impl From<User> for UserInfo {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            email: user.email,
            email_verified: user.email_verified,
            name: user.name,
            roles: user.roles.0,
            created_at: user.created_at,
            updated_at: user.updated_at,
        }
    }
}

/// An account as an operator sees it.
#[derive(Serialize, ToSchema)]
pub struct AdminUserInfo {
    /// What its owner sees.
    #[serde(flatten)]
    pub user: UserInfo,
    /// Custom claims that its access tokens carry.
    #[schema(value_type = Object)]
    claims: Map<String, Value>,
    /// When it was disabled; nothing while it is not.
    #[schema(value_type = Option<String>, format = DateTime)]
    disabled_at: Option<Instant>,
}

impl From<User> for AdminUserInfo {
    fn from(mut user: User) -> Self {
        Self {
            claims: std::mem::take(&mut user.claims.0),
            disabled_at: user.disabled_at,
            user: user.into(),
        }
    }
}
