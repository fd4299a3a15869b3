//! `tests/vectors/feed.json`, which the TypeScript verifier reads too: what the feed may hold that
//! a verifier does not know.

use std::time::Duration;

use serde_json::{Value, json};
use shared_claims::{Algorithm, Freshness, Verifier};

use crate::issuer::{Issuer, clock, eventually, heartbeat};
use crate::support::{KEYS, NOW};

fn cases() -> Vec<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/feed.json");
    let file: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(file["now"], NOW);
    file["cases"].as_array().unwrap().clone()
}

fn said(position: i64, entry: &Value) -> String {
    format!("id: {position}\nevent: revoked\ndata: {entry}\n\n")
}

/// Comes last, so that what came before it has been taken in.
fn last() -> Value {
    json!({"kind": "jti", "value": "the last", "expires_at": NOW + 700})
}

async fn judged(verifier: &Verifier, freshness: Freshness) -> &'static str {
    let token = KEYS.good(Algorithm::ES256);
    match verifier.verify(&token, freshness).await {
        Ok(_) => "ok",
        Err(refusal) => refusal.rule(),
    }
}

async fn run(case: &Value) {
    let (issuer, clock) = (Issuer::start().await, clock());
    let name = case["name"].as_str().unwrap();
    let snapshot = json!({"position": 5, "entries": case["snapshot"]});
    issuer.state().raw_snapshot = Some(snapshot.to_string());
    let builder = issuer.builder(&clock).feed(issuer.feed());
    let verifier = builder.build().await.unwrap();
    let unreadable = case["unreadable"] == true;
    if unreadable && !case["snapshot"].as_array().unwrap().is_empty() {
        eventually(|| issuer.state().snapshots >= 2).await;
        assert!(!verifier.ready(), "{name}");
        assert_eq!(
            judged(&verifier, Freshness::Strict).await,
            "blind",
            "{name}"
        );
        return;
    }
    eventually(|| issuer.streams() == 1).await;
    for (position, entry) in (6..).zip(case["stream"].as_array().unwrap()) {
        issuer.say(said(position, entry));
    }
    if unreadable {
        eventually(|| issuer.state().snapshots == 2).await;
        return;
    }
    issuer.say(said(99, &last()) + &heartbeat(NOW));
    let known = usize::try_from(case["known"].as_u64().unwrap()).unwrap();
    eventually(|| verifier.revocations() == known + 1).await;
    for (freshness, member) in [
        (Freshness::Strict, "strict"),
        (Freshness::BestEffort, "best_effort"),
    ] {
        assert_eq!(judged(&verifier, freshness).await, case[member], "{name}");
    }
    assert!(verifier.ready(), "{name}: the other routes serve");
    assert_eq!(issuer.state().snapshots, 1, "{name}: it goes on following");
}

// I38
#[tokio::test]
async fn every_case() {
    let cases = cases();
    assert!(cases.len() >= 20);
    for case in &cases {
        run(case).await;
    }
}

// I38: the trust comes back when the critical entry has died, and when a snapshot lacks it.
#[tokio::test]
async fn the_trust_comes_back() {
    let critical = json!({
        "kind": "planet", "value": "mars", "expires_at": NOW + 3, "critical": true
    });
    let snapshot = |entries: Value| json!({"position": 5, "entries": entries}).to_string();
    let (issuer, clock) = (Issuer::start().await, clock());
    issuer.state().raw_snapshot = Some(snapshot(json!([critical])));
    let builder = issuer.builder(&clock).feed(issuer.feed());
    let verifier = builder.build().await.unwrap();
    eventually(|| issuer.streams() == 1).await;
    assert_eq!(verifier.lag(), None);
    assert_eq!(judged(&verifier, Freshness::Strict).await, "blind");
    clock.advance(Duration::from_secs(3));
    assert_eq!(judged(&verifier, Freshness::Strict).await, "ok");

    let mut lasting = critical.clone();
    lasting.as_object_mut().unwrap().remove("expires_at");
    issuer.say(said(6, &lasting) + &said(7, &last()));
    eventually(|| verifier.revocations() == 1).await;
    assert_eq!(judged(&verifier, Freshness::Strict).await, "blind");
    clock.advance(Duration::from_secs(3_600));
    assert_eq!(judged(&verifier, Freshness::BestEffort).await, "expired");
    assert_eq!(verifier.lag(), None, "it never ends by itself");
    eventually(|| issuer.state().opened.len() == 2).await;
    issuer.state().raw_snapshot = Some(snapshot(json!([])));
    issuer.say("event: reset\ndata: {}\n\n");
    eventually(|| verifier.lag().is_some()).await;
}
