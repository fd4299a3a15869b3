//! Signing keys, and what seals them.

use std::time::Duration;

use super::{Findings, MINUTE, Problem};
use crate::config::durations::text;
use crate::config::secrets::{EncryptionKey, decode_key};
use crate::config::{Mode, Settings};

impl Settings {
    /// The keys of `keys.encryption_keys`, decoded; the first seals, all open.
    pub fn encryption_keys(&self) -> Result<Vec<EncryptionKey>, Problem> {
        let keys = self.keys.encryption_keys.iter().enumerate();
        keys.map(|(index, text)| {
            decode_key(text).ok_or_else(|| Problem {
                key: "keys.encryption_keys",
                advice: format!(
                    "number {} must be base64 of exactly 32 bytes: make one with \
                     `openssl rand -base64 32`",
                    index + 1
                ),
            })
        })
        .collect()
    }
}

/// Some verifiers fetch the key set no sooner than 15 minutes after the last time, whatever
/// `Cache-Control` says (lestrrat-go/jwx); and a minute as above.
const FLOOR: Duration = Duration::from_secs(16 * 60);

pub(super) fn check(settings: &Settings, found: &mut Findings) {
    let (keys, leeway) = (&settings.keys, settings.revocation.max_leeway);
    let size = [2048, 3072].contains(&keys.rsa_bits);
    found.expect(size, "keys.rsa_bits", "must be 2048 or 3072");
    // The minute is for replicas that load keys late and for clocks that differ.
    let (margin, floor, why) = match settings.mode {
        Mode::Production => (MINUTE, FLOOR, " and a minute, and 16 minutes"),
        Mode::Dev => (Duration::ZERO, Duration::ZERO, ""),
    };
    let least = keys.jwks_max_age.saturating_add(margin).max(floor);
    let why = format!(": `keys.jwks_max_age`{why}, so that verifiers know a key before it signs");
    found.at_least("keys.publish_ahead", keys.publish_ahead, least, &why);
    let spans = [settings.tokens.access_ttl, leeway, keys.jwks_max_age];
    let busy = spans
        .into_iter()
        .fold(keys.publish_ahead, Duration::saturating_add);
    found.expect(
        keys.rotation_interval > busy,
        "keys.rotation_interval",
        format!(
            "is {}, but must be more than {}: `keys.publish_ahead`, `tokens.access_ttl`, \
             `revocation.max_leeway` and `keys.jwks_max_age` together, so that one rotation \
             ends before the next",
            text(keys.rotation_interval),
            text(busy)
        ),
    );
    match settings.encryption_keys() {
        Err(problem) => found.push(problem),
        Ok(sealing) => {
            let zero = sealing.iter().any(|key| key.iter().all(|byte| *byte == 0));
            let double = (1..sealing.len()).any(|i| sealing[..i].contains(&sealing[i]));
            let key = "keys.encryption_keys";
            let advice = "must not hold a key of zeros: make one with `openssl rand -base64 32`";
            found.expect(!zero, key, advice);
            found.expect(
                !double,
                key,
                "must not hold a key twice: leave out the second",
            );
        }
    }
}
