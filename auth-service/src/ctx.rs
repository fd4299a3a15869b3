//! What every room is given: the settings, the time, randomness, the database and the parts of
//! the service that keep something in memory.

use std::sync::Arc;

use kernel::audit::Audit;
use kernel::change::Changes;
use kernel::clock::{Clock, Instant};
use kernel::config::Settings;
use kernel::db::Db;
use kernel::entropy::Entropy;
use kernel::keyring::Keyring;
use kernel::limits::Limits;
use kernel::metrics::Metrics;
use kernel::passwords::Hasher;
use kernel::revocation::Revocations;
use serde_json::{Map, Value};
use shared_claims::{Policy, TokenCache};

/// The running service, as its rooms see it.
pub struct Ctx {
    /// The settings it was started with.
    pub settings: Settings,
    /// What any access token must be for the service itself to look at it. What a door demands
    /// beyond that is a [`Demand`](crate::tokens::Demand).
    pub policy: Policy,
    /// When it was started: a token from before that may be as earlier settings had it.
    pub started_at: Instant,
    /// What is counted and timed.
    pub metrics: Metrics,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
    /// The database.
    pub db: Db,
    /// The audit trail.
    pub audit: Audit,
    /// The way to every security change.
    pub changes: Changes,
    /// The keys, opened.
    pub keyring: Keyring,
    /// The threads that hash passwords.
    pub hasher: Hasher,
    /// Rates, and the brake on guessing.
    pub limits: Limits,
    /// Which access tokens are revoked.
    pub revocations: Arc<Revocations>,
    /// Access tokens that were verified before.
    pub verified: TokenCache<Map<String, Value>>,
}
