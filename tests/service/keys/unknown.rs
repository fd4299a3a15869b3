//! Tokens that name keys which are not there: anybody can send them. // I36, L7

use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use crate::support::database::Database;
use crate::support::proxy::{Flow, Proxy};
use crate::support::{Answer, Backend, Client, Service};

const JUNK: usize = 100;

fn junk(n: usize) -> String {
    let header = json!({ "alg": "ES256", "typ": "at+jwt", "kid": format!("nobody-{n}") });
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let header = part(header.to_string().as_bytes());
    format!("{header}.{}.{}", part(b"{}"), part(&[1; 64]))
}

async fn send_junk(client: &Client) -> Vec<Answer> {
    let sent = (0..JUNK).map(|n| {
        let client = client.clone();
        tokio::spawn(async move { client.me(&junk(n)).await })
    });
    let answers = futures_util::future::join_all(sent).await;
    answers.into_iter().map(|answer| answer.unwrap()).collect()
}

fn loads(proxy: &Proxy) -> usize {
    let told = proxy.statements();
    told.iter().filter(|sql| sql.contains("\"keys\"")).count()
}

/// A service with nothing in the background, through a proxy.
async fn scene(acquire_timeout: Duration) -> (Service, Proxy) {
    let database = Arc::new(Database::new(Backend::Postgres).await);
    let proxy = Proxy::before(&database.url).await;
    let url = proxy.url.clone();
    let service = Service::alone(database, |settings| {
        settings.database.url = url;
        settings.database.acquire_timeout = acquire_timeout;
        settings.revocation.max_lag = Duration::from_secs(60);
    })
    .await;
    (service, proxy)
}

#[tokio::test(flavor = "multi_thread")]
async fn junk_loads_the_keys_once_and_keeps_nobody_from_the_database() {
    let (service, proxy) = scene(Duration::from_secs(10)).await;
    let mut ada = service.signup("ada@example.org").await;
    proxy.set(Flow::Late);
    // The cool-down is over.
    service.advance(2);
    let before = loads(&proxy);
    let client = service.client();
    let storm = tokio::spawn(async move { send_junk(&client).await });
    for _ in 0..3 {
        let began = Instant::now();
        ada = service.refresh(&ada.refresh).await.tokens();
        assert!(
            began.elapsed() < Duration::from_secs(3),
            "{:?}",
            began.elapsed()
        );
    }
    for answer in storm.await.unwrap() {
        answer.expect(401, "token_invalid");
    }
    assert_eq!(loads(&proxy) - before, 1, "loads for {JUNK} tokens");
    // A load a cool-down, whatever comes.
    for _ in 0..2 {
        send_junk(&service).await;
    }
    assert_eq!(loads(&proxy) - before, 1);
    assert_eq!(service.me(&ada.access).await.status, 200, "the keys stay");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_that_failed_is_not_tried_again_at_once() {
    let patience = Duration::from_secs(2);
    let (service, proxy) = scene(patience).await;
    let ada = service.signup("ada@example.org").await;
    proxy.set(Flow::Lossy);
    service.advance(2);
    for answer in send_junk(&service).await {
        answer.expect(503, "unavailable");
    }
    let began = Instant::now();
    for _ in 0..3 {
        for answer in send_junk(&service).await {
            answer.expect(503, "unavailable");
        }
    }
    // Not even as long as two would wait for a connection.
    assert!(began.elapsed() < patience * 2, "{:?}", began.elapsed());

    proxy.set(Flow::Open);
    service.advance(2);
    for answer in send_junk(&service).await {
        answer.expect(401, "token_invalid");
    }
    service.refresh(&ada.refresh).await.tokens();
}
