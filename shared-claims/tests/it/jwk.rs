//! Loading and publishing keys.

use serde_json::{Value, json};
use shared_claims::{Algorithm, Jwk, JwkError, JwkSet, KeySet, VerifyingKey};

use crate::support::{KEYS, vectors, with};

const ALL: [Algorithm; 3] = [Algorithm::ES256, Algorithm::RS256, Algorithm::EdDSA];

fn key(algorithm: Algorithm) -> Value {
    serde_json::to_value(KEYS.jwk(algorithm)).unwrap()
}

fn refused(json: &str) -> Option<JwkError> {
    VerifyingKey::from_jwk_json(json.as_bytes()).err()
}

// R6
#[test]
fn what_is_published_loads_again_and_holds_no_secret() {
    let set = JwkSet {
        keys: ALL.map(|algorithm| KEYS.jwk(algorithm)).to_vec(),
    };
    let json = serde_json::to_value(&set).unwrap();
    for jwk in json["keys"].as_array().unwrap() {
        let mut names: Vec<_> = jwk
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        names.sort_unstable();
        let expected: &[&str] = match jwk["kty"].as_str().unwrap() {
            "EC" => &["alg", "crv", "kid", "kty", "use", "x", "y"],
            "RSA" => &["alg", "e", "kid", "kty", "n", "use"],
            _ => &["alg", "crv", "kid", "kty", "use", "x"],
        };
        assert_eq!(names, expected);
        assert_eq!(jwk["use"], "sig");
    }
    let loaded = KeySet::from_json(json.to_string().as_bytes()).unwrap();
    assert_eq!(loaded.len(), 3);
    for algorithm in ALL {
        let key = loaded.get(&KEYS.kid(algorithm)).unwrap();
        assert_eq!(key.algorithm(), algorithm);
        assert!(key.verify(b"message", &KEYS.sign(algorithm, b"message")));
        assert!(!key.verify(b"massage", &KEYS.sign(algorithm, b"message")));
    }
}

/// Changes to a good key; `null` takes a member away.
#[rustfmt::skip]
fn rows() -> Vec<(Algorithm, &'static str, Option<JwkError>)> {
    use Algorithm::{ES256, EdDSA, RS256};
    use JwkError::*;
    vec![
        (ES256, r#"{}"#, None),
        (ES256, r#"{"use":null}"#, None),
        (ES256, r#"{"key_ops":["verify"],"x5t":"AA","ext":true}"#, None),
        (ES256, r#"{"use":"enc"}"#, Some(Use)),
        (ES256, r#"{"use":"SIG"}"#, Some(Use)),
        (ES256, r#"{"key_ops":["encrypt"]}"#, Some(Use)),
        (ES256, r#"{"key_ops":"verify"}"#, Some(Use)),
        (ES256, r#"{"key_ops":[]}"#, Some(Use)),
        (ES256, r#"{"alg":null}"#, Some(Missing("alg"))),
        (ES256, r#"{"alg":"none"}"#, Some(AlgorithmNotAllowed)),
        (ES256, r#"{"alg":"es256"}"#, Some(AlgorithmNotAllowed)),
        (ES256, r#"{"alg":"EdDSA"}"#, Some(AlgorithmMismatch)),
        (ES256, r#"{"alg":"RS256"}"#, Some(AlgorithmMismatch)),
        (ES256, r#"{"kty":"RSA"}"#, Some(AlgorithmMismatch)),
        (ES256, r#"{"kty":"OKP"}"#, Some(AlgorithmMismatch)),
        (ES256, r#"{"kty":null}"#, Some(Missing("kty"))),
        (ES256, r#"{"kty":"oct"}"#, Some(Secret("kty"))),
        (ES256, r#"{"crv":"P-384"}"#, Some(AlgorithmMismatch)),
        (ES256, r#"{"crv":null}"#, Some(AlgorithmMismatch)),
        (ES256, r#"{"kid":null}"#, Some(Missing("kid"))),
        (ES256, r#"{"kid":""}"#, Some(Missing("kid"))),
        (ES256, r#"{"kid":1}"#, Some(Missing("kid"))),
        (ES256, r#"{"d":"AA"}"#, Some(Secret("d"))),
        (ES256, r#"{"k":"AA"}"#, Some(Secret("k"))),
        (RS256, r#"{"p":"AA"}"#, Some(Secret("p"))),
        (RS256, r#"{"q":"AA"}"#, Some(Secret("q"))),
        (RS256, r#"{"dp":"AA"}"#, Some(Secret("dp"))),
        (RS256, r#"{"dq":"AA"}"#, Some(Secret("dq"))),
        (RS256, r#"{"qi":"AA"}"#, Some(Secret("qi"))),
        (RS256, r#"{"oth":[]}"#, Some(Secret("oth"))),
        (ES256, r#"{"y":null}"#, Some(Missing("y"))),
        (ES256, r#"{"x":"AAAA"}"#, Some(Encoding("x"))),
        (ES256, r#"{"x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"}"#, Some(NotAKey)),
        (ES256, r#"{"x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAF"}"#, Some(Encoding("x"))),
        (ES256, r#"{"x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE="}"#, Some(Encoding("x"))),
        (ES256, r#"{"x":"+AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"}"#, Some(Encoding("x"))),
        (EdDSA, r#"{"crv":"X25519"}"#, Some(AlgorithmMismatch)),
        (EdDSA, r#"{"x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#, Some(Encoding("x"))),
        (RS256, r#"{"e":"AQ"}"#, Some(RsaExponent)),
        (RS256, r#"{"e":"Ag"}"#, Some(RsaExponent)),
        (RS256, r#"{"e":"AAEAAQ"}"#, Some(Encoding("e"))),
        (RS256, r#"{"n":"AQAB"}"#, Some(RsaSize)),
    ]
}

// R1, R5, R6
#[test]
fn a_key_is_loaded_strictly() {
    for (algorithm, changes, expected) in rows() {
        let json = with(key(algorithm), changes);
        assert_eq!(refused(&json), expected, "{algorithm} {changes}");
    }
    let es256 = key(Algorithm::ES256).to_string();
    assert_eq!(
        refused(&format!(r#"{{"kid":"x",{}"#, &es256[1..])),
        Some(JwkError::DuplicateMember)
    );
    assert_eq!(refused(&format!("[{es256}]")), Some(JwkError::Malformed));
}

// R6
#[test]
fn a_set_skips_what_is_foreign_and_refuses_what_is_wrong() {
    let load = |keys: Value| KeySet::from_json(json!({ "keys": keys }).to_string().as_bytes());
    let es256 = key(Algorithm::ES256);
    let foreign = json!({"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"});
    let encrypting = json!({"kty": "RSA", "alg": "RSA-OAEP", "use": "enc", "n": "AA", "e": "AQAB"});
    let set = load(json!([foreign, es256, encrypting])).unwrap();
    assert_eq!(set.kids().collect::<Vec<_>>(), [KEYS.kid(Algorithm::ES256)]);

    let mut secret = foreign.clone();
    secret["d"] = "AA".into();
    let mut namesake = key(Algorithm::EdDSA);
    namesake["kid"] = es256["kid"].clone();
    for (keys, expected) in [
        (json!([es256, secret]), JwkError::Secret("d")),
        (
            json!([es256, {"kty": "oct", "alg": "HS256"}]),
            JwkError::Secret("kty"),
        ),
        (json!([es256, namesake]), JwkError::DuplicateKid),
        (json!([es256, es256]), JwkError::DuplicateKid),
        (json!([es256, "key"]), JwkError::Malformed),
        (json!({"0": es256}), JwkError::Malformed),
        (json!([foreign]), JwkError::NoUsableKey),
        (json!([]), JwkError::NoUsableKey),
    ] {
        assert_eq!(load(keys.clone()).err(), Some(expected), "{keys}");
    }
    let twice = format!(r#"{{"keys":[],"keys":[{es256}]}}"#);
    assert_eq!(
        KeySet::from_json(twice.as_bytes()).err(),
        Some(JwkError::DuplicateMember)
    );
}

// R5, R6, I24: of these vectors a loader of public ES256, RS256 and EdDSA keys takes one, tcId 5.
#[test]
fn wycheproof_keys() {
    let mut accepted = Vec::new();
    let mut seen = 0;
    for group in vectors("wycheproof/json_web_key_test.json")["testGroups"]
        .as_array()
        .unwrap()
    {
        let keys = group.get("public").unwrap_or(&group["private"]);
        let set = KeySet::from_json(keys.to_string().as_bytes());
        for test in group["tests"].as_array().unwrap() {
            seen += 1;
            if let Ok(set) = &set {
                shared_claims::verify_jws(test["jws"].as_str().unwrap(), set).unwrap();
                accepted.push(test["tcId"].as_u64().unwrap());
            }
        }
        // The same key in private is refused for that alone.
        let private = KeySet::from_json(group["private"].to_string().as_bytes());
        assert!(private.is_err(), "{}", group["comment"]);
        if group["comment"] == "jws_rsa_roca_key" {
            assert_eq!(set.err(), Some(JwkError::RsaWeak));
        }
    }
    assert_eq!((seen, accepted), (26, vec![5]));
}

// R6: RFC 7638 §3.1, and `kid` without regard to what the key calls itself
#[test]
fn thumbprints() {
    let rfc = vectors("rfc/rfc_vectors.json");
    let published = &rfc["rfc7638 3.1"];
    let jwk = Jwk::from_json(published["jwk"].to_string().as_bytes()).unwrap();
    assert_eq!(jwk.kid(), "2011-04-29");
    assert_eq!(jwk.thumbprint(), published["thumbprint"]);

    let computed = &rfc["thumbprint ES256 A.3 key (computed)"];
    let named = with(computed["jwk"].clone(), r#"{"alg":"ES256","kid":"a"}"#);
    assert_eq!(
        Jwk::from_json(named.as_bytes()).unwrap().thumbprint(),
        computed["thumbprint"]
    );

    // RFC 8037 A.3
    let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    let named = json!({"kty": "OKP", "crv": "Ed25519", "x": x, "alg": "EdDSA", "kid": "a"});
    let thumbprint = Jwk::from_json(named.to_string().as_bytes())
        .unwrap()
        .thumbprint();
    assert_eq!(thumbprint, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");

    for algorithm in ALL {
        let jwk = KEYS.jwk(algorithm);
        assert_eq!(jwk.kid(), jwk.thumbprint());
    }
    assert_eq!(Jwk::rs256(&[0, 0, 5], &[0, 3]), Jwk::rs256(&[5], &[3]));
}
