//! Keys: made, sealed, published, rotated. The signing keys, and those of the refresh token's MAC.
//!
//! A key belongs to a purpose and an algorithm. Keys of several algorithms sign side by side: the
//! first of the settings signs access tokens, the others sign for callers that ask for their algorithm.

mod generate;
pub mod lifecycle;
mod look_again;
mod plan;
mod remove;
mod rewrap;
mod ring;
mod rotate;
pub mod seal;
mod signer;
mod store;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use crate::change::Changes;
use crate::clock::{Clock, Instant};
use crate::config::Settings;
use crate::db::{Db, DbError};
use crate::entropy::Entropy;
use lifecycle::State;
use look_again::LookAgain;
use plan::Plan;
use seal::Sealer;
use store::Row;

pub use ring::{Jwks, MacKeys, Ring, SigningKey};

/// What a key is for; a key of one purpose can't be opened as one of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Signs tokens.
    Signing,
    /// Authenticates refresh tokens.
    Refresh,
}

impl Purpose {
    /// Its name in the database.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Signing => "signing",
            Self::Refresh => "refresh",
        }
    }
}

/// What can go wrong with keys.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A key in the database can't be used.
    #[error("the key {kid} can't be used: {why}")]
    Broken {
        /// The key.
        kid: String,
        /// Why.
        why: String,
    },
    /// No key may sign now.
    #[error("no key is active; `auth-service keys rotate` makes one")]
    NoActiveKey,
    /// There is no such key, or it was removed before.
    #[error("there is no such key")]
    NotFound,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// The keys of this replica. They are swapped whole when they are loaded again.
pub struct Keyring {
    sealer: Sealer,
    db: Db,
    changes: Changes,
    clock: Clock,
    entropy: Entropy,
    plan: Plan,
    loaded: RwLock<Option<Loaded>>,
    look_again: LookAgain,
}

struct Loaded {
    ring: Arc<Ring>,
    at: Instant,
}

/// A replica whose keys are older than this is not ready: it may miss a rotation.
const STALE: Duration = Duration::from_secs(60);

/// A key as an operator sees it.
#[derive(Clone, Debug)]
pub struct KeyInfo {
    /// The key's identifier: of a signing key its RFC 7638 thumbprint.
    pub kid: String,
    /// What it is for.
    pub purpose: Purpose,
    /// The JWS algorithm that it is for.
    pub alg: String,
    /// Where it is in its life.
    pub state: State,
    /// When it was made and published.
    pub created_at: Instant,
    /// When it begins, or began, to sign.
    pub active_at: Instant,
    /// When it was taken out in an emergency.
    pub removed_at: Option<Instant>,
}

impl Keyring {
    /// No keys yet; [`load`](Self::load) and [`tick`](Self::tick) fill it.
    pub fn new(
        settings: &Settings,
        sealer: Sealer,
        db: Db,
        changes: Changes,
        clock: Clock,
        entropy: Entropy,
    ) -> Self {
        Self {
            plan: Plan::of(settings),
            sealer,
            db,
            changes,
            clock,
            entropy,
            loaded: RwLock::new(None),
            look_again: LookAgain::default(),
        }
    }

    /// The keys as last loaded.
    ///
    /// # Errors
    /// [`KeysError::NoActiveKey`] before the first load.
    pub fn ring(&self) -> Result<Arc<Ring>, KeysError> {
        let loaded = self.loaded.read().unwrap_or_else(PoisonError::into_inner);
        loaded
            .as_ref()
            .map(|loaded| loaded.ring.clone())
            .ok_or(KeysError::NoActiveKey)
    }

    /// How long ago the keys were loaded; nothing before the first time.
    pub fn age(&self) -> Option<Duration> {
        let loaded = self.loaded.read().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        loaded.as_ref().map(|loaded| now.since(loaded.at))
    }

    /// Whether a replica with these keys may serve.
    pub fn is_ready(&self) -> bool {
        let now = self.clock.now();
        self.age().is_some_and(|age| age < STALE)
            && self.ring().is_ok_and(|ring| ring.active(now).is_ok())
    }

    /// When the key that signs access tokens now began to, and when the next one takes over;
    /// nothing while none signs.
    pub fn turns(&self) -> Option<(Instant, Instant)> {
        let ring = self.ring().ok()?;
        ring.turns(self.clock.now(), self.plan.rotation_interval)
    }

    /// Reads all keys from the database and opens them.
    ///
    /// # Errors
    /// [`KeysError`]; the keys loaded before stay in use.
    pub async fn load(&self) -> Result<Arc<Ring>, KeysError> {
        let now = self.clock.now();
        let rows = self.rows().await?;
        let ring = Arc::new(Ring::open(&self.sealer, &rows, &self.plan, now)?);
        let mut loaded = self.loaded.write().unwrap_or_else(PoisonError::into_inner);
        *loaded = Some(Loaded {
            ring: ring.clone(),
            at: now,
        });
        Ok(ring)
    }

    /// All keys of a purpose with their states, oldest first.
    ///
    /// # Errors
    /// [`KeysError::Db`]
    pub async fn list(&self, purpose: Purpose) -> Result<Vec<KeyInfo>, KeysError> {
        let rows = store::of(&self.rows().await?, purpose);
        let states = self.plan.states(&rows, self.clock.now());
        let infos = std::iter::zip(rows, states).map(|(row, state)| KeyInfo {
            kid: row.kid,
            purpose,
            alg: row.alg,
            state,
            created_at: row.created_at,
            active_at: row.active_at,
            removed_at: row.removed_at,
        });
        Ok(infos.collect())
    }

    /// Every key, oldest first.
    async fn rows(&self) -> Result<Vec<Row>, DbError> {
        store::all(&mut self.db.conn().await?).await
    }
}
