//! `/.well-known/jwks.json`

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kernel::config::KeyAlgorithm;
use serde_json::Value;

use crate::support::{Backend, Service, both};

const PATH: &str = "/.well-known/jwks.json";

both! {
    // R6
    async fn the_key_set_can_be_kept_and_asked_for_by_its_etag(backend: Backend) {
        let service = Service::start(backend).await;
        let first = service.get(PATH).await;
        assert_eq!(first.status, 200);
        assert_eq!(first.header("content-type"), "application/jwk-set+json");
        assert_eq!(first.header("cache-control"), "public, max-age=600");
        let etag = first.header("etag").to_owned();
        assert!(etag.starts_with('"') && etag.ends_with('"') && etag.len() > 10, "{etag}");

        let lists = [etag.clone(), format!("W/{etag}"), "*".into(), format!("\"other\" ,W/{etag},\"more\"")];
        for known in lists {
            let answer = service.with("if-none-match", &known).get(PATH).await;
            assert_eq!((answer.status, answer.text.as_str()), (304, ""), "{known}");
            assert_eq!(answer.header("etag"), etag);
            assert_eq!(answer.header("cache-control"), "public, max-age=600");
        }
        let two_lines = service.with("if-none-match", "\"other\"").with("if-none-match", &etag);
        assert_eq!(two_lines.get(PATH).await.status, 304);
        for unknown in ["\"other\"", "", "\"*\"", etag.trim_matches('"')] {
            let answer = service.with("if-none-match", unknown).get(PATH).await;
            assert_eq!((answer.status, answer.text.as_str()), (200, first.text.as_str()), "{unknown}");
        }

        let admin = service.admin().await;
        let next = service.bearer(&admin.access).post("/v1/admin/keys/rotate", Value::Null).await;
        assert_eq!(next.status, 200, "{}", next.text);
        let after = service.with("if-none-match", &etag).get(PATH).await;
        assert_eq!(after.status, 200, "another key: another set");
        assert_ne!(after.header("etag"), etag);
    }
}

/// RFC 7638 §3, written down anew: the members that make the key, sorted, without a space.
fn thumbprint(key: &Value) -> String {
    let required: &[&str] = match key["kty"].as_str() {
        Some("EC") => &["crv", "kty", "x", "y"],
        Some("RSA") => &["e", "kty", "n"],
        _ => &["crv", "kty", "x"],
    };
    let members: BTreeMap<&str, &Value> =
        required.iter().map(|name| (*name, &key[*name])).collect();
    let json = serde_json::to_vec(&members).expect("plain JSON");
    URL_SAFE_NO_PAD.encode(digest(&SHA256, &json))
}

async fn publishes(algorithm: KeyAlgorithm, bits: u32, members: &[&str], name: &str) {
    let change = |settings: &mut kernel::config::Settings| {
        settings.keys.algorithm = algorithm;
        settings.keys.rsa_bits = bits;
    };
    let service = Service::with(Backend::Sqlite, change).await;
    let set = service.get(PATH).await.body;
    let names: Vec<&String> = set.as_object().expect("an object").keys().collect();
    assert_eq!(names, ["keys"]);
    let [key] = set["keys"].as_array().expect("a list").as_slice() else {
        panic!("one key: {set}")
    };
    // R6: exactly these, so never one of the private members d, p, q, dp, dq, qi, oth and k.
    let names: Vec<&String> = key.as_object().expect("an object").keys().collect();
    assert_eq!(names, members);
    assert_eq!((&key["use"], &key["alg"]), (&"sig".into(), &name.into()));
    assert_eq!(key["kid"], thumbprint(key).as_str());
    let token = service.signup("ada@example.org").await.access;
    assert_eq!(super::kid_of(&token), thumbprint(key));
    if let Some(modulus) = key["n"].as_str() {
        let modulus = URL_SAFE_NO_PAD.decode(modulus).expect("base64url");
        assert_eq!((modulus.len() * 8) as u32, bits, "R5");
        assert!(modulus[0] >= 0x80);
    }
}

// R5, R6
#[tokio::test(flavor = "multi_thread")]
async fn a_published_key_has_its_public_members_and_no_other() {
    let ec = ["alg", "crv", "kid", "kty", "use", "x", "y"];
    let okp = ["alg", "crv", "kid", "kty", "use", "x"];
    let rsa = ["alg", "e", "kid", "kty", "n", "use"];
    tokio::join!(
        publishes(KeyAlgorithm::ES256, 2048, &ec, "ES256"),
        publishes(KeyAlgorithm::EdDSA, 2048, &okp, "EdDSA"),
        publishes(KeyAlgorithm::RS256, 2048, &rsa, "RS256"),
        publishes(KeyAlgorithm::RS256, 3072, &rsa, "RS256"),
    );
}

// I10, RFC 8414: what it names is the issuer's, whatever the request says, and works
#[tokio::test(flavor = "multi_thread")]
async fn the_metadata_names_what_works_and_nothing_else() {
    let service = Service::start(Backend::Sqlite).await;
    let liar = service
        .with("host", "evil.example")
        .with("x-forwarded-host", "evil.example");
    for path in [
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
    ] {
        let answer = liar.get(path).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, "application/json")
        );
        assert_eq!(answer.header("cache-control"), "public, max-age=600");
        let metadata = answer.body.as_object().expect("an object");
        assert_eq!(metadata["issuer"], service.ctx.settings.issuer.as_str());
        assert!(!answer.text.contains("evil"), "{}", answer.text);
        for (name, value) in metadata {
            let list = value.as_array().is_some_and(Vec::is_empty);
            let link = value
                .as_str()
                .and_then(|link| link.strip_prefix(&service.ctx.settings.issuer));
            match link {
                None if name == "id_token_signing_alg_values_supported" => {
                    assert_eq!(value, &serde_json::json!(["ES256"]));
                }
                None => assert!(list, "{name}: {value} is neither a link nor empty"),
                Some("") => assert_eq!(name, "issuer"),
                Some(path) => {
                    let status = service.get(path).await.status;
                    assert!(
                        (200..400).contains(&status),
                        "{name}: {path} is answered {status}"
                    );
                }
            }
        }
    }
}
