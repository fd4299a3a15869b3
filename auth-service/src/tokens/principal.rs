//! Who a token is about.

use kernel::id::Id;
use shared_claims::Claims;

/// Who a token is about: an account, or a client that acts for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// An account.
    User(Id),
    /// A client (RFC 9068 §5: its `sub` is its `client_id`).
    Client(String),
}

impl Principal {
    /// As a token says; nothing where its `sub` is neither.
    pub fn of<C>(claims: &Claims<C>) -> Option<Self> {
        match claims.sub.parse() {
            Ok(id) => Some(Self::User(id)),
            Err(_) => (claims.sub == claims.client_id).then(|| Self::Client(claims.sub.clone())),
        }
    }
}
