//! Hashing, verifying and judging passwords, without blocking the caller.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use argon2::Params;
use tracing::Instrument;

use super::argon::{ArgonHash, Memory};
use super::password::{Password, PasswordError};
use super::policy::Policy;
use super::pool::{Pool, PoolError};
use super::stored::{HashFormatError, StoredHash};
use crate::config::{self, HashBounds};
use crate::entropy::Entropy;
use crate::metrics::Queue;
use crate::telemetry::span;

/// Hashes passwords on threads of its own. Clones share them; they end with the last clone.
#[derive(Clone)]
pub struct Hasher {
    pool: Arc<Pool<Memory>>,
    recipe: Arc<Recipe>,
}

/// How new hashes are made.
struct Recipe {
    params: Params,
    bounds: HashBounds,
    policy: Policy,
    entropy: Entropy,
    /// Stands for the hash of a user who does not exist.
    dummy: ArgonHash,
    runs: Arc<AtomicU64>,
}

/// What verifying a password found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it is the password of the account.
    pub matches: bool,
    /// Whether a new hash should be stored instead: it matches, and what is stored is foreign or
    /// weaker than the settings ask for. Making it is for the caller to ask, and only for who signs
    /// in: it takes as long as verifying did.
    pub is_outdated: bool,
}

/// The load on a [`Hasher`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Jobs that wait for a thread now.
    pub queue_depth: usize,
    /// Jobs refused as [`HashError::Busy`] since the start.
    pub shed: u64,
    /// How often argon2 ran since the start.
    pub argon2_runs: u64,
}

impl Hasher {
    /// Starts the threads, each with argon2 memory of its own. `queue` is told how long callers
    /// wait for one.
    ///
    /// # Errors
    /// [`StartError`]: parameters that argon2 does not know, or no more threads.
    pub fn start(
        settings: &config::Passwords,
        entropy: Entropy,
        queue: Queue,
    ) -> Result<Self, StartError> {
        let params = Params::new(
            settings.argon2_memory_kib,
            settings.argon2_iterations,
            settings.argon2_parallelism,
            None,
        )?;
        let workers = match settings.hash_workers {
            0 => thread::available_parallelism().map_or(1, usize::from),
            workers => workers,
        };
        let runs = Arc::new(AtomicU64::new(0));
        let memory = {
            let (params, runs) = (params.clone(), Arc::clone(&runs));
            move || Memory::new(&params, Arc::clone(&runs))
        };
        let (length, deadline) = (settings.queue_length, settings.queue_deadline);
        let pool = Pool::start(workers, length, deadline, queue, memory)?;
        let recipe = Recipe {
            policy: Policy {
                min_length: settings.min_length,
            },
            dummy: ArgonHash::dummy(&params, entropy.bytes(), entropy.bytes()),
            params,
            bounds: settings.hash_bounds(),
            entropy,
            runs,
        };
        Ok(Self {
            pool: Arc::new(pool),
            recipe: Arc::new(recipe),
        })
    }

    /// The PHC string to store for `password`: argon2id, version 19, a salt of 16 bytes, a tag of
    /// 32 (RFC 9106). Does not ask the policy.
    ///
    /// # Errors
    /// [`HashError::Busy`]; the others are faults of the service.
    pub async fn hash(&self, password: Password) -> Result<String, HashError> {
        let recipe = Arc::clone(&self.recipe);
        let work = move |memory: &mut Memory| recipe.hash(&password, memory);
        let hashing = self.pool.run(work).instrument(span!("password.hash"));
        Ok(hashing.await??)
    }

    /// Whether `password` is the one that `stored` was made from. None stands for a user who does
    /// not exist: that takes as long as a wrong password and never matches.
    ///
    /// A foreign hash takes its own time until the first sign-in replaces it.
    ///
    /// # Errors
    /// [`HashError::Busy`]; the others are faults of the service or of what it stored.
    pub async fn verify(
        &self,
        password: Password,
        stored: Option<String>,
    ) -> Result<Verdict, HashError> {
        let bounds = self.recipe.bounds;
        let stored = (stored.as_deref()).map(|text| StoredHash::parse(text, bounds));
        let stored = stored.transpose()?;
        let recipe = Arc::clone(&self.recipe);
        let work = move |memory: &mut Memory| recipe.verify(&password, stored.as_ref(), memory);
        let hashing = self.pool.run(work).instrument(span!("password.verify"));
        Ok(hashing.await??)
    }

    /// Whether a hash from elsewhere can be verified here.
    ///
    /// # Errors
    /// [`HashFormatError`]: of no known format, malformed, or beyond its bounds.
    pub fn can_verify(&self, hash: &str) -> Result<(), HashFormatError> {
        StoredHash::parse(hash, self.recipe.bounds).map(drop)
    }

    /// Whether `password` may become the password of an account: see [`Policy::check`].
    ///
    /// # Errors
    /// [`CheckError::Refused`] for the user; [`CheckError::Hash`] as in [`hash`](Self::hash).
    pub async fn check_new(
        &self,
        password: Password,
        inputs: Vec<String>,
    ) -> Result<(), CheckError> {
        let policy = self.recipe.policy;
        let work = move |_: &mut Memory| {
            let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
            policy.check(&password, &inputs)
        };
        Ok(self.pool.run(work).await.map_err(HashError::from)??)
    }

    /// The load now.
    pub fn stats(&self) -> Stats {
        Stats {
            queue_depth: self.pool.queue_depth(),
            shed: self.pool.shed(),
            argon2_runs: self.recipe.runs.load(Ordering::Relaxed),
        }
    }
}

impl Recipe {
    fn hash(&self, password: &Password, memory: &mut Memory) -> Result<String, argon2::Error> {
        let salt = self.entropy.bytes();
        ArgonHash::make(&self.params, salt, password, memory).map(|hash| hash.to_string())
    }

    fn verify(
        &self,
        password: &Password,
        stored: Option<&StoredHash>,
        memory: &mut Memory,
    ) -> Result<Verdict, argon2::Error> {
        let Some(stored) = stored.filter(|stored| stored.covers(password)) else {
            // An answer at once would tell that there is no such user.
            self.dummy.verify(password, memory)?;
            return Ok(Verdict {
                matches: false,
                is_outdated: false,
            });
        };
        let matches = stored.verify(password, memory)?;
        Ok(Verdict {
            matches,
            is_outdated: matches && !stored.is_at_least(&self.params),
        })
    }
}

/// Why a [`Hasher`] does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// argon2 is not defined for these parameters.
    #[error("passwords.argon2_*: {0}")]
    Parameters(#[from] argon2::Error),
    /// The operating system gave no thread.
    #[error("no thread to hash on: {0}")]
    Threads(#[from] io::Error),
}

/// Why there is no hash and no verdict.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// Too many hashes wait already, or no thread was free before the deadline: try again later.
    #[error("too many passwords are being hashed")]
    Busy,
    /// The stored hash cannot be verified.
    #[error("stored password hash: {0}")]
    Stored(#[from] HashFormatError),
    /// argon2 failed, for want of memory above all.
    #[error("argon2: {0}")]
    Argon2(#[from] argon2::Error),
    /// The job panicked.
    #[error("hashing panicked")]
    Panicked,
}

impl From<PoolError> for HashError {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Busy => Self::Busy,
            PoolError::Panicked => Self::Panicked,
        }
    }
}

/// Why a new password was not accepted.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// The policy refuses it.
    #[error(transparent)]
    Refused(#[from] PasswordError),
    /// It was not judged.
    #[error(transparent)]
    Hash(#[from] HashError),
}

#[cfg(test)]
mod tests;
