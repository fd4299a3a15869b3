//! Which address a request counts for, in the throttle and in the audit trail.

use super::{at, behind_proxy, login};
use crate::support::{Backend, Client, PASSWORD, Service, raw};

const WRONG: &str = "eleven quiet herons wade";

/// Fails with as many accounts as an address has free, and once more.
async fn use_up(clients: impl Iterator<Item = Client>, of: &str) {
    for (n, client) in clients.take(31).enumerate() {
        let email = format!("nobody-{n}@{of}.example.org");
        login(&client, &email, WRONG)
            .await
            .expect(401, "invalid_credentials");
    }
}

// I18
#[tokio::test(flavor = "multi_thread")]
async fn a_spoofed_forwarding_header_changes_neither_limit_nor_trail() {
    let service = Service::start(Backend::Sqlite).await;
    let spoofed = |n: usize| {
        service
            .with("x-forwarded-for", &format!("203.0.113.{n}"))
            .with("forwarded", &format!("for=203.0.113.{n}"))
            .with("x-real-ip", &format!("203.0.113.{n}"))
            .with("true-client-ip", &format!("203.0.113.{n}"))
            .with("cf-connecting-ip", &format!("203.0.113.{n}"))
    };
    use_up((0..).map(spoofed), "spoofed").await;
    let answer = login(&spoofed(200), "somebody@example.org", WRONG).await;
    answer.expect(429, "rate_limited");
    let trail = service.audit().await;
    let logins: Vec<_> = trail
        .iter()
        .filter(|event| event.event == "login")
        .collect();
    assert_eq!(logins.len(), 31);
    assert!(
        logins
            .iter()
            .all(|event| event.address.as_deref() == Some("127.0.0.1"))
    );
}

// I18
#[tokio::test(flavor = "multi_thread")]
async fn behind_a_trusted_proxy_only_what_it_says_itself_counts() {
    let service = behind_proxy(Backend::Sqlite).await;
    // The client claims the first; the proxy appends whom it heard.
    let claiming = |n: usize| at(&service, &format!("192.0.2.{n}, 203.0.113.9"));
    use_up((0..).map(claiming), "proxied").await;
    login(&claiming(200), "somebody@example.org", WRONG)
        .await
        .expect(429, "rate_limited");
    login(&at(&service, "203.0.113.10"), "somebody@example.org", WRONG)
        .await
        .expect(401, "invalid_credentials");
    let trail = service.audit().await;
    let addresses: Vec<_> = trail
        .iter()
        .filter(|event| event.event == "login")
        .filter_map(|event| event.address.as_deref())
        .collect();
    assert_eq!(addresses[0], "203.0.113.10");
    assert!(
        addresses[1..]
            .iter()
            .all(|address| *address == "203.0.113.9"),
        "{addresses:?}"
    );
}

// I29
#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_text_hide_nobody_behind_the_proxy() {
    let service = behind_proxy(Backend::Sqlite).await;
    let body = format!(r#"{{"email":"nobody@example.org","password":"{WRONG}"}}"#);
    for (n, lines) in [
        // What nginx makes of it with `$proxy_add_x_forwarded_for`, and HAProxy with `option forwardfor`.
        &b"X-Forwarded-For: \xff, 203.0.113.9\r\n"[..],
        b"X-Forwarded-For: \xff\r\nX-Forwarded-For: 203.0.113.9\r\n",
        b"X-Forwarded-For: 192.0.2.1\xc3\x28, \x80 ,203.0.113.9\r\n",
    ]
    .into_iter()
    .enumerate()
    {
        let length = body.len();
        let rest = format!(
            "Host: x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
        let request = [b"POST /v1/login HTTP/1.1\r\n", lines, rest.as_bytes()].concat();
        let answer = raw::talk(&service, &request).await;
        assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
        let trail = service.audit().await;
        let logins = trail.iter().filter(|event| event.event == "login");
        let addresses: Vec<_> = logins.map(|event| event.address.as_deref()).collect();
        assert_eq!(addresses, vec![Some("203.0.113.9"); n + 1], "{lines:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ipv6_network_is_one_address_and_its_neighbour_another() {
    let service = behind_proxy(Backend::Sqlite).await;
    let inside = |n: usize| at(&service, &format!("2001:db8:1:2:{n:x}:{n:x}::{n:x}"));
    use_up((1..).map(inside), "v6").await;
    let retry = login(&inside(999), "somebody@example.org", WRONG)
        .await
        .expect(429, "rate_limited");
    assert_eq!(retry.header("retry-after"), "1");
    let neighbour = at(&service, "2001:db8:1:3::1");
    login(&neighbour, "somebody@example.org", WRONG)
        .await
        .expect(401, "invalid_credentials");
    // Signing in to an account of one's own does not pay for guessing at others.
    service.advance(1);
    inside(7).signup("mallory@example.org").await;
    login(&inside(7), "mallory@example.org", PASSWORD)
        .await
        .tokens();
    login(&inside(8), "somebody@example.org", WRONG)
        .await
        .expect(401, "invalid_credentials");
    login(&inside(9), "somebody-else@example.org", WRONG)
        .await
        .expect(429, "rate_limited");
}
