//! What was proved, how, and when.

use kernel::clock::Instant;
use kernel::id::Id;

use super::Proof;
use crate::users::User;

/// The `acr` of one factor.
pub const SINGLE_FACTOR: &str = "1";

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
    at: Instant,
}

impl Proven {
    pub(super) fn new(user: User, proof: Proof, unchanged: Unchanged, at: Instant) -> Self {
        Self {
            user,
            proof,
            unchanged,
            at,
        }
    }

    /// Whose it is.
    pub fn user(&self) -> &User {
        &self.user
    }

    /// What the account must still be.
    pub(super) fn unchanged(&self) -> Unchanged {
        self.unchanged
    }

    /// The authentication that this one proof gives, and whose it is.
    pub fn authenticate(self) -> (Authentication, User) {
        let authentication = Authentication {
            user: self.user.id,
            proofs: vec![self.proof],
            at: self.at,
            unchanged: self.unchanged,
        };
        (authentication, self.user)
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

    /// How strongly: `acr` (RFC 9470 §3).
    pub fn acr(&self) -> &'static str {
        SINGLE_FACTOR
    }
}
