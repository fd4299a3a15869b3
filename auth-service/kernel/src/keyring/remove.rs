//! Taking a key out in an emergency.

use serde_json::json;
use shared_claims::Kind;

use super::lifecycle::State;
use super::plan::name;
use super::store::{self, Row};
use super::{Keyring, KeysError, Purpose};
use crate::audit::{Actor, Event, EventKind};
use crate::caller::Caller;
use crate::db::DbError;

impl Keyring {
    /// Takes a key out at once: it is published no more, and nothing that it made counts, be it an
    /// access token or a refresh token. If it was the one that signs, the one that waits does from
    /// now on, for verifiers know it already; else a new one.
    ///
    /// # Errors
    /// [`KeysError::NotFound`] · [`KeysError::Db`]
    pub async fn remove(&self, kid: &str, actor: Actor, caller: &Caller) -> Result<(), KeysError> {
        self.remove_if(|row| row.kid == kid, actor, caller).await
    }

    /// As [`remove`](Self::remove), of signing keys alone: nobody is logged out by it.
    ///
    /// # Errors
    /// [`KeysError::NotFound`] · [`KeysError::Db`]
    pub async fn remove_signing(
        &self,
        kid: &str,
        actor: Actor,
        caller: &Caller,
    ) -> Result<(), KeysError> {
        let is_it = |row: &Row| row.kid == kid && row.purpose() == Purpose::Signing;
        self.remove_if(is_it, actor, caller).await
    }

    async fn remove_if(
        &self,
        is_it: impl Fn(&Row) -> bool,
        actor: Actor,
        caller: &Caller,
    ) -> Result<(), KeysError> {
        let now = self.clock.now();
        let rows = self.rows().await?;
        let removed = rows.iter().find(|row| is_it(row));
        let removed = removed.ok_or(KeysError::NotFound)?.clone();
        let kid = &*removed.kid;
        let mut left = store::of(&rows, removed.purpose());
        for row in left.iter_mut().filter(|row| row.kid == kid) {
            row.removed_at.get_or_insert(now);
        }
        let heir = self.heir(&left, &removed).await;
        let mut change = self.changes.begin().await?;
        if !store::remove(&mut change, kid, now).await? {
            return change.undo(Err(KeysError::NotFound)).await;
        }
        let is_in_place = match &heir {
            Some(heir) if left.iter().any(|row| row.kid == heir.kid) => {
                store::activate(&mut change, &heir.kid, now).await?;
                true
            }
            Some(heir) => store::insert(&mut change, heir).await?,
            None => true,
        };
        if !is_in_place {
            let why = DbError::Unavailable("another replica made a key meanwhile".into());
            return change.undo(Err(why.into())).await;
        }
        change.revoke(Kind::Kid, kid, None).await?;
        let event = Event::new(EventKind::KeyRemoved, actor).detail(json!({
            "kid": kid, "purpose": removed.purpose, "replaced_by": heir.map(|row| row.kid),
        }));
        change.commit(event, caller).await?;
        self.load().await?;
        Ok(())
    }

    /// The key that takes the place of the removed one, where no other of its algorithm signs: one
    /// that waits, or else a new one, unless its algorithm is not kept.
    async fn heir(&self, left: &[Row], removed: &Row) -> Option<Row> {
        let now = self.clock.now();
        let states = self.plan.states(left, now);
        let own: Vec<_> = std::iter::zip(left, states)
            .filter(|(row, _)| row.alg == removed.alg)
            .collect();
        if own
            .iter()
            .any(|(row, state)| *state == State::Active && row.active_at <= now)
        {
            return None;
        }
        let waits = |state| matches!(state, State::Next | State::Active);
        if let Some((row, _)) = own.iter().find(|(_, state)| waits(*state)) {
            return Some((*row).clone());
        }
        let slot = store::next_slot(left);
        if removed.purpose() == Purpose::Refresh {
            return Some(self.new_mac_key(slot, now));
        }
        let mut kept = self.plan.algorithms.iter();
        let algorithm = kept.find(|algorithm| name(algorithm) == removed.alg);
        match algorithm {
            Some(algorithm) => Some(self.new_signing_key(*algorithm, slot, now).await),
            None => None,
        }
    }
}
