//! A JWK Set of arbitrary bytes: what is loaded bears distinct names, holds no secret, writes
//! itself again, is what another library reads, and verifies nothing that nobody signed.

#![no_main]

use jsonwebtoken::jwk::{Jwk as TheirJwk, ThumbprintHash};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use shared_claims::{Jwk, KeySet, VerifyingKey};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(set) = KeySet::from_json(bytes) {
        loaded_set(&set, &serde_json::from_slice(bytes).expect("a set is JSON"));
    }
    if let Ok(jwk) = Jwk::from_json(bytes) {
        loaded_key(&jwk);
    }
});

fn loaded_set(set: &KeySet, raw: &Value) {
    const SECRET: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
    let raw = raw["keys"].as_array().expect("a list");
    assert!(!set.is_empty() && set.len() <= raw.len());
    assert!(raw.iter().all(|key| SECRET.iter().all(|name| key.get(name).is_none())));
    for kid in set.kids() {
        let key = set.get(kid).expect("what it names it holds");
        assert_eq!(key.kid(), kid);
        let named = |raw: &&Value| raw["kid"] == kid && raw["alg"] == key.algorithm().name();
        assert_eq!(raw.iter().filter(named).count(), 1);
        signs_nothing(key);
    }
}

fn loaded_key(jwk: &Jwk) {
    let written = serde_json::to_vec(jwk).expect("a JWK is plain JSON");
    let again = Jwk::from_json(&written).expect("what we write we can read");
    assert_eq!(*jwk, again);
    let theirs: TheirJwk = serde_json::from_slice(&written).expect("and so can others");
    let thumbprint = theirs.thumbprint(ThumbprintHash::SHA256);
    assert_eq!(jwk.thumbprint(), thumbprint.expect("a thumbprint"));
    if let Ok(key) = VerifyingKey::new(jwk) {
        signs_nothing(&key);
    }
}

/// Signatures that need no private key: of zeros, and the one that is good under a key of small
/// order.
fn signs_nothing(key: &VerifyingKey) {
    let mut signature = vec![0; key.signature_len()];
    assert!(!key.verify(b"message", &signature));
    signature[0] = 1;
    assert!((0..4).all(|message| !key.verify(&[message], &signature)));
    assert!(!key.verify(b"message", &signature[1..]));
}
