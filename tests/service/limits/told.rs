//! What is told, and that a 429 takes nothing from anybody.

use serde_json::json;

use super::{WRONG, at, behind_proxy, rate};
use crate::support::{Backend, PASSWORD, Service};

/// draft-ietf-httpapi-ratelimit-headers-10 §§ 3, 4
#[tokio::test(flavor = "multi_thread")]
async fn answers_say_how_the_address_stands_and_nothing_of_the_account() {
    let service = behind_proxy(|settings| {
        settings.limits.sign_in_address = rate("3/1h");
        settings.limits.sign_in_account = rate("2/1h");
    })
    .await;
    at(&service, "198.51.100.1").signup("ada@example.org").await;
    let attempt = async |address: &str, password: &str| {
        let body = json!({ "email": "ada@example.org", "password": password });
        at(&service, address).post("/v1/login", body).await
    };
    let first = attempt("203.0.113.1", WRONG)
        .await
        .expect(401, "invalid_credentials");
    assert_eq!(
        first.header("ratelimit-policy"),
        r#""sign_in_address";q=3;w=3600"#
    );
    assert_eq!(first.header("ratelimit"), r#""sign_in_address";r=2;t=1200"#);
    let second = attempt("203.0.113.1", PASSWORD).await;
    second.tokens();
    assert_eq!(
        second.header("ratelimit"),
        r#""sign_in_address";r=1;t=2400"#
    );
    // Others used up the account's; what an address hears is only that it must wait.
    let other = attempt("203.0.113.2", PASSWORD)
        .await
        .expect(429, "rate_limited");
    assert_eq!(other.header("ratelimit"), r#""sign_in_address";r=3;t=0"#);
    assert_eq!(other.header("retry-after"), "1800");
    // The device that signed in before has its own.
    attempt("203.0.113.1", PASSWORD).await.tokens();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limited_refresh_consumes_nothing_and_ends_nothing() {
    let service = Service::with(Backend::Sqlite, |settings| {
        settings.refresh.reuse_window = std::time::Duration::ZERO;
        settings.limits.refresh_session = rate("2/10s");
    })
    .await;
    let ada = service.signup("ada@example.org").await;
    let one = service.refresh(&ada.refresh).await.tokens();
    let two = service.refresh(&one.refresh).await.tokens();
    for _ in 0..5 {
        let limited = service
            .refresh(&two.refresh)
            .await
            .expect(429, "rate_limited");
        assert_eq!(limited.header("retry-after"), "5");
        assert_eq!(limited.header("ratelimit"), r#""refresh_session";r=0;t=10"#);
        assert_eq!(limited.header("www-authenticate"), "");
        assert_eq!(limited.header("set-cookie"), "");
    }
    assert_eq!(service.me(&two.access).await.status, 200);
    // Another session of the same account is not held up.
    let elsewhere = service.login("ada@example.org").await;
    service.refresh(&elsewhere.refresh).await.tokens();
    service.advance(5);
    let three = service.refresh(&two.refresh).await.tokens();
    assert_eq!(three.session, ada.session);
    let ended = service
        .audit()
        .await
        .into_iter()
        .any(|event| event.event.contains("ended") || event.event.contains("reused"));
    assert!(!ended, "nothing was revoked");
}

/// Junk is refused before it is counted: who knows a session's identifier can't use up its limit.
#[tokio::test(flavor = "multi_thread")]
async fn a_forged_token_of_a_session_does_not_count_for_it() {
    let service = Service::with(Backend::Sqlite, |settings| {
        settings.limits.refresh_session = rate("1/1h");
    })
    .await;
    let ada = service.signup("ada@example.org").await;
    let middle = ada.refresh.len() - 12;
    let other = if ada.refresh.as_bytes()[middle] == b'A' {
        "B"
    } else {
        "A"
    };
    let mut forged = ada.refresh.clone();
    forged.replace_range(middle..=middle, other);
    for _ in 0..5 {
        service
            .refresh(&forged)
            .await
            .expect(401, "refresh_token_invalid");
    }
    service.refresh(&ada.refresh).await.tokens();
}
