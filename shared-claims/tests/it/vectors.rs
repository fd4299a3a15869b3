//! Other people's signatures.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use shared_claims::{KeySet, VerifyingKey, verify_jws};

use crate::support::{vectors, with};

// R1, R2, R3, R5, I24
#[test]
fn wycheproof_signatures() {
    let file = vectors("wycheproof/json_web_signature_test.json");
    let (mut verified, mut foreign) = (Vec::new(), Vec::new());
    let (mut exceptions, mut seen) = (Vec::new(), 0);
    for group in file["testGroups"].as_array().unwrap() {
        let key = group.get("public").unwrap_or(&group["private"]);
        let set = KeySet::from_json(json!({ "keys": [key] }).to_string().as_bytes());
        let ours = matches!(key["alg"].as_str(), Some("ES256" | "RS256"));
        assert_eq!(set.is_ok(), ours, "{}: {set:?}", group["comment"]);
        let set = set.unwrap_or_default();
        for test in group["tests"].as_array().unwrap() {
            seen += 1;
            let id = test["tcId"].as_u64().unwrap();
            let result = verify_jws(test["jws"].as_str().unwrap(), &set);
            match (result.map_err(|why| why.rule()), test["result"] == "valid") {
                (Ok(_), true) => verified.push(id),
                (Ok(_), false) => panic!("{id} is invalid and was accepted"),
                (Err("algorithm_not_allowed"), true) if !ours => foreign.push(id),
                (Err(_), true) => exceptions.push(id),
                (Err(_), false) => {}
            }
        }
    }
    assert_eq!(verified, [18, 33, 259, 260, 261, 262, 263, 345, 349, 378]);
    // These hold a `?`. Every other valid token of HS, PS, RS384 and so on is refused for its
    // algorithm, among them those whose labels contradict themselves. The README pins both.
    assert_eq!(exceptions, [372, 373]);
    assert!([346, 347, 350, 351].iter().all(|id| foreign.contains(id)));
    assert_eq!((seen, foreign.len()), (401, 34));
}

/// Checks a published JWS without a `kid` under the key it comes with.
fn verifies(key: &Value, algorithm: &str, jws: &str) -> bool {
    let named = with(
        key.clone(),
        &format!(r#"{{"alg":"{algorithm}","kid":"a"}}"#),
    );
    let key = VerifyingKey::from_jwk_json(named.as_bytes()).unwrap();
    let (input, signature) = jws.rsplit_once('.').unwrap();
    key.verify(
        input.as_bytes(),
        &URL_SAFE_NO_PAD.decode(signature).unwrap(),
    )
}

#[test]
fn rfc_7515_and_rfc_8037_examples() {
    let rfc = &vectors("rfc/rfc_vectors.json")["rfc7515"];
    for (name, algorithm) in [("A.2 RS256", "RS256"), ("A.3 ES256", "ES256")] {
        let jws = rfc[name]["jws"].as_str().unwrap();
        assert!(verifies(&rfc[name]["jwk"], algorithm, jws), "{name}");
        let tampered = jws.replacen(".eyJpc3Mi", ".eyJpc3Nj", 1);
        assert!(
            tampered != jws && !verifies(&rfc[name]["jwk"], algorithm, &tampered),
            "{name}"
        );
    }
    let keyless = |name: &str| verify_jws(rfc[name]["jws"].as_str().unwrap(), &KeySet::default());
    assert_eq!(
        keyless("A.1 HS256").unwrap_err().rule(),
        "algorithm_not_allowed"
    );
    assert_eq!(keyless("A.3 ES256").unwrap_err().rule(), "missing");
    assert_eq!(keyless("A.5 none").unwrap_err().rule(), "parts");

    // RFC 8037 A.4, whose key is published in private.
    let example = vectors("jose-cookbook/curve25519/jws.json");
    let key = with(example["input"]["key"].clone(), r#"{"d":null}"#);
    let jws = example["output"]["compact"].as_str().unwrap();
    assert!(verifies(&serde_json::from_str(&key).unwrap(), "EdDSA", jws));
}
