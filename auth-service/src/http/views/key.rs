//! A signing key.

use kernel::clock::Instant;
use kernel::keyring::{self, lifecycle};
use serde::Serialize;
use utoipa::ToSchema;

/// Where a key is in its life.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Published; will sign from its `active_at` on.
    Next,
    /// Published and signing.
    Active,
    /// Published for the tokens that it signed; signs no more.
    Retiring,
    /// No longer published.
    Gone,
    /// Taken out in an emergency; nothing that it signed counts.
    Removed,
}

/// A key as an operator sees it.
#[derive(Serialize, ToSchema)]
pub struct KeyInfo {
    /// The key's identifier: its RFC 7638 thumbprint.
    kid: String,
    /// The JWS algorithm that it signs with.
    alg: String,
    /// Where it is in its life.
    state: State,
    /// When it was made and published.
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
    /// When it begins, or began, to sign.
    #[schema(value_type = String, format = DateTime)]
    active_at: Instant,
    /// When it was taken out in an emergency.
    #[schema(value_type = Option<String>, format = DateTime)]
    removed_at: Option<Instant>,
}

impl From<keyring::KeyInfo> for KeyInfo {
    fn from(key: keyring::KeyInfo) -> Self {
        Self {
            kid: key.kid,
            alg: key.alg,
            state: key.state.into(),
            created_at: key.created_at,
            active_at: key.active_at,
            removed_at: key.removed_at,
        }
    }
}

impl From<lifecycle::State> for State {
    fn from(state: lifecycle::State) -> Self {
        match state {
            lifecycle::State::Next => Self::Next,
            lifecycle::State::Active => Self::Active,
            lifecycle::State::Retiring => Self::Retiring,
            lifecycle::State::Gone => Self::Gone,
            lifecycle::State::Removed => Self::Removed,
        }
    }
}
