//! What comes out of a good token, and what a client is told of a bad one.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use shared_claims::{Algorithm, Audience, Claims, Policy, RESERVED, Rejection, verify};
use shared_claims::{verify_jws, verify_with_key};

use crate::support::{KEYS, NOW, good_claims, policy, with};

#[test]
fn claims_come_out_as_they_went_in_and_the_key_with_them() {
    let token = KEYS.good(Algorithm::EdDSA);
    let (claims, key) =
        verify_with_key::<Map<String, Value>>(&token, &KEYS.set, &policy(), NOW).unwrap();
    assert_eq!(key.kid(), KEYS.kid(Algorithm::EdDSA));
    assert_eq!(
        claims.custom,
        *json!({"team": {"id": 7}}).as_object().unwrap()
    );
    assert!(claims.has_scope("read") && claims.has_scope("write"));
    assert!(!claims.has_scope("rea") && !claims.has_scope("read write") && !claims.has_scope(""));
    assert!(claims.has_role("editor") && !claims.has_role("Editor"));
    assert_eq!(serde_json::to_value(&claims).unwrap(), good_claims());
}

#[test]
fn custom_claims_may_have_a_type() {
    #[derive(Deserialize)]
    struct Custom {
        team: Team,
    }
    #[derive(Deserialize)]
    struct Team {
        id: u32,
    }
    #[derive(Debug, Deserialize)]
    struct Other {
        #[serde(rename = "team")]
        _team: u32,
    }
    let token = KEYS.good(Algorithm::ES256);
    let claims: Claims<Custom> = verify(&token, &KEYS.set, &policy(), NOW).unwrap();
    assert_eq!(claims.custom.team.id, 7);
    let other = verify::<Other>(&token, &KEYS.set, &policy(), NOW);
    assert_eq!(other.unwrap_err(), Rejection::ClaimsMalformed);
}

#[test]
fn absent_claims_are_left_out_and_every_written_name_is_reserved() {
    let mut claims: Claims = serde_json::from_value(json!({
        "iss": "i", "sub": "s", "aud": "api", "exp": 2, "iat": 1, "jti": "j", "client_id": "c",
    }))
    .unwrap();
    assert_eq!(claims.aud, Audience(vec!["api".into()]));
    let least = json!({
        "iss": "i", "sub": "s", "aud": ["api"], "exp": 2, "iat": 1, "jti": "j", "client_id": "c",
    });
    assert_eq!(serde_json::to_value(&claims).unwrap(), least);

    assert!(!claims.has_scope(""));

    claims.nbf = Some(1);
    claims.sid = Some("d".into());
    claims.scope = "read".into();
    claims.roles = vec!["editor".into()];
    claims.auth_time = Some(1);
    claims.amr = vec!["pwd".into()];
    claims.ver = Some(1);
    claims.email = Some("a@example.com".into());
    claims.email_verified = Some(true);
    let all = serde_json::to_value(&claims).unwrap();
    assert_eq!(all.as_object().unwrap().len(), 16);
    for name in all.as_object().unwrap().keys() {
        assert!(RESERVED.contains(&name.as_str()), "{name}");
    }
    for name in ["nbf", "cnf", "nonce", "azp", "events", "act"] {
        assert!(RESERVED.contains(&name), "{name}");
    }
}

// R7
#[test]
fn the_policy_decides_leeway_size_and_audience() {
    let token = KEYS.good(Algorithm::ES256);
    let rule = |policy: &Policy, now| {
        verify::<Map<String, Value>>(&token, &KEYS.set, policy, now).map_err(|why| why.rule())
    };
    let strict = Policy {
        leeway: Duration::ZERO,
        ..policy()
    };
    assert!(rule(&policy(), NOW + 609).is_ok());
    assert_eq!(rule(&strict, NOW + 600), Err("expired"));
    assert!(rule(&strict, NOW + 599).is_ok());
    assert_eq!(rule(&strict, NOW - 1), Err("issued_in_future"));
    let short = Policy {
        max_token_bytes: token.len() - 1,
        ..policy()
    };
    assert_eq!(rule(&short, NOW), Err("too_long"));
    let second = Policy {
        audience: vec!["api-0".into(), "api".into()],
        ..policy()
    };
    assert!(rule(&second, NOW).is_ok());
    let nobody = Policy {
        audience: Vec::new(),
        ..policy()
    };
    assert_eq!(rule(&nobody, NOW), Err("audience"));
}

#[test]
fn a_client_learns_only_that_a_token_expired() {
    let unknown = Rejection::UnknownKey {
        kid: "secret".into(),
    };
    for rejection in [
        unknown,
        Rejection::Signature,
        Rejection::Missing("sub"),
        Rejection::Issuer,
    ] {
        assert_eq!(rejection.to_string(), "the token is not valid");
    }
    assert_eq!(Rejection::Expired.to_string(), "the token has expired");
}

#[test]
fn the_signature_layer_hands_out_header_and_payload() {
    let token = KEYS.token(
        Algorithm::ES256,
        &KEYS.header(Algorithm::ES256).to_string(),
        "not even JSON",
    );
    let (header, payload) = verify_jws(&token, &KEYS.set).unwrap();
    assert_eq!(Value::Object(header), KEYS.header(Algorithm::ES256));
    assert_eq!(payload, b"not even JSON");
}

// R4: an old service's `JWT` counts where that was asked for, and nothing else does.
#[test]
fn the_type_jwt_counts_only_where_it_was_asked_for() {
    let lenient = Policy {
        accept_typ_jwt: true,
        ..policy()
    };
    for (typ, strictly, leniently) in [
        (json!("at+jwt"), None, None),
        (json!("JWT"), Some("type"), None),
        (json!("jwt"), Some("type"), None),
        (json!("application/JWT"), Some("type"), None),
        (json!("id+jwt"), Some("type"), Some("type")),
        (json!("logout+jwt"), Some("type"), Some("type")),
        (json!(""), Some("type"), Some("type")),
        (json!(["JWT"]), Some("type"), Some("type")),
        (Value::Null, Some("type"), Some("type")),
    ] {
        let header = with(
            KEYS.header(Algorithm::ES256),
            &json!({ "typ": typ }).to_string(),
        );
        let token = KEYS.token(Algorithm::ES256, &header, &good_claims().to_string());
        for (policy, expected) in [(policy(), strictly), (lenient.clone(), leniently)] {
            let judged = verify::<Map<String, Value>>(&token, &KEYS.set, &policy, NOW);
            assert_eq!(judged.err().map(|why| why.rule()), expected, "{typ}");
        }
    }
}
