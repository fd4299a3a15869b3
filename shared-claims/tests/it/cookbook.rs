//! The examples of RFC 7520, RFC 7797 and RFC 8037, and that no file of vectors goes unread.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};
use shared_claims::{JwkError, KeySet, VerifyingKey, verify_jws};

use crate::support::{VECTORS, vectors, with};

/// What each key of RFC 7520 §3 is refused for as it stands, and as one for `alg`.
#[rustfmt::skip]
const KEYS: [(&str, &str, JwkError, Option<JwkError>); 6] = [
    ("3_1.ec_public_key.json", "ES256", JwkError::Missing("alg"), Some(JwkError::AlgorithmMismatch)),
    ("3_2.ec_private_key.json", "ES256", JwkError::Secret("d"), Some(JwkError::Secret("d"))),
    ("3_3.rsa_public_key.json", "RS256", JwkError::Missing("alg"), None),
    ("3_4.rsa_private_key.json", "RS256", JwkError::Secret("d"), Some(JwkError::Secret("d"))),
    ("3_5.symmetric_key_mac_computation.json", "HS256", JwkError::Secret("k"), Some(JwkError::Secret("k"))),
    ("3_6.symmetric_key_encryption.json", "A256GCM", JwkError::Secret("k"), Some(JwkError::Secret("k"))),
];

/// What each example says in compact serialisation; `none` where it has none.
#[rustfmt::skip]
const SIGNATURES: [(&str, &str); 12] = [
    ("jws/4_1.rsa_v15_signature.json", "ok"),
    ("jws/4_2.rsa-pss_signature.json", "algorithm_not_allowed"),
    ("jws/4_3.ecdsa_signature.json", "algorithm_not_allowed"), // ES512
    ("jws/4_4.hmac-sha2_integrity_protection.json", "algorithm_not_allowed"),
    ("jws/4_5.signature_with_detached_content.json", "algorithm_not_allowed"), // HS256
    ("jws/4_6.protecting_specific_header_fields.json", "none"),
    ("jws/4_7.protecting_content_only.json", "none"),
    ("jws/4_8.multiple_signatures.json", "none"),
    ("rfc7797/4.2.hmac-sha2_b64_false.json", "none"),
    ("rfc7797/hmac-sha2_b64_false.json", "alphabet"), // a payload in clear
    ("curve25519/ecdh-es.json", "parts"), // a JWE
    ("curve25519/jws.json", "missing"), // a `kid`; its signature is checked in `vectors`
];

/// What other tests read, and the schemas of it, which nobody needs to.
const ELSEWHERE: [&str; 8] = [
    "rfc/rfc_vectors.json",
    "wycheproof/json_web_crypto_common.schema.json",
    "wycheproof/json_web_crypto_schema_v1.schema.json",
    "wycheproof/json_web_crypto_test.json",
    "wycheproof/json_web_key_schema_v1.schema.json",
    "wycheproof/json_web_key_test.json",
    "wycheproof/json_web_signature_schema_v1.schema.json",
    "wycheproof/json_web_signature_test.json",
];

fn key(name: &str) -> Value {
    vectors(&format!("jose-cookbook/jwk/{name}"))
}

fn load(json: &str) -> Option<JwkError> {
    VerifyingKey::from_jwk_json(json.as_bytes()).err()
}

// R1, R6
#[test]
fn the_keys_of_rfc_7520() {
    for (name, alg, as_it_is, for_signing) in KEYS {
        assert_eq!(load(&key(name).to_string()), Some(as_it_is), "{name}");
        let labelled = with(key(name), &json!({ "alg": alg }).to_string());
        assert_eq!(load(&labelled), for_signing, "{name} for {alg}");
    }
}

// R1, R3: compact serialisation alone, and of the algorithms ours alone
#[test]
fn the_signatures_of_rfc_7520_rfc_7797_and_rfc_8037() {
    let rs256 = with(key("3_3.rsa_public_key.json"), r#"{"alg":"RS256"}"#);
    let keys = KeySet::from_json(format!(r#"{{"keys":[{rs256}]}}"#).as_bytes()).unwrap();
    let rule = |token: &str| match verify_jws(token, &keys) {
        Ok(_) => "ok",
        Err(rejection) => rejection.rule(),
    };
    for (name, expected) in SIGNATURES {
        let example = vectors(&format!("jose-cookbook/{name}"));
        let compact = example["output"]["compact"].as_str();
        assert_eq!(compact.map_or("none", rule), expected, "{name}");
        for form in ["json", "json_flat"] {
            if let Some(object) = example["output"].get(form) {
                assert_eq!(rule(&object.to_string()), "parts", "{name} as {form}");
            }
        }
    }
    let example = vectors("jose-cookbook/jws/4_1.rsa_v15_signature.json");
    let token = example["output"]["compact"].as_str().unwrap();
    let (header, payload) = verify_jws(token, &keys).unwrap();
    assert_eq!(Value::from(header), example["signing"]["protected"]);
    assert_eq!(
        payload,
        example["input"]["payload"].as_str().unwrap().as_bytes()
    );
    let detached = token.split('.').enumerate();
    let detached: Vec<_> = detached
        .map(|(at, part)| if at == 1 { "" } else { part })
        .collect();
    assert_eq!(rule(&detached.join(".")), "signature");
}

fn files(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "json") {
            let name = path.strip_prefix(VECTORS).unwrap();
            found.insert(name.to_str().unwrap().to_owned());
        }
    }
}

#[test]
fn no_vector_goes_unread() {
    let mut found = BTreeSet::new();
    files(Path::new(VECTORS), &mut found);
    let keys = KEYS.map(|row| format!("jose-cookbook/jwk/{}", row.0));
    let signatures = SIGNATURES.map(|row| format!("jose-cookbook/{}", row.0));
    let mut read: BTreeSet<_> = ELSEWHERE.map(str::to_owned).into();
    read.extend(keys.into_iter().chain(signatures));
    assert_eq!(found, read);

    // Of the RFCs' own file, PKCE and DPoP are of what is not built yet.
    let rfc = vectors("rfc/rfc_vectors.json");
    let parts: Vec<_> = rfc.as_object().unwrap().keys().collect();
    let known = [
        "note",
        "rfc7515",
        "rfc7636 B",
        "rfc7638 3.1",
        "rfc9449 ath",
        "thumbprint ES256 A.3 key (computed)",
    ];
    assert_eq!(parts, known);
}
