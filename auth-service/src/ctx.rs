//! What every room is given: the settings, the time, randomness, the database and the parts of
//! the service that keep something in memory.

use crate::clock::Clock;
use crate::config::Settings;
use crate::db::Db;
use crate::entropy::Entropy;
use crate::keys::Keys;
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::passwords::Hasher;
use crate::revocation::Revocations;
use serde_json::{Map, Value};
use shared_claims::{Policy, TokenCache};

/// The running service, as its rooms see it.
pub struct Ctx {
    /// The settings it was started with.
    pub settings: Settings,
    /// What an access token must be for the service itself to accept it.
    pub policy: Policy,
    /// What is counted and timed.
    pub metrics: Metrics,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
    /// The database.
    pub db: Db,
    /// The keys, opened.
    pub keys: Keys,
    /// The threads that hash passwords.
    pub hasher: Hasher,
    /// The brake on guessing.
    pub limits: Limits,
    /// Which access tokens are revoked.
    pub revocations: Revocations,
    /// Access tokens that were verified before.
    pub verified: TokenCache<Map<String, Value>>,
}
