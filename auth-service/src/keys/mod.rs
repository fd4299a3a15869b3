//! The signing keys and the key of the refresh token's MAC: made, sealed, published, rotated.

mod generate;
pub mod lifecycle;
mod rewrap;
mod ring;
mod rotate;
pub mod seal;
mod signer;
mod store;

use serde::Serialize;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use utoipa::ToSchema;

use crate::clock::Instant;
use crate::ctx::Ctx;
use crate::db::DbError;
use crate::revocation::RevocationError;
use lifecycle::State;
use seal::Sealer;

pub use rewrap::rewrap;
pub use ring::{Jwks, Ring, SigningKey};
pub use rotate::{remove, rotate, tick};

/// What a key is for; a key of one purpose can't be opened as one of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Signs access tokens.
    Signing,
    /// Authenticates refresh tokens.
    Refresh,
}

impl Purpose {
    fn as_str(self) -> &'static str {
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
    /// A revocation could not be written.
    #[error(transparent)]
    Revocation(#[from] RevocationError),
}

/// The keys of this replica. They are swapped whole when they are loaded again.
pub struct Keys {
    sealer: Sealer,
    loaded: RwLock<Option<Loaded>>,
}

struct Loaded {
    ring: Arc<Ring>,
    at: Instant,
}

/// A replica whose keys are older than this is not ready: it may miss a rotation.
const STALE: Duration = Duration::from_secs(60);

/// A key as an operator sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct KeyInfo {
    /// The key's identifier: its RFC 7638 thumbprint.
    pub kid: String,
    /// The JWS algorithm that it signs with.
    pub alg: String,
    /// Where it is in its life.
    pub state: State,
    /// When it was made and published.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Instant,
    /// When it begins, or began, to sign.
    #[schema(value_type = String, format = DateTime)]
    pub active_at: Instant,
    /// When it was taken out in an emergency.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub removed_at: Option<Instant>,
}

impl Keys {
    /// No keys yet; [`load`] fills it.
    pub fn new(sealer: Sealer) -> Self {
        Self {
            sealer,
            loaded: RwLock::new(None),
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
    pub fn age(&self, now: Instant) -> Option<Duration> {
        let loaded = self.loaded.read().unwrap_or_else(PoisonError::into_inner);
        loaded.as_ref().map(|loaded| now.since(loaded.at))
    }

    /// Whether a replica with these keys may serve.
    pub fn is_ready(&self, now: Instant) -> bool {
        self.age(now).is_some_and(|age| age < STALE)
            && self.ring().is_ok_and(|ring| ring.active(now).is_ok())
    }
}

/// Reads all keys from the database and opens them.
///
/// # Errors
/// [`KeysError`]; the keys loaded before stay in use.
pub async fn load(ctx: &Ctx) -> Result<Arc<Ring>, KeysError> {
    let now = ctx.clock.now();
    let mut conn = ctx.db.conn().await?;
    let signing = store::all(&mut conn, Purpose::Signing).await?;
    let refresh = store::all(&mut conn, Purpose::Refresh).await?;
    let ring = Ring::open(&ctx.keys.sealer, &signing, &refresh, now, overlap(ctx))?;
    let ring = Arc::new(ring);
    let mut loaded = ctx
        .keys
        .loaded
        .write()
        .unwrap_or_else(PoisonError::into_inner);
    *loaded = Some(Loaded {
        ring: ring.clone(),
        at: now,
    });
    Ok(ring)
}

/// All signing keys with their states, oldest first.
///
/// # Errors
/// [`KeysError::Db`]
pub async fn list(ctx: &Ctx) -> Result<Vec<KeyInfo>, KeysError> {
    let mut conn = ctx.db.conn().await?;
    let rows = store::all(&mut conn, Purpose::Signing).await?;
    let states = ring::states(&rows, ctx.clock.now(), overlap(ctx));
    let infos = std::iter::zip(rows, states).map(|(row, state)| KeyInfo {
        kid: row.kid,
        alg: row.alg,
        state,
        created_at: row.created_at,
        active_at: row.active_at,
        removed_at: row.removed_at,
    });
    Ok(infos.collect())
}

/// How long a key stays published after it stopped signing.
fn overlap(ctx: &Ctx) -> Duration {
    let settings = &ctx.settings;
    settings.tokens.access_ttl + settings.revocation.max_leeway + settings.keys.jwks_max_age
}
