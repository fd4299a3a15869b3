//! Loading the keys because a token names one that is not among them: another replica may have begun
//! to sign with it. Anybody can send such a token, so there is one load at a time, for all who ask,
//! and the next only after a pause, whether it succeeded or not.

use std::time::Duration;
use tokio::sync::Mutex;

use super::{Keyring, KeysError};
use crate::clock::Instant;
use crate::db::DbError;

/// The least time between two loads.
const PAUSE: Duration = Duration::from_secs(1);

/// When keys could last not be loaded for a token; held by whoever loads them.
#[derive(Default)]
pub(super) struct LookAgain(Mutex<Option<Instant>>);

impl Keyring {
    /// Loads the keys, unless they were loaded a moment ago.
    ///
    /// # Errors
    /// [`KeysError`] where they can't be loaded, or could not a moment ago: which keys there are
    /// can't be told.
    pub async fn look_again(&self) -> Result<(), KeysError> {
        let mut failed = self.look_again.0.lock().await;
        let recently =
            |at: Option<Instant>| at.is_some_and(|at| self.clock.now().since(at) <= PAUSE);
        if self.age().is_some_and(|age| age <= PAUSE) {
            return Ok(());
        }
        if recently(*failed) {
            let why = DbError::Unavailable("the keys could not be loaded a moment ago".into());
            return Err(why.into());
        }
        let loaded = self.load().await;
        if loaded.is_err() {
            *failed = Some(self.clock.now());
        }
        loaded.map(drop)
    }
}
