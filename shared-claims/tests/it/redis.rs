//! Revocations looked up in Redis, with the keys that `auth-service` writes.

use std::io::Write;

use redis::Commands;
use shared_claims::{Algorithm, Freshness, Revocations, Verifier};

use crate::issuer::{Issuer, clock};
use crate::support::KEYS;

/// A database of the test's own. None, and loudly so, without `TEST_REDIS_URL`.
fn url() -> Option<String> {
    match std::env::var("TEST_REDIS_URL") {
        Ok(url) => Some(format!("{}/251", url.trim_end_matches('/'))),
        Err(_) if std::env::var("CI").is_ok_and(|ci| ci == "true") => {
            panic!("CI must set TEST_REDIS_URL")
        }
        Err(_) => {
            // Not `eprintln!`: the test harness would swallow it.
            let shout = "\n!!!! NOT TESTED AGAINST REDIS: TEST_REDIS_URL is not set !!!!\n";
            std::io::stderr().write_all(shout.as_bytes()).unwrap();
            None
        }
    }
}

async fn rules(verifier: &Verifier) -> [&'static str; 2] {
    let token = KEYS.good(Algorithm::EdDSA);
    let mut rules = ["ok"; 2];
    for (rule, freshness) in rules
        .iter_mut()
        .zip([Freshness::Strict, Freshness::BestEffort])
    {
        if let Err(refusal) = verifier.verify(&token, freshness).await {
            *rule = refusal.rule();
        }
    }
    rules
}

async fn verifier(url: &str) -> Verifier {
    let issuer = Issuer::start().await;
    let redis = Revocations::Redis(url.into());
    let builder = issuer.builder(&clock()).revocations(redis);
    builder.build().await.unwrap()
}

// L1
#[tokio::test]
async fn redis_is_believed_while_it_is_filled() {
    let Some(url) = url() else { return };
    let mut redis = redis::Client::open(url.as_str())
        .unwrap()
        .get_connection()
        .unwrap();
    let verifier = verifier(&url).await;
    let _: () = redis::cmd("FLUSHDB").query(&mut redis).unwrap();
    assert_eq!(rules(&verifier).await, ["blind", "ok"]);
    let _: () = redis.set("deny:epoch", "filling/run").unwrap();
    assert_eq!(rules(&verifier).await, ["blind", "ok"]);
    let _: () = redis.set("deny:sid:session-1", "0").unwrap();
    assert_eq!(rules(&verifier).await, ["revoked"; 2], "known already");
    let _: () = redis.del("deny:sid:session-1").unwrap();
    let _: () = redis.set("deny:whole", "1").unwrap();
    assert_eq!(rules(&verifier).await, ["ok"; 2]);

    // The token is of version 3.
    let kid = format!("deny:kid:{}", KEYS.kid(Algorithm::EdDSA));
    for (key, value, expected) in [
        ("deny:jti:token-1", "0", "revoked"),
        ("deny:sid:session-1", "0", "revoked"),
        (&kid, "0", "revoked"),
        ("deny:sub:user-1", "4", "revoked"),
        ("deny:sub:user-1", "3", "ok"),
        ("deny:stale:user-1", "4", "stale"),
        ("deny:stale:user-1", "3", "ok"),
        ("deny:jti:session-1", "0", "ok"),
        ("deny:sub:user-1", "junk", "blind"),
    ] {
        let _: () = redis.set(key, value).unwrap();
        assert_eq!(rules(&verifier).await[0], expected, "{key} {value}");
        let _: () = redis.del(key).unwrap();
    }
}

// L1
#[tokio::test]
async fn a_redis_that_is_away_or_silent_leaves_it_blind() {
    // Bound, and never accepted from.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    for address in [
        "127.0.0.1:1".to_owned(),
        silent.local_addr().unwrap().to_string(),
    ] {
        let verifier = verifier(&format!("redis://{address}")).await;
        let began = std::time::Instant::now();
        assert_eq!(rules(&verifier).await, ["blind", "ok"], "{address}");
        assert!(began.elapsed().as_secs() < 2);
    }
}
