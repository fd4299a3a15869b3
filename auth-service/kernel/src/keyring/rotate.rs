//! Making the next key, by schedule or by hand.

use serde_json::json;
use std::time::Duration;

use super::generate::{Generated, generate};
use super::lifecycle::State;
use super::plan::{MAC_AHEAD, MAC_ALGORITHM, name};
use super::seal::Label;
use super::store::{self, Row};
use super::{KeyInfo, Keyring, KeysError, Purpose};
use crate::audit::{Actor, Event, EventKind};
use crate::caller::Caller;
use crate::clock::Instant;
use crate::config::KeyAlgorithm;
use crate::db::DbError;
use crate::db::types::Json;
use crate::revocation::Revocations;

impl Keyring {
    /// Does what the schedule asks for now, then loads the keys. Every replica runs it, again and
    /// again; the slot is unique, so one of them makes the key.
    ///
    /// # Errors
    /// [`KeysError`]
    pub async fn tick(&self) -> Result<(), KeysError> {
        let caller = Caller::default();
        let rows = self.rows().await?;
        if store::of(&rows, Purpose::Refresh).is_empty() {
            let key = self.new_mac_key(1, self.clock.now());
            self.insert(key, Actor::System, &caller).await?;
        }
        let mut signing = store::of(&rows, Purpose::Signing);
        for algorithm in &self.plan.algorithms {
            let now = self.clock.now();
            if self.plan.is_due(&signing, *algorithm, now) {
                let active_at = self.plan.next_active_at(&signing, *algorithm, now);
                let slot = store::next_slot(&signing);
                let key = self.new_signing_key(*algorithm, slot, active_at).await;
                signing.push(key.clone());
                self.insert(key, Actor::System, &caller).await?;
            }
        }
        self.load().await?;
        Ok(())
    }

    /// Ticks for as long as the service runs: well within the time that verifiers keep a key set,
    /// and at once where a key was removed.
    pub async fn keep(&self, jwks_max_age: Duration, revocations: &Revocations) {
        let pause = (jwks_max_age / 10).clamp(Duration::from_secs(1), Duration::from_secs(10));
        loop {
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = revocations.keys_changed() => {}
            }
            if let Err(error) = self.tick().await {
                tracing::warn!(%error, "the keys could not be loaded");
            }
        }
    }

    /// Makes the next signing key of an algorithm now (of the one that signs access tokens, where
    /// none is named); it signs once every verifier can know it. Where one is waiting already, that
    /// one is the answer.
    ///
    /// # Errors
    /// [`KeysError`]
    pub async fn rotate(
        &self,
        algorithm: Option<KeyAlgorithm>,
        actor: Actor,
        caller: &Caller,
    ) -> Result<KeyInfo, KeysError> {
        let algorithm = algorithm.unwrap_or(self.plan.preferred());
        let (rows, now) = (
            store::of(&self.rows().await?, Purpose::Signing),
            self.clock.now(),
        );
        if !self.is_waiting(&rows, name(&algorithm), now) {
            let active_at = match self.plan.can_sign(&rows, now) {
                true => now.plus(self.plan.publish_ahead),
                false => now,
            };
            let slot = store::next_slot(&rows);
            let key = self.new_signing_key(algorithm, slot, active_at).await;
            self.insert(key, actor, caller).await?;
        }
        self.newest(Purpose::Signing, name(&algorithm)).await
    }

    /// Makes the next key of the refresh token's MAC now. It makes refresh tokens once every
    /// replica has loaded it; the one before is tried until the last session that it can know has
    /// ended, so that nobody is logged out. Where one is waiting already, that one is the answer.
    ///
    /// # Errors
    /// [`KeysError`]
    pub async fn rotate_refresh(
        &self,
        actor: Actor,
        caller: &Caller,
    ) -> Result<KeyInfo, KeysError> {
        let (rows, now) = (
            store::of(&self.rows().await?, Purpose::Refresh),
            self.clock.now(),
        );
        if !self.is_waiting(&rows, MAC_ALGORITHM, now) {
            let key = self.new_mac_key(store::next_slot(&rows), now.plus(MAC_AHEAD));
            self.insert(key, actor, caller).await?;
        }
        self.newest(Purpose::Refresh, MAC_ALGORITHM).await
    }

    fn is_waiting(&self, rows: &[Row], alg: &str, now: Instant) -> bool {
        let states = self.plan.states(rows, now);
        std::iter::zip(rows, states).any(|(row, state)| row.alg == alg && state == State::Next)
    }

    async fn newest(&self, purpose: Purpose, alg: &str) -> Result<KeyInfo, KeysError> {
        self.load().await?;
        let keys = self.list(purpose).await?;
        let own = keys.into_iter().rfind(|key| key.alg == alg);
        own.ok_or(KeysError::NoActiveKey)
    }

    pub(super) async fn new_signing_key(
        &self,
        algorithm: KeyAlgorithm,
        slot: i64,
        active_at: Instant,
    ) -> Row {
        let (bits, entropy) = (self.plan.rsa_bits, self.entropy.clone());
        let make = move || generate(algorithm, bits, &entropy);
        let Generated { jwk, pkcs8 } = tokio::task::spawn_blocking(make)
            .await
            .expect("making a key does not panic");
        let kid = jwk.kid().to_owned();
        let mut row = self.seal(Purpose::Signing, kid, name(&algorithm), &pkcs8);
        (row.slot, row.active_at) = (slot, active_at);
        row.ends_at = Some(self.plan.ends_at(active_at));
        row.public_jwk = Some(Json(json!(jwk)));
        row
    }

    pub(super) fn new_mac_key(&self, slot: i64, active_at: Instant) -> Row {
        let kid = self.entropy.uuid().to_string();
        let secret = zeroize::Zeroizing::new(self.entropy.bytes::<32>());
        let mut row = self.seal(Purpose::Refresh, kid, MAC_ALGORITHM, secret.as_slice());
        (row.slot, row.active_at) = (slot, active_at);
        row
    }

    fn seal(&self, purpose: Purpose, kid: String, alg: &str, secret: &[u8]) -> Row {
        let label = Label {
            kid: &kid,
            alg,
            purpose: purpose.as_str(),
        };
        let now = self.clock.now();
        Row {
            sealed: self.sealer.seal(&self.entropy, &label, secret),
            purpose: purpose.as_str().to_owned(),
            slot: 1,
            alg: alg.to_owned(),
            public_jwk: None,
            created_at: now,
            active_at: now,
            ends_at: None,
            removed_at: None,
            kid,
        }
    }

    /// Inserts the key, unless another replica was first.
    async fn insert(&self, row: Row, actor: Actor, caller: &Caller) -> Result<(), DbError> {
        let mut change = self.changes.begin().await?;
        if !store::insert(&mut change, &row).await? {
            return change.undo(Ok(())).await;
        }
        let event = Event::new(EventKind::KeyCreated, actor).detail(json!({
            "kid": row.kid, "alg": row.alg, "purpose": row.purpose, "active_at": row.active_at,
        }));
        change.commit(event, caller).await
    }
}
