//! Revocation: what the feed carries, and the [`Mirror`] of it that every verifier keeps.

mod mirror;
mod told;
mod unknown;

use serde::{Deserialize, Serialize};

pub use mirror::{Mirror, Verdict};
pub use told::{Told, Unknown};
pub use unknown::UnknownKinds;

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

impl Kind {
    /// Every kind that there is.
    pub const ALL: [Self; 5] = [Self::Jti, Self::Sid, Self::Sub, Self::Stale, Self::Kid];

    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jti => "jti",
            Self::Sid => "sid",
            Self::Sub => "sub",
            Self::Stale => "stale",
            Self::Kid => "kid",
        }
    }

    /// The kind of this name; nothing where this version does not know it.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
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

/// Every revocation that still matters, at one position of the feed. Whoever reads one of another
/// version reads a `Snapshot<Told>`: a kind that is not known must not hide the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot<E = Entry> {
    /// Where in the feed the next entry follows.
    pub position: i64,
    /// The revocations, in no order.
    pub entries: Vec<E>,
}

impl<E> Default for Snapshot<E> {
    fn default() -> Self {
        Self {
            position: 0,
            entries: Vec::new(),
        }
    }
}
