//! More sign-ins than the machine can hash.

use std::time::Duration;

use kernel::config::Settings;

use super::login;
use crate::support::{Backend, PASSWORD, Service};

const WRONG: &str = "eleven quiet herons wade";

/// One thread, and hashes that take it a while.
fn slow(settings: &mut Settings) {
    settings.passwords.hash_workers = 1;
    settings.passwords.argon2_memory_kib = 19_456;
    settings.passwords.argon2_iterations = 12;
    settings.throttle.memory = Duration::ZERO;
}

// L10
#[tokio::test(flavor = "multi_thread")]
async fn past_the_deadline_or_the_queue_the_answer_is_busy_and_says_when_to_come_again() {
    let service = Service::with(Backend::Sqlite, |settings| {
        slow(settings);
        settings.passwords.queue_length = 6;
        settings.passwords.queue_deadline = Duration::from_millis(50);
        settings.throttle.account_failures = 1;
        settings.throttle.memory = Duration::from_secs(3600);
    })
    .await;
    service.signup("ada@example.org").await;
    let runs = super::argon2_runs(&service);
    let flood = (0..20).map(|n| {
        let client = service.client();
        async move { login(&client, &format!("nobody-{n}@example.org"), WRONG).await }
    });
    let answers = futures_util::future::join_all(flood).await;
    let mut busy = 0;
    for answer in answers {
        match answer.status {
            401 => drop(answer.expect(401, "invalid_credentials")),
            _ => {
                let answer = answer.expect(503, "busy");
                assert_eq!(answer.header("retry-after"), "1");
                assert_eq!(answer.header("cache-control"), "no-store");
                busy += 1;
            }
        }
    }
    assert!((1..20).contains(&busy), "{busy} of 20 were busy");
    assert_eq!(
        super::argon2_runs(&service),
        runs + 20 - busy,
        "who was busy was not hashed"
    );

    // Nor was it held against the account: an address that was only ever busy is not limited.
    let flood = (0..8).map(|_| {
        let client = service.client();
        async move { login(&client, "ada@example.org", PASSWORD).await.status }
    });
    let answers = futures_util::future::join_all(flood).await;
    assert!(answers.contains(&503), "{answers:?}");
    service.login("ada@example.org").await;
}

// L10
#[tokio::test(flavor = "multi_thread")]
async fn refresh_and_keys_never_wait_behind_hashing() {
    let service = Service::with(Backend::Sqlite, |settings| {
        slow(settings);
        settings.passwords.queue_deadline = Duration::from_secs(60);
    })
    .await;
    let ada = service.signup("ada@example.org").await;
    let flood: Vec<_> = (0..8)
        .map(|n| {
            let client = service.client();
            tokio::spawn(
                async move { login(&client, &format!("nobody-{n}@example.org"), WRONG).await },
            )
        })
        .collect();
    for _ in 0..5000 {
        if service.ctx.hasher.stats().queue_depth >= 5 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(service.ctx.hasher.stats().queue_depth >= 5, "nothing waits");
    let before = super::argon2_runs(&service);
    let fresh = service.refresh(&ada.refresh).await.tokens();
    assert_eq!(service.get("/.well-known/jwks.json").await.status, 200);
    assert_eq!(service.me(&fresh.access).await.status, 200);
    let hashed = super::argon2_runs(&service) - before;
    assert!(
        service.ctx.hasher.stats().queue_depth > 0,
        "all was hashed meanwhile"
    );
    assert!(hashed <= 3, "{hashed} passwords were hashed meanwhile");
    for one in flood {
        one.await
            .expect("it ends")
            .expect(401, "invalid_credentials");
    }
}
