//! A JWK Set of arbitrary bytes: what is loaded bears distinct names and writes itself again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use shared_claims::{Jwk, KeySet};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(set) = KeySet::from_json(bytes) {
        assert!(!set.is_empty());
        assert!(
            set.kids()
                .all(|kid| set.get(kid).is_some_and(|key| key.kid() == kid))
        );
    }
    if let Ok(jwk) = Jwk::from_json(bytes) {
        let written = serde_json::to_vec(&jwk).expect("a JWK is plain JSON");
        let again = Jwk::from_json(&written).expect("what we write we can read");
        assert_eq!(jwk.thumbprint(), again.thumbprint());
    }
});
