//! The tokens that a verifier has verified, and keeps.

use std::time::Duration;

use serde_json::json;
use shared_claims::{Algorithm, Clock, Freshness, Revocations, Verifier};

use crate::issuer::{Issuer, clock, eventually};
use crate::support::{KEYS, good_claims, with};

async fn verifier(cache_bytes: usize) -> (Clock, Verifier) {
    let (issuer, clock) = (Issuer::start().await, clock());
    let builder = issuer.builder(&clock).revocations(Revocations::None);
    let verifier = builder.cache_bytes(cache_bytes).build().await.unwrap();
    (clock, verifier)
}

fn token(jti: usize) -> String {
    let header = KEYS.header(Algorithm::EdDSA).to_string();
    let claims = with(
        good_claims(),
        &json!({ "jti": jti.to_string() }).to_string(),
    );
    KEYS.token(Algorithm::EdDSA, &header, &claims)
}

#[tokio::test]
async fn a_token_is_kept_until_it_expires() {
    let (clock, verifier) = verifier(1 << 20).await;
    let (one, other) = (token(1), token(2));
    let first = verifier.verify(&one, Freshness::Strict).await.unwrap();
    let again = verifier.verify(&one, Freshness::Strict).await.unwrap();
    assert!(std::sync::Arc::ptr_eq(&first, &again));
    assert_eq!(verifier.cached().0, 1);
    // Nothing else is that token, though it may begin or end like it.
    for near in [
        &one[..one.len() - 1],
        &format!("{one}A"),
        &one.to_uppercase(),
    ] {
        assert!(verifier.verify(near, Freshness::Strict).await.is_err());
    }
    verifier.verify(&other, Freshness::Strict).await.unwrap();

    clock.advance(Duration::from_secs(609));
    verifier.verify(&one, Freshness::Strict).await.unwrap();
    clock.advance(Duration::from_secs(1));
    let expired = verifier.verify(&one, Freshness::Strict).await.unwrap_err();
    assert_eq!(expired.rule(), "expired");
    eventually(|| verifier.cached() == (0, 0)).await;
}

#[tokio::test]
async fn no_more_is_kept_than_was_allowed() {
    for limit in [0, 1_000, 20_000, 200_000] {
        let (_, verifier) = verifier(limit).await;
        let tokens: Vec<_> = (0..100).map(token).collect();
        for token in tokens.iter().chain(&tokens) {
            verifier.verify(token, Freshness::Strict).await.unwrap();
            assert!(verifier.cached().1 <= limit);
        }
        let (count, bytes) = verifier.cached();
        assert_eq!(count > 0, limit >= 20_000);
        assert_eq!(count == 100, limit == 200_000, "{count} in {bytes}");
    }
}

#[tokio::test]
async fn what_was_refused_is_not_kept() {
    let (_, verifier) = verifier(1 << 20).await;
    let good = token(1);
    let forged = format!("{}AAAA", &good[..good.len() - 4]);
    assert!(verifier.verify(&forged, Freshness::Strict).await.is_err());
    assert_eq!(verifier.cached(), (0, 0));
}
