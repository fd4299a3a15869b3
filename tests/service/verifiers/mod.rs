//! `shared_claims::Verifier`, as other services hold it, against the real service.

mod cut;
mod faults;
mod fleet;
mod keys;
mod redis_lookups;
mod watch;

use std::time::{Duration, Instant};

use serde_json::{Map, Value};
use shared_claims::{Builder, Clock, Freshness, Verifier};

use crate::support::service::START;

/// A verifier of the tokens of `issuer`, with the keys and the feed of the listeners at these
/// addresses, which may be those of a proxy.
fn verifier(issuer: &str, public: &str, internal: &str) -> Builder<Map<String, Value>> {
    Verifier::builder(issuer)
        .audience("api")
        .jwks_uri(format!("{public}/.well-known/jwks.json"))
        .feed(format!("{internal}/v1/revocations"))
}

/// A clock of a verifier's own, that stands where the machine's does now.
fn standing_clock() -> Clock {
    let now = kernel::clock::Clock::system().now();
    Clock::manual(now.as_secs().unsigned_abs())
}

/// A clock that stands where the service inside this process began.
fn clock_at_start() -> Clock {
    Clock::manual(START.as_secs().unsigned_abs())
}

/// `ok`, or the rule by which the token was refused.
async fn rule(verifier: &Verifier, token: &str, freshness: Freshness) -> &'static str {
    match verifier.verify(token, freshness).await {
        Ok(_) => "ok",
        Err(refusal) => refusal.rule(),
    }
}

/// Asked strictly, then as well as can be.
async fn rules(verifier: &Verifier, token: &str) -> [&'static str; 2] {
    [
        rule(verifier, token, Freshness::Strict).await,
        rule(verifier, token, Freshness::BestEffort).await,
    ]
}

/// Waits until the verifier answers so.
#[track_caller]
fn becomes(verifier: &Verifier, token: &str, expected: [&str; 2]) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        let began = Instant::now();
        loop {
            let seen = rules(verifier, token).await;
            if seen == expected {
                return;
            }
            let waited = began.elapsed();
            assert!(
                waited < Duration::from_secs(30),
                "{seen:?} did not become {expected:?}: {caller}"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}
