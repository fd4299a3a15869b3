//! What only production asks for. Each rule stands for a way in which services like this one were
//! broken into or lost their users.

use std::time::Duration;

use super::check::{Findings, HOUR, MINUTE};
use super::issuer::Issuer;
use super::secrets::is_made_up;
use super::{Settings, transport};

pub(super) fn check(settings: &Settings, found: &mut Findings) {
    let public = Issuer::parse(&settings.issuer);
    found.expect(
        public.is_ok_and(|issuer| issuer.https && !issuer.is_local()),
        "issuer",
        "must be the https address that users reach, such as https://auth.example.com",
    );
    check_sealing(settings, found);
    let lite = settings.database.url.starts_with("sqlite:");
    found.expect(
        !(lite && settings.database.replicas > 1),
        "database.replicas",
        "must be 1 with SQLite: set `database.url` to a Postgres that all replicas reach",
    );
    found.expect(
        settings
            .throttle
            .trusted_proxies
            .iter()
            .all(|net| net.prefix_len() > 0),
        "throttle.trusted_proxies",
        "must not trust every address: name the networks of your proxies alone, or anybody \
         chooses the address that limits and logs see",
    );
    found.expect(
        !settings
            .front_end_hashes()
            .is_ok_and(|hashes| hashes.contains(&EMPTY)),
        "throttle.front_end_hashes",
        "must not hold the hash of nothing: make a secret with `openssl rand -base64 32`",
    );
    transport::check(settings, found);
    check_guessing(settings, found);
    found.expect(
        (settings.forward_auth.origins.iter()).all(|origin| origin.starts_with("https://")),
        "forward_auth.origins",
        "must begin with https://: whoever is on the way to another page could use the cookie",
    );
}

/// Where the password is the only factor (NIST SP 800-63B-4).
const MIN_LENGTH: usize = 15;
/// The most failures in a row that an account may have for free (NIST SP 800-63B-4, on rate limiting).
const MAX_FREE_FAILURES: u32 = 100;
/// The most that an address may have for free: many people can share one.
const MAX_FREE_OF_ADDRESS: u32 = 10_000;

/// A brake that is there by its name alone slows nobody down.
fn check_guessing(settings: &Settings, found: &mut Findings) {
    let (passwords, throttle) = (&settings.passwords, &settings.throttle);
    found.expect(
        passwords.allow_short || passwords.min_length >= MIN_LENGTH,
        "passwords.min_length",
        format!(
            "must be at least {MIN_LENGTH}, for the password is the only factor (NIST SP \
             800-63B-4); or set `passwords.allow_short = true`"
        ),
    );
    let why = ": guessing would begin anew after it";
    found.at_least("throttle.memory", throttle.memory, HOUR, why);
    let why = ": guessing would hardly be slower";
    found.at_least("throttle.max_delay", throttle.max_delay, MINUTE, why);
    let least = Duration::from_millis(100);
    found.at_least("throttle.base_delay", throttle.base_delay, least, why);
    for (key, free, most) in [
        (
            "throttle.account_failures",
            throttle.account_failures,
            MAX_FREE_FAILURES,
        ),
        (
            "throttle.address_failures",
            throttle.address_failures,
            MAX_FREE_OF_ADDRESS,
        ),
    ] {
        found.expect(free <= most, key, format!("must be at most {most}"));
    }
    found.expect(
        passwords.argon2_memory_kib >= 19_456,
        "passwords.argon2_memory_kib",
        "must be at least 19456 (OWASP)",
    );
    found.expect(
        passwords.argon2_iterations >= 2,
        "passwords.argon2_iterations",
        "must be at least 2 (OWASP)",
    );
}

/// SHA-256 of the empty text: what a variable that is not set is hashed to (FIPS 180-4).
const EMPTY: [u8; 32] = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

fn check_sealing(settings: &Settings, found: &mut Findings) {
    let key = "keys.encryption_keys";
    found.expect(
        !settings.keys.encryption_keys.is_empty(),
        key,
        "must be set: make a key with `openssl rand -base64 32` and keep it as a secret",
    );
    let sealing = settings.encryption_keys().unwrap_or_default();
    found.expect(
        !sealing.iter().any(is_made_up),
        key,
        "must be random and your own, not an example: make one with `openssl rand -base64 32`",
    );
}
