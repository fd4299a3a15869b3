//! Revocation: what the feed carries, and the [`Mirror`] of it that every verifier keeps.

mod mirror;

use serde::{Deserialize, Serialize};

pub use mirror::{Mirror, Verdict};

/// What an [`Entry`] revokes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// One token, by `jti`.
    Jti,
    /// One session, by `sid`.
    Sid,
    /// A user's tokens of a version below the lowest *valid* one, by `sub`.
    Sub,
    /// A user's tokens of a version below the lowest *fresh* one, by `sub`: not revoked, but to
    /// be refreshed.
    Stale,
    /// Every token that a key signed, by `kid`.
    Kid,
}

/// One revocation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What is revoked.
    pub kind: Kind,
    /// Which one: the value of the claim, or of the header's `kid`.
    pub value: String,
    /// For [`Kind::Sub`] and [`Kind::Stale`], the lowest version that is left alone. Without it,
    /// none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ver: Option<i64>,
    /// When the last token that the entry can match is past even the largest leeway, in seconds
    /// since the Unix epoch.
    pub expires_at: i64,
}

/// Every revocation that still matters, at one position of the feed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Where in the feed the next entry follows.
    pub position: i64,
    /// The revocations, in no order.
    pub entries: Vec<Entry>,
}
