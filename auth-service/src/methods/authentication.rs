//! What was proved, how, and when.

use kernel::clock::Instant;
use kernel::id::Id;

use crate::users::User;

/// One proof of who somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// They know the account's password.
    Password,
}

impl Proof {
    /// Its name in `amr` (RFC 8176 §2).
    fn amr(self) -> &'static str {
        match self {
            Self::Password => "pwd",
        }
    }
}

/// What the account was when the proof was checked. It stands in the `WHERE` of the session's
/// `INSERT`, so that a sign-in that overlaps a change of the password, a log-out everywhere or a
/// disabling does not outlive it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unchanged {
    /// The account's version.
    pub ver: i64,
    /// Grows when any credential of the account changes, never when a hash is only renewed.
    pub credentials: i64,
}

impl Unchanged {
    /// What a new account is.
    pub const NEW: Self = Self {
        ver: 1,
        credentials: 1,
    };
}

/// An account, and one proof that somebody is its owner. Only the rooms of `methods/` make one.
pub struct Proven {
    user: User,
    proof: Proof,
    unchanged: Unchanged,
}

impl Proven {
    pub(super) fn new(user: User, proof: Proof, unchanged: Unchanged) -> Self {
        Self {
            user,
            proof,
            unchanged,
        }
    }

    /// Whose it is.
    pub fn user(&self) -> &User {
        &self.user
    }

    /// Whose it is, and the proof is used up.
    pub fn into_user(self) -> User {
        self.user
    }

    /// What it amounts to, at the time of the proof.
    pub fn at(&self, at: Instant) -> Authentication {
        Authentication {
            user: self.user.id,
            proofs: vec![self.proof],
            at,
            unchanged: self.unchanged,
        }
    }
}

/// Who somebody has proved to be, how and when: what opens a session.
pub struct Authentication {
    user: Id,
    /// Never empty.
    proofs: Vec<Proof>,
    at: Instant,
    unchanged: Unchanged,
}

impl Authentication {
    /// The account.
    pub fn user(&self) -> Id {
        self.user
    }

    /// When the last proof was given: `auth_time` (RFC 9068 §2.2.1).
    pub fn at(&self) -> Instant {
        self.at
    }

    /// What the account must still be.
    pub fn unchanged(&self) -> Unchanged {
        self.unchanged
    }

    /// How it was proved: `amr` (RFC 8176 §1).
    pub fn amr(&self) -> Vec<String> {
        self.proofs
            .iter()
            .map(|proof| proof.amr().to_owned())
            .collect()
    }

    /// How strongly: `acr` (RFC 9470 §3). One factor is `1`.
    pub fn acr(&self) -> &'static str {
        "1"
    }
}
