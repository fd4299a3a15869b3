//! Guessing is slowed down: by account, on every path that takes a password, on every replica.

use std::sync::Arc;

use reqwest::Method;
use serde_json::json;

use super::{argon2_runs, at, behind_proxy, login};
use crate::support::{Answer, Backend, Client, PASSWORD, Service, both, database};

const WRONG: &str = "eleven quiet herons wade";

/// Fails until the account is in its first delay: five failures are free, the sixth begins it.
async fn lock(client: &Client, email: &str) {
    for _ in 0..6 {
        login(client, email, WRONG)
            .await
            .expect(401, "invalid_credentials");
    }
}

#[track_caller]
fn limited(answer: Answer, seconds: &str) {
    let answer = answer.expect(429, "rate_limited");
    assert_eq!(answer.header("retry-after"), seconds);
}

// R16
#[tokio::test(flavor = "multi_thread")]
async fn the_delay_doubles_to_its_limit_and_nothing_is_hashed_meanwhile() {
    let service = behind_proxy(Backend::Sqlite).await;
    service.signup("ada@example.org").await;
    let guesser = at(&service, "203.0.113.9");
    lock(&guesser, "ada@example.org").await;
    let mut delay = 1;
    for _ in 0..12 {
        let runs = argon2_runs(&service);
        limited(
            login(&guesser, "ada@example.org", WRONG).await,
            &delay.to_string(),
        );
        service.advance(delay - 1);
        limited(login(&guesser, "ada@example.org", PASSWORD).await, "1");
        assert_eq!(argon2_runs(&service), runs, "a limited try is not hashed");
        service.advance(1);
        // From elsewhere, so that the address has its own limit left.
        let other = at(&service, &format!("203.0.113.{}", 100 + delay % 100));
        login(&other, "ada@example.org", WRONG)
            .await
            .expect(401, "invalid_credentials");
        assert_eq!(argon2_runs(&service), runs + 1);
        delay = (delay * 2).min(900);
    }
    service.advance(24 * 60 * 60);
    login(&guesser, "ada@example.org", PASSWORD).await.tokens();
    lock(&guesser, "ada@example.org").await;
}

// I15, I21
#[tokio::test(flavor = "multi_thread")]
async fn all_ways_to_write_an_address_count_together_and_unknown_accounts_count_too() {
    let service = behind_proxy(Backend::Sqlite).await;
    service.signup("mike@example.org").await;
    let guesser = at(&service, "203.0.113.9");
    for email in [
        "mike@example.org",
        "MIKE@example.org",
        "mi\u{212A}e@example.org",
        "m\u{131}ke@example.org",
        " mike@example.org",
        "mike@EXAMPLE.org",
    ] {
        login(&guesser, email, WRONG)
            .await
            .expect(401, "invalid_credentials");
    }
    limited(login(&guesser, "mike@example.org", PASSWORD).await, "1");
    lock(&guesser, "nobody@example.org").await;
    limited(login(&guesser, "nobody@example.org", PASSWORD).await, "1");
}

both! {
    async fn the_owners_device_is_not_locked_out_by_others(backend: Backend) {
        let service = behind_proxy(backend).await;
        let owner = at(&service, "198.51.100.1").with("user-agent", "Owner's browser");
        owner.signup("ada@example.org").await;
        let guesser = at(&service, "203.0.113.9").with("user-agent", "Owner's browser");
        lock(&guesser, "ada@example.org").await;
        let neighbour = at(&service, "198.51.100.1").with("user-agent", "Another browser");
        limited(login(&guesser, "ada@example.org", PASSWORD).await, "1");
        limited(login(&neighbour, "ada@example.org", PASSWORD).await, "1");
        login(&owner, "ada@example.org", PASSWORD).await.tokens();
        // I30: the guesser got no try by it, and can't see it. The device has a limit of its own.
        limited(login(&guesser, "ada@example.org", PASSWORD).await, "1");
        lock(&owner, "ada@example.org").await;
        limited(login(&owner, "ada@example.org", PASSWORD).await, "1");
        service.advance(1);
        login(&owner, "ada@example.org", PASSWORD).await.tokens();
    }

    // I16
    async fn every_path_that_takes_the_password_shares_the_limit(backend: Backend) {
        let service = behind_proxy(backend).await;
        let owner = at(&service, "198.51.100.1");
        let change = async |client: &Client, current: &str| {
            let body = json!({ "current_password": current, "new_password": "seven loud gulls sail" });
            client.post("/v1/me/password", body).await
        };
        let delete = async |client: &Client, password: &str| {
            client.send(Method::DELETE, "/v1/me", Some(json!({ "password": password }))).await
        };
        let elsewhere = at(&service, "192.0.2.7");
        for (email, path) in [("a@example.org", "login"), ("b@example.org", "change"), ("c@example.org", "delete"), ("d@example.org", "mixed")] {
            let account = owner.signup(email).await;
            // Somebody elsewhere who holds an access token of it.
            let thief = at(&service, "203.0.113.9").bearer(&account.access);
            for turn in 0..6 {
                match (path, turn % 3) {
                    ("login", _) | ("mixed", 0) => drop(login(&thief, email, WRONG).await.expect(401, "invalid_credentials")),
                    ("change", _) | ("mixed", 1) => drop(change(&thief, WRONG).await.expect(403, "wrong_password")),
                    _ => drop(delete(&thief, WRONG).await.expect(403, "wrong_password")),
                }
            }
            let runs = argon2_runs(&service);
            limited(login(&elsewhere, email, PASSWORD).await, "1");
            limited(change(&thief, PASSWORD).await, "1");
            limited(delete(&thief, PASSWORD).await, "1");
            assert_eq!(argon2_runs(&service), runs);
            assert_eq!(service.me(&account.access).await.status, 200);
            service.advance(1);
            login(&elsewhere, email, PASSWORD).await.tokens();
        }
    }

    async fn replicas_share_the_limit_through_redis(backend: Backend) {
        let one = Service::with(backend, |settings| {
            settings.redis.url = Some(format!("{}/210", database::redis_url()));
            settings.throttle.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
        }).await;
        let two = one.replica().await;
        // The Redis is everybody's: an address and an account of this test alone.
        let unique = uuid::Uuid::from_bytes(one.ctx.entropy.bytes());
        let email = format!("ada-{unique}@example.org");
        let (high, low) = unique.as_u64_pair();
        let address = format!("2001:db8:{:x}:{:x}::1", high & 0xffff, low & 0xffff);
        let owner = format!("2001:db8:{:x}:{:x}::1", low >> 16 & 0xffff, high >> 16 & 0xffff);
        at(&one, &owner).signup(&email).await;
        for turn in 0..6 {
            let replica = if turn % 2 == 0 { &one } else { &two };
            login(&at(replica, &address), &email, WRONG).await.expect(401, "invalid_credentials");
        }
        for replica in [&one, &two] {
            limited(login(&at(replica, &address), &email, PASSWORD).await, "1");
        }
        login(&at(&two, &owner), &email, PASSWORD).await.tokens();
        // I30
        limited(login(&at(&one, &address), &email, PASSWORD).await, "1");
        one.advance(1);
        login(&at(&one, &address), &email, PASSWORD).await.tokens();
    }
}

// R16: counted before it is hashed, so a burst gets no further than the same tries one by one.
#[tokio::test(flavor = "multi_thread")]
async fn a_burst_gets_no_more_tries_than_a_row() {
    let service = Arc::new(behind_proxy(Backend::Sqlite).await);
    at(&service, "198.51.100.1").signup("ada@example.org").await;
    let runs = argon2_runs(&service);
    let burst = (0..40).map(|n| {
        let guesser = at(&service, &format!("203.0.113.{n}"));
        async move { login(&guesser, "ada@example.org", WRONG).await.status }
    });
    let answers = futures_util::future::join_all(burst).await;
    assert_eq!(
        answers.iter().filter(|status| **status == 401).count(),
        6,
        "{answers:?}"
    );
    assert_eq!(
        answers.iter().filter(|status| **status == 429).count(),
        34,
        "{answers:?}"
    );
    assert_eq!(argon2_runs(&service), runs + 6);
}
