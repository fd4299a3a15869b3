//! What `/metrics` counts, and that nothing a client sends becomes a label of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use super::{scrape, value};
use crate::support::{Backend, PASSWORD, Service, both};

both! {
    async fn sign_ins_and_refreshes_are_counted_by_how_they_ended(backend: Backend) {
        let service = Service::start(backend).await;
        let first = service.signup("ada@example.org").await;
        service.login("ada@example.org").await;
        let wrong = json!({ "email": "ada@example.org", "password": "not the right one" });
        service.post("/v1/login", wrong).await.expect(401, "invalid_credentials");

        let second = service.refresh(&first.refresh).await.tokens();
        service.refresh(&first.refresh).await.tokens();
        service.refresh("rt_junk").await.expect(401, "refresh_token_invalid");
        service.advance(60);
        service.refresh(&first.refresh).await.expect(401, "refresh_token_reused");
        service.refresh(&second.refresh).await.expect(401, "refresh_token_revoked");
        let other = service.login("ada@example.org").await;
        service.advance(60 * 60 * 24 * 15);
        service.refresh(&other.refresh).await.expect(401, "refresh_token_expired");

        let lines = scrape(&service).await;
        for (series, expected) in [
            (r#"auth_logins_total{result="success"}"#, 2.0),
            (r#"auth_logins_total{result="invalid_credentials"}"#, 1.0),
            (r#"auth_logins_total{result="rate_limited"}"#, 0.0),
            (r#"auth_refreshes_total{outcome="rotated"}"#, 1.0),
            (r#"auth_refreshes_total{outcome="replayed"}"#, 1.0),
            (r#"auth_refreshes_total{outcome="reused"}"#, 1.0),
            (r#"auth_refreshes_total{outcome="invalid"}"#, 1.0),
            (r#"auth_refreshes_total{outcome="revoked"}"#, 1.0),
            (r#"auth_refreshes_total{outcome="expired"}"#, 1.0),
            (r#"auth_refreshes_total{outcome="error"}"#, 0.0),
            (r#"http_requests_total{method="POST",route="/v1/refresh",status="200"}"#, 2.0),
            (r#"http_requests_total{method="POST",route="/v1/refresh",status="401"}"#, 4.0),
            (r#"http_request_duration_seconds_count{method="POST",route="/v1/refresh"}"#, 6.0),
            ("auth_hash_queue_wait_seconds_count", 5.0),
        ] {
            assert_eq!(value(&lines, series), Some(expected), "{series}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_client_sends_becomes_a_label() {
    let service = Service::start(Backend::Sqlite).await;
    let ada = service.signup("ada@example.org").await;
    let signed_in = service.bearer(&ada.access);
    signed_in
        .delete(&format!("/v1/me/sessions/{}", ada.session))
        .await;
    for path in [
        "/nowhere",
        "/v1/me/../../etc",
        "/v1/nobody@example.org",
        "/docs/none",
    ] {
        service.get(path).await;
    }
    service.get("/v1/verify/original/path").await;
    for method in ["BREW", "PROPFIND", "get"] {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        service.send(method, "/v1/login", None).await;
    }

    let lines = scrape(&service).await;
    let labels = labels(&lines);
    let routes = &labels["route"];
    let known: BTreeSet<&str> = auth_service::http::routes::TABLE
        .iter()
        .map(|(path, _)| *path)
        .chain([
            "/v1/verify/{original:.*}",
            "/docs",
            "/docs/{file:.*}",
            "unmatched",
        ])
        .collect();
    let unknown: Vec<_> = routes
        .iter()
        .filter(|route| !known.contains(&***route))
        .collect();
    assert_eq!(unknown, [""; 0], "routes are templates");
    for route in [
        "/v1/me/sessions/{id}",
        "/v1/verify/{original:.*}",
        "/docs/{file:.*}",
        "unmatched",
    ] {
        assert!(routes.contains(route), "{route} is missing: {routes:?}");
    }
    assert_eq!(labels["method"], set(&["DELETE", "GET", "POST", "_OTHER"]));
    let names: Vec<&str> = labels.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "le", "method", "outcome", "result", "route", "status", "version"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_rooms_look_like_is_told() {
    let service = Service::start(Backend::Sqlite).await;
    let lines = scrape(&service).await;
    let days = 24.0 * 60.0 * 60.0;
    for (series, expected) in [
        ("auth_db_connections_max", 4.0),
        ("auth_hash_queue_depth", 0.0),
        ("auth_hashes_shed_total", 0.0),
        ("auth_denylist_entries", 0.0),
        ("auth_revocation_feed_consumers", 0.0),
        ("auth_signing_key_age_seconds", 0.0),
        ("auth_signing_key_rotation_seconds", 30.0 * days),
        (
            concat!(
                "auth_build_info{version=\"",
                env!("CARGO_PKG_VERSION"),
                "\"}"
            ),
            1.0,
        ),
    ] {
        assert_eq!(value(&lines, series), Some(expected), "{series}");
    }
    assert_eq!(
        value(&lines, "auth_revocation_redis_up"),
        None,
        "there is no Redis"
    );
    for series in [
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
        "process_start_time_seconds",
        "process_open_fds",
        "process_max_fds",
    ] {
        assert!(value(&lines, series) > Some(0.0), "{series}");
    }

    let ada = service.signup("ada@example.org").await;
    service
        .bearer(&ada.access)
        .send(Method::POST, "/v1/logout", None)
        .await;
    let events = crate::support::events::Events::open(&service.internal, None).await;
    service.advance(24 * 60 * 60);
    let lines = scrape(&service).await;
    for (series, expected) in [
        ("auth_denylist_entries", 1.0),
        ("auth_revocation_feed_consumers", 1.0),
        ("auth_signing_key_age_seconds", days),
        ("auth_signing_key_rotation_seconds", 29.0 * days),
    ] {
        assert_eq!(value(&lines, series), Some(expected), "{series}");
    }
    assert!(value(&lines, "auth_revocation_lag_seconds") < Some(1.0));
    drop(events);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hash_that_is_turned_away_is_counted() {
    let service = Service::with(Backend::Sqlite, |settings| {
        settings.passwords.hash_workers = 1;
        settings.passwords.queue_length = 1;
        settings.passwords.argon2_memory_kib = 19_456;
    })
    .await;
    let body = json!({ "email": "ada@example.org", "password": PASSWORD });
    let mut busy = 0.0;
    for _ in 0..20 {
        let attempts = (0..4).map(|_| service.post("/v1/login", body.clone()));
        let answers = futures_util::future::join_all(attempts).await;
        busy += answers
            .iter()
            .filter(|answer| answer.code() == "busy")
            .count() as f64;
        if busy > 0.0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(busy > 0.0, "nobody was turned away");
    let lines = scrape(&service).await;
    assert_eq!(value(&lines, "auth_hashes_shed_total"), Some(busy));
    assert_eq!(
        value(&lines, r#"auth_logins_total{result="busy"}"#),
        Some(busy)
    );
}

fn set(values: &[&str]) -> BTreeSet<String> {
    values.iter().map(ToString::to_string).collect()
}

/// The values of each label.
fn labels(lines: &[String]) -> BTreeMap<String, BTreeSet<String>> {
    let mut labels = BTreeMap::<_, BTreeSet<String>>::new();
    let series = lines.iter().filter(|line| !line.starts_with('#'));
    for pairs in series.filter_map(|line| line.split_once('{')?.1.rsplit_once('}')) {
        for pair in pairs.0.trim_end_matches('"').split("\",") {
            let (name, value) = pair.split_once("=\"").expect("a label");
            labels
                .entry(name.to_owned())
                .or_default()
                .insert(value.to_owned());
        }
    }
    labels
}
