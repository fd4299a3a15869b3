//! Sealing anew, so that an old key-encryption key can go.

use serde_json::json;

use super::seal::{Label, SealError};
use super::store;
use super::{Keyring, KeysError};
use crate::audit::{Actor, Event, EventKind};
use crate::caller::Caller;

impl Keyring {
    /// Seals every key under the first of `keys.encryption_keys` that is not yet; the answer is how
    /// many were. A key that is out of use, and that none of them opens, stays as it is.
    ///
    /// # Errors
    /// [`KeysError::Broken`] · [`KeysError::Db`]
    pub async fn rewrap(&self, actor: Actor, caller: &Caller) -> Result<usize, KeysError> {
        let mut change = self.changes.begin().await?;
        let mut count = 0;
        let rows = store::all(&mut change).await?;
        for row in rows
            .iter()
            .filter(|row| !self.sealer.is_current(&row.sealed))
        {
            let label = Label {
                kid: &row.kid,
                alg: &row.alg,
                purpose: &row.purpose,
            };
            let plain = match self.sealer.open(&label, &row.sealed) {
                Ok(plain) => plain,
                Err(SealError::UnknownKey) => continue,
                Err(error) => return Err(row.broken(error)),
            };
            let sealed = self.sealer.seal(&self.entropy, &label, &plain);
            count += usize::from(store::rewrap(&mut change, row, &sealed).await?);
        }
        let event = Event::new(EventKind::KeysRewrapped, actor).detail(json!({ "count": count }));
        match count {
            0 => change.undo(Ok::<_, KeysError>(())).await?,
            _ => change.commit(event, caller).await?,
        }
        self.load().await?;
        Ok(count)
    }
}
