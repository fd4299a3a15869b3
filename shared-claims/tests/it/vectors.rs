//! Other people's signatures.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use shared_claims::{JwkError, KeySet, VerifyingKey, verify_jws};

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

// R1, R2, R3, R5, R6, I24: of these keys the loader takes the two public ones for signing, and of
// these tokens the verifier takes those two that are good and not of HS256
#[test]
fn wycheproof_crypto() {
    use JwkError::{RsaWeak, Secret};
    let file = vectors("wycheproof/json_web_crypto_test.json");
    let groups = file["testGroups"].as_array().unwrap();
    let mut good = Vec::new();
    for (group, expected) in std::iter::zip(
        groups,
        [
            ("jws_aes", Some(Secret("k"))),
            ("jws_ec", None),
            ("jws_rsa", None),
            ("jws_rsa_roca_key", Some(RsaWeak)),
            ("jws_mixedSymmetryKeyset", Some(Secret("k"))),
            ("jws_keyset", Some(Secret("k"))),
            ("jwe_aes", Some(Secret("k"))),
            ("jwe_ec", Some(Secret("d"))),
        ],
    ) {
        let load = |keys: &Value| {
            let list = keys.get("keys").cloned().unwrap_or_else(|| json!([keys]));
            KeySet::from_json(json!({ "keys": list }).to_string().as_bytes()).err()
        };
        let published = group.get("public").unwrap_or(&group["private"]);
        let told = (group["comment"].as_str().unwrap(), load(published));
        assert_eq!(told, expected);
        assert!(
            matches!(load(&group["private"]), Some(Secret(_))),
            "{told:?}"
        );
        good.extend(told.1.is_none().then_some(published));
    }
    let set = KeySet::from_json(json!({ "keys": good }).to_string().as_bytes()).unwrap();
    let tests = groups
        .iter()
        .flat_map(|group| group["tests"].as_array().unwrap());
    let (mut seen, mut accepted) = (0, Vec::new());
    for test in tests {
        seen += 1;
        let token = test.get("jws").or(test.get("jwe")).unwrap();
        // Some are objects, of the JSON serialisation.
        let token = token
            .as_str()
            .map_or_else(|| token.to_string(), str::to_owned);
        let id = test["tcId"].as_u64().unwrap();
        match verify_jws(&token, &set) {
            Ok((_, payload)) => accepted.push((id, payload)),
            Err(rejection) if test.get("jwe").is_some() => {
                let rule = rejection.rule();
                assert!(
                    ["parts", "forbidden_header"].contains(&rule),
                    "{id}: {rule}"
                );
            }
            Err(_) => {}
        }
    }
    assert_eq!(seen, 83);
    assert_eq!(accepted, [18, 33].map(|id| (id, b"foo".to_vec())));
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
