//! A front-end server that proves itself says who its users are; nobody else does. // I18

use kernel::config::Settings;
use serde_json::json;

use super::{WRONG, rate};
use crate::support::{Backend, Client, Service};

const SECRET: &str = "aXJWJhZ4sGvhWr1qkEy2q0P2ROJTBHSxnVfZkEuDhyM=";
const NEXT: &str = "b3J0aGVuZXh0c2VjcmV0dGhhdGlzbm90eWV0dXNlZC4=";

fn hash(secret: &str) -> String {
    use base64::Engine;
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, secret.as_bytes());
    base64::engine::general_purpose::STANDARD.encode(digest)
}

/// Three sign-ins an hour from an address, and no trusted proxy.
async fn service(hashes: &[&str]) -> Service {
    Service::with(Backend::Sqlite, |settings: &mut Settings| {
        settings.limits.sign_in_address = rate("3/1h");
        settings.throttle.account_failures = 1000;
        settings.throttle.front_end_hashes = hashes.iter().map(|secret| hash(secret)).collect();
    })
    .await
}

fn asserting(client: &Client, address: &str, proof: &str) -> Client {
    client
        .with("x-auth-client-address", address)
        .with("x-auth-client-proof", proof)
}

async fn attempt(client: &Client) -> u16 {
    let body = json!({ "email": "nobody@example.org", "password": WRONG });
    client.post("/v1/login", body).await.status
}

async fn addresses(service: &Service) -> Vec<String> {
    let trail = service.audit().await.into_iter();
    trail.filter_map(|event| event.address).rev().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn users_of_a_proven_front_end_are_addresses_of_their_own() {
    let service = service(&[SECRET, NEXT]).await;
    let user = |number: usize| format!("203.0.113.{number}");
    for number in 0..5 {
        // Either secret, while it is changed.
        let proof = if number % 2 == 0 { SECRET } else { NEXT };
        for _ in 0..3 {
            assert_eq!(
                attempt(&asserting(&service, &user(number), proof)).await,
                401
            );
        }
        assert_eq!(
            attempt(&asserting(&service, &user(number), SECRET)).await,
            429
        );
    }
    for host in 1..4 {
        let address = format!("2001:db8:1:2::{host}");
        assert_eq!(attempt(&asserting(&service, &address, SECRET)).await, 401);
    }
    assert_eq!(
        attempt(&asserting(&service, "2001:db8:1:2::9", SECRET)).await,
        429
    );
    assert_eq!(attempt(&service).await, 401, "the front end itself");
    let trail = addresses(&service).await;
    assert_eq!(trail[0], user(0));
    assert_eq!(trail.last().map(String::as_str), Some("127.0.0.1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_proven_changes_neither_limit_nor_trail() {
    for hashes in [&[SECRET][..], &[]] {
        let service = service(hashes).await;
        let victim = "198.51.100.7";
        let twice =
            |name: &'static str, value: &str| asserting(&service, victim, SECRET).with(name, value);
        let claims = [
            service.with("x-forwarded-for", victim),
            service.with("x-auth-client-address", victim),
            service.with("x-auth-client-proof", SECRET),
            asserting(&service, victim, ""),
            asserting(&service, victim, NEXT),
            asserting(&service, victim, &SECRET[..SECRET.len() - 1]),
            asserting(&service, victim, &SECRET.to_lowercase()),
            asserting(&service, victim, &hash(SECRET)),
            asserting(&service, "not an address", SECRET),
            asserting(&service, "198.51.100.7, 198.51.100.8", SECRET),
            asserting(&service, "198.51.100.7:443", SECRET),
            // Somebody added a line of their own to what a front end sent.
            twice("x-auth-client-address", "198.51.100.8"),
            twice("x-auth-client-proof", SECRET),
        ];
        for (number, claim) in claims.iter().enumerate() {
            let expected = if number < 3 { 401 } else { 429 };
            assert_eq!(
                attempt(claim).await,
                expected,
                "claim {number} counts as 127.0.0.1"
            );
        }
        assert_eq!(addresses(&service).await, ["127.0.0.1"; 3]);
    }
}
