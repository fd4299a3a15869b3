//! A token of arbitrary bytes: whole, and as a header and a payload that are encoded first, so
//! that the fuzzer gets past base64url.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};
use shared_claims::{KeySet, Policy, verify, verify_jws};

/// The keys of RFC 7515 A.3, of RFC 7515 A.2 and of RFC 8037 A.2.
static KEYS: LazyLock<KeySet> =
    LazyLock::new(|| KeySet::from_json(include_bytes!("keys.json")).expect("these are sound keys"));
static POLICY: LazyLock<Policy> =
    LazyLock::new(|| Policy::new("https://auth.example.com", ["api"]));

fuzz_target!(|bytes: &[u8]| {
    let whole = String::from_utf8_lossy(bytes);
    refused(&whole);
    let mut parts = bytes.splitn(2, |byte| *byte == 0);
    let (header, payload) = (parts.next().unwrap_or(b""), parts.next().unwrap_or(b""));
    let signature = "A".repeat(86);
    let token = format!("{}.{}.{signature}", encoded(header), encoded(payload));
    refused(&token);
});

/// Nobody has signed anything with these keys but the RFCs, and those no access token.
fn refused(token: &str) {
    let now = 1_700_000_000;
    let rejection = verify::<Map<String, Value>>(token, &KEYS, &POLICY, now).expect_err("forged");
    assert!(!rejection.rule().is_empty());
    let _ = verify_jws(token, &KEYS);
}

fn encoded(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut word = [0; 4];
        word[1..=chunk.len()].copy_from_slice(chunk);
        let word = u32::from_be_bytes(word);
        for place in 0..=chunk.len() {
            let index = word >> (18 - 6 * place) & 63;
            text.push(char::from(ALPHABET[index as usize]));
        }
    }
    text
}
