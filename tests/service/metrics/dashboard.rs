//! Every query of the dashboard finds something in a real Prometheus.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::prometheus::Prometheus;
use crate::support::redis::Redis;
use crate::support::{Backend, Client, PASSWORD, Service};

/// The panels of the dashboard, those within rows too.
fn panels(node: &Value) -> Vec<&Value> {
    let own = node["panels"].as_array().into_iter().flatten();
    own.flat_map(|panel| std::iter::once(panel).chain(panels(panel)))
        .collect()
}

/// Each query with the title of its panel, as Grafana would send it.
fn queries(dashboard: &Value) -> Vec<(String, String)> {
    let mut queries = Vec::new();
    for panel in panels(dashboard) {
        let title = panel["title"].as_str().expect("a title");
        for target in panel["targets"].as_array().into_iter().flatten() {
            let query = target["expr"].as_str().expect("a query");
            let query = query
                .replace("$__rate_interval", "4s")
                .replace("$job", "auth-service.*")
                .replace("$instance", ".*");
            assert!(
                !query.contains('$'),
                "{title}: a variable is left in {query}"
            );
            queries.push((title.to_owned(), query));
        }
    }
    queries
}

/// A little of everything, until it is dropped.
async fn use_it(client: Client) {
    let ada = client.signup("ada@example.org").await;
    let body = json!({ "email": "ada@example.org", "password": PASSWORD });
    loop {
        client.post("/v1/login", body.clone()).await;
        client.refresh(&ada.refresh).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_query_finds_something() {
    let redis = Redis::start().await;
    let service = Service::with(Backend::Postgres, |settings| {
        settings.redis.url = Some(redis.url());
    })
    .await;
    let prometheus = Prometheus::start(&[service.internal.replace("http://", "")]).await;
    let using = tokio::spawn(use_it(service.client()));

    let dashboard = include_str!("../../../deploy/grafana/auth-service.json");
    let dashboard: Value = serde_json::from_str(dashboard).expect("JSON");
    let mut empty = queries(&dashboard);
    assert!(empty.len() > 30, "{empty:?}");
    let began = Instant::now();
    while !empty.is_empty() {
        let late = began.elapsed() > Duration::from_secs(30);
        assert!(!late, "these find nothing: {empty:#?}");
        let mut left = Vec::new();
        for (title, query) in empty {
            if prometheus.values(&query).await.is_empty() {
                left.push((title, query));
            }
        }
        empty = left;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    using.abort();
}
