//! What stands against guessing: how passwords are hashed, and how often anything may be asked.

use super::{Findings, Problem};
use crate::config::hashing;
use crate::config::secrets::decode_key;
use crate::config::{Limit, Rate, Settings};

impl Settings {
    /// The hashes of `throttle.front_end_hashes`, decoded.
    pub fn front_end_hashes(&self) -> Result<Vec<[u8; 32]>, Problem> {
        let hashes = self.throttle.front_end_hashes.iter();
        let hashes = hashes.map(|text| decode_key(text).map(|hash| *hash));
        hashes.collect::<Option<_>>().ok_or_else(|| Problem {
            key: "throttle.front_end_hashes",
            advice: "must be base64 of SHA-256 hashes: `printf %s \"$SECRET\" | openssl dgst \
                     -sha256 -binary | base64`"
                .into(),
        })
    }
}

pub(super) fn passwords(settings: &Settings, found: &mut Findings) {
    let passwords = &settings.passwords;
    found.expect(
        (8..=64).contains(&passwords.min_length),
        "passwords.min_length",
        "must be between 8 and 64 characters (NIST SP 800-63B-4)",
    );
    found.expect(
        passwords.queue_length > 0,
        "passwords.queue_length",
        "must be at least 1",
    );
    hashing::check(passwords, found);
    found.at_most(
        "throttle.base_delay",
        settings.throttle.base_delay,
        settings.throttle.max_delay,
        " (`throttle.max_delay`)",
    );
}

pub(super) fn limits(settings: &Settings, found: &mut Findings) {
    for limit in Limit::ALL {
        let advice = format!(
            "must be from 1 to {} in from 1s to 1d, or `none`",
            Rate::MAX_COUNT
        );
        found.expect(
            settings.limits.of(*limit).is_sound(),
            limit.setting(),
            advice,
        );
    }
    if let Err(problem) = settings.front_end_hashes() {
        found.push(problem);
    }
}
