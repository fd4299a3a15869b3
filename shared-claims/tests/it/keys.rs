//! Keys: fetched when they must be, no oftener, and used no longer than they may.

use std::time::Duration;

use serde_json::json;
use shared_claims::{Algorithm, BuildError, Freshness, Refusal, Rejection, Revocations, Verifier};

use crate::issuer::{Issuer, clock, eventually, jwks};
use crate::support::{ISSUER, KEYS, NOW, good_claims, with};

const MINUTE: Duration = Duration::from_secs(60);

async fn rule(verifier: &Verifier, token: &str) -> &'static str {
    match verifier.verify(token, Freshness::Strict).await {
        Ok(_) => "ok",
        Err(refusal) => refusal.rule(),
    }
}

/// A token that lives long, signed with a key that a header names.
fn token(algorithm: Algorithm, kid: &str) -> String {
    let header = with(KEYS.header(algorithm), &json!({ "kid": kid }).to_string());
    let claims = with(good_claims(), &format!(r#"{{"exp":{}}}"#, NOW + 1_000_000));
    KEYS.token(algorithm, &header, &claims)
}

fn own(algorithm: Algorithm) -> String {
    token(algorithm, &KEYS.kid(algorithm))
}

// L7
#[tokio::test]
async fn ten_thousand_unknown_names_cause_one_fetch_a_cool_down() {
    let (issuer, clock) = (Issuer::start().await, clock());
    let builder = issuer.builder(&clock).revocations(Revocations::None);
    let verifier = builder.build().await.unwrap();
    let good = own(Algorithm::ES256);
    assert_eq!(issuer.state().fetches, 1);
    clock.advance(MINUTE);
    for batch in 0..100 {
        let junk = (0..100).map(|n| token(Algorithm::EdDSA, &format!("{batch}-{n}")));
        let refused: Vec<_> = junk
            .map(|junk| {
                let verifier = verifier.clone();
                tokio::spawn(async move { rule(&verifier, &junk).await })
            })
            .collect();
        for refused in refused {
            assert_eq!(refused.await.unwrap(), "unknown_key");
        }
        assert_eq!(rule(&verifier, &good).await, "ok");
    }
    assert_eq!(issuer.state().fetches, 2);
    clock.advance(MINUTE);
    assert_eq!(
        rule(&verifier, &token(Algorithm::EdDSA, "x")).await,
        "unknown_key"
    );
    assert_eq!(issuer.state().fetches, 3);
    assert_eq!(issuer.state().not_modified, 2);
    assert_eq!(rule(&verifier, &good).await, "ok");
}

// L7
#[tokio::test]
async fn an_empty_set_is_filled_by_one_fetch_for_all_who_wait() {
    let (issuer, clock) = (Issuer::start().await, clock());
    issuer.state().up = false;
    let builder = issuer.builder(&clock).revocations(Revocations::None);
    let verifier = builder.build().await.unwrap();
    assert!(!verifier.ready());
    let good = own(Algorithm::ES256);
    for _ in 0..1_000 {
        assert_eq!(rule(&verifier, &good).await, "no_keys");
    }
    let before = issuer.state().fetches;
    assert_eq!(before, 1, "within the cool-down nobody asks again");

    issuer.state().up = true;
    issuer.state().delay = Duration::from_millis(200);
    clock.advance(MINUTE);
    let waiting: Vec<_> = (0..50)
        .map(|_| {
            let (verifier, good) = (verifier.clone(), good.clone());
            tokio::spawn(async move { rule(&verifier, &good).await })
        })
        .collect();
    for waiting in waiting {
        assert_eq!(waiting.await.unwrap(), "ok");
    }
    assert_eq!(issuer.state().fetches, before + 1);
    assert!(verifier.ready());
}

#[tokio::test]
async fn keys_outlive_an_issuer_that_is_away_and_not_for_ever() {
    let (issuer, clock) = (Issuer::start().await, clock());
    let builder = issuer.builder(&clock).revocations(Revocations::None);
    let verifier = builder.keys_kept(60 * MINUTE).build().await.unwrap();
    let (good, other) = (own(Algorithm::ES256), own(Algorithm::RS256));
    assert_eq!(rule(&verifier, &good).await, "ok");
    issuer.state().up = false;
    clock.advance(10 * MINUTE);
    assert_eq!(rule(&verifier, &good).await, "ok");
    assert_eq!(rule(&verifier, &other).await, "ok");
    assert!(verifier.ready());
    // The issuer may have published it since, so it is not the token's fault.
    assert_eq!(
        rule(&verifier, &token(Algorithm::ES256, "new")).await,
        "no_keys"
    );

    clock.advance(51 * MINUTE);
    assert_eq!(rule(&verifier, &good).await, "no_keys");
    assert!(!verifier.ready());
    issuer.state().up = true;
    clock.advance(2 * MINUTE);
    assert_eq!(rule(&verifier, &good).await, "ok");
    assert!(verifier.ready());
}

// L5
#[tokio::test]
async fn a_new_key_is_found_and_a_key_that_left_takes_its_tokens_with_it() {
    let (issuer, clock) = (Issuer::start().await, clock());
    issuer.state().jwks = jwks(&[Algorithm::ES256]);
    let builder = issuer.builder(&clock).revocations(Revocations::None);
    let verifier = builder.build().await.unwrap();
    let (old, new) = (own(Algorithm::ES256), own(Algorithm::EdDSA));
    assert_eq!(rule(&verifier, &old).await, "ok");
    assert_eq!(verifier.cached().0, 1);

    issuer.state().jwks = jwks(&[Algorithm::ES256, Algorithm::EdDSA]);
    clock.advance(MINUTE);
    assert_eq!(
        rule(&verifier, &new).await,
        "ok",
        "one fetch for an unknown name"
    );
    assert_eq!(rule(&verifier, &old).await, "ok");

    issuer.state().jwks = jwks(&[Algorithm::EdDSA]);
    assert_eq!(rule(&verifier, &old).await, "ok", "nobody has asked yet");
    clock.advance(11 * MINUTE);
    eventually(|| issuer.state().fetches == 3).await;
    eventually(|| verifier.ready()).await;
    for _ in 0..2_000 {
        if rule(&verifier, &old).await != "ok" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(rule(&verifier, &old).await, "unknown_key");
    assert_eq!(rule(&verifier, &new).await, "ok");
}

// R6: a set that publishes a secret, is over-long, or comes from elsewhere replaces nothing.
#[tokio::test]
async fn a_bad_answer_replaces_nothing() {
    let (issuer, clock) = (Issuer::start().await, clock());
    let builder = issuer.builder(&clock).revocations(Revocations::None);
    let verifier = builder.build().await.unwrap();
    let (good, elsewhere) = (own(Algorithm::ES256), Issuer::start().await);
    let oct = r#"{"keys":[{"kty":"oct","k":"AA","alg":"HS256","kid":"a"}]}"#;
    let huge = format!(r#"{{"keys":[],"x":"{}"}}"#, "a".repeat(70_000));
    for bad in [oct, &huge, "{}", "", r#"{"keys":[]}"#] {
        issuer.state().jwks = bad.into();
        let before = issuer.state().fetches;
        clock.advance(MINUTE);
        assert_eq!(
            rule(&verifier, &token(Algorithm::ES256, "x")).await,
            "no_keys"
        );
        assert!(issuer.state().fetches > before, "{bad:.50}");
        assert_eq!(rule(&verifier, &good).await, "ok", "{bad:.50}");
    }
    issuer.state().redirect = Some(format!("{}/jwks", elsewhere.url));
    clock.advance(MINUTE);
    assert_eq!(
        rule(&verifier, &token(Algorithm::ES256, "x")).await,
        "no_keys"
    );
    assert_eq!(elsewhere.state().fetches, 0);
}

// RFC 8414 §3.3
#[tokio::test]
async fn discovery_believes_only_metadata_of_that_very_issuer() {
    for (suffix, ready) in [("", true), ("/", false), (".evil.example", false)] {
        let issuer = Issuer::start().await;
        issuer.state().metadata = Some(
            json!({
                "issuer": format!("{}{suffix}", issuer.url),
                "jwks_uri": format!("{}/jwks", issuer.url),
            })
            .to_string(),
        );
        let verifier: Verifier = Verifier::builder(issuer.url.clone())
            .audience("api")
            .revocations(Revocations::None)
            .build()
            .await
            .unwrap();
        assert_eq!(verifier.ready(), ready, "{suffix}");
        assert_eq!(issuer.state().fetches, usize::from(ready));
    }
}

#[tokio::test]
async fn what_cannot_work_is_not_built() {
    let builder =
        || Verifier::<serde_json::Map<_, _>>::builder(ISSUER).jwks_uri("https://127.0.0.1:1/");
    let error = |built: Result<Verifier, BuildError>| built.unwrap_err().to_string();
    let none = Revocations::None;
    let nobody = builder().revocations(none.clone()).build().await;
    assert!(error(nobody).contains("audience"));
    assert!(error(builder().audience("api").build().await).contains("revocations"));
    for url in [
        "http://auth.example.com",
        "ftp://127.0.0.1",
        "nonsense",
        "http://127.0.0.1.example",
    ] {
        let feed = builder().audience("api").feed(url).build().await;
        assert!(error(feed).contains(url));
        let jwks = builder()
            .audience("api")
            .revocations(none.clone())
            .jwks_uri(url);
        assert!(error(jwks.build().await).contains(url));
    }
}

#[test]
fn a_refusal_gives_nothing_away() {
    let kid = "secret".to_owned();
    for (refusal, status, code) in [
        (
            Refusal::Rejected(Rejection::UnknownKey { kid }),
            401,
            "token_invalid",
        ),
        (Refusal::Rejected(Rejection::Expired), 401, "token_expired"),
        (Refusal::Revoked, 401, "token_revoked"),
        (Refusal::Stale, 401, "claims_stale"),
        (Refusal::Blind, 503, "unavailable"),
        (Refusal::NoKeys, 503, "unavailable"),
    ] {
        assert_eq!((refusal.status(), refusal.code()), (status, code));
        assert!(!refusal.to_string().contains("secret"));
        let challenge = (status == 401).then_some(r#"Bearer error="invalid_token""#);
        assert_eq!(refusal.challenge(), challenge);
    }
    assert_eq!(Refusal::Blind.to_string(), Refusal::NoKeys.to_string());
}
