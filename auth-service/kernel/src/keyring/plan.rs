//! What the settings say of keys: which are kept alive, for how long each signs and is published.

use std::time::Duration;

use super::Purpose;
use super::lifecycle::{self, State, Times};
use super::store::Row;
use crate::clock::Instant;
use crate::config::{KeyAlgorithm, Settings, TokenType};

/// The algorithm of the refresh token's MAC (RFC 7518 §3.2).
pub(super) const MAC_ALGORITHM: &str = "HS256";

/// How long a key of the refresh token's MAC waits before it makes one: by then every replica that
/// is ready has loaded it.
pub(super) const MAC_AHEAD: Duration = Duration::from_secs(2 * 60);

/// The plan that every replica of these settings follows.
pub(super) struct Plan {
    /// Algorithms of signing keys that are kept alive; the first signs access tokens.
    pub algorithms: Vec<KeyAlgorithm>,
    pub rsa_bits: u32,
    /// What the access tokens that a key signs say that they are.
    pub typ: TokenType,
    pub rotation_interval: Duration,
    pub publish_ahead: Duration,
    /// How long a signing key stays published after it stopped signing.
    overlap: Duration,
    /// How long a key of the MAC is tried after it stopped making them: the longest life of a
    /// session.
    mac_overlap: Duration,
}

impl Plan {
    pub(super) fn of(settings: &Settings) -> Self {
        let keys = &settings.keys;
        let mut algorithms = vec![keys.algorithm];
        for further in &keys.further_algorithms {
            if !algorithms.contains(further) {
                algorithms.push(*further);
            }
        }
        Self {
            algorithms,
            rsa_bits: keys.rsa_bits,
            typ: settings.tokens.typ,
            rotation_interval: keys.rotation_interval,
            publish_ahead: keys.publish_ahead,
            overlap: settings.tokens.access_ttl
                + settings.revocation.max_leeway
                + keys.jwks_max_age,
            mac_overlap: settings.refresh.absolute_ttl,
        }
    }

    /// The algorithm that signs access tokens.
    pub(super) fn preferred(&self) -> KeyAlgorithm {
        self.algorithms[0]
    }

    /// The state of each row of one purpose.
    pub(super) fn states(&self, rows: &[Row], now: Instant) -> Vec<State> {
        let times: Vec<_> = rows.iter().map(Row::times).collect();
        let overlap = match rows.first().map(Row::purpose) {
            Some(Purpose::Refresh) => self.mac_overlap,
            _ => self.overlap,
        };
        lifecycle::states(&times, now, overlap)
    }

    /// Whether the next key of an algorithm is to be made now.
    pub(super) fn is_due(&self, rows: &[Row], algorithm: KeyAlgorithm, now: Instant) -> bool {
        let none_signs = algorithm == self.preferred() && !self.can_sign(rows, now);
        let own: Vec<Times> = rows
            .iter()
            .filter(|row| row.alg == name(&algorithm))
            .map(Row::times)
            .collect();
        none_signs || lifecycle::is_due(&own, now, self.rotation_interval, self.publish_ahead)
    }

    /// When the next key of an algorithm is to sign. It waits until every verifier can know it; but
    /// where none can sign, as at the very first start, it does at once.
    pub(super) fn next_active_at(
        &self,
        rows: &[Row],
        algorithm: KeyAlgorithm,
        now: Instant,
    ) -> Instant {
        let published = now.plus(self.publish_ahead);
        let newest = rows
            .iter()
            .rfind(|row| row.removed_at.is_none() && row.alg == name(&algorithm));
        match newest {
            _ if !self.can_sign(rows, now) => now,
            Some(newest) => {
                let turn = newest.times();
                published.max(turn.turns_at(self.rotation_interval))
            }
            None => published,
        }
    }

    /// When a key stops that begins then and that none of its algorithm succeeds. Its successor, made
    /// by any replica whose settings keep the algorithm, has taken over by then.
    pub(super) fn ends_at(&self, active_at: Instant) -> Instant {
        active_at.plus(self.rotation_interval + self.publish_ahead)
    }

    /// Whether any of the signing keys signs now.
    pub(super) fn can_sign(&self, rows: &[Row], now: Instant) -> bool {
        self.states(rows, now).contains(&State::Active)
    }
}

/// The JWS name of an algorithm (RFC 7518 §3.1, RFC 8037 §3.1).
pub(super) fn name(algorithm: &KeyAlgorithm) -> &'static str {
    match algorithm {
        KeyAlgorithm::ES256 => "ES256",
        KeyAlgorithm::RS256 => "RS256",
        KeyAlgorithm::EdDSA => "EdDSA",
    }
}
