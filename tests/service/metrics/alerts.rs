//! Each alert fires in a real Prometheus, for the trouble that it is there for.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::prometheus::Prometheus;
use super::troubles::Troubles;

/// The alerts that the rules name.
pub fn names(rules: &str) -> BTreeSet<&str> {
    let named = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "));
    named.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fires_for_its_trouble() {
    let troubles = Troubles::begin().await;
    let prometheus = Prometheus::start(&troubles.targets).await;
    let mut silent = names(include_str!("../../../deploy/prometheus/rules.yml"));
    assert!(silent.len() > 10, "{silent:?}");
    let began = Instant::now();
    while !silent.is_empty() {
        let firing = prometheus.firing().await;
        silent.retain(|name| !firing.contains(*name));
        let late = began.elapsed() > Duration::from_secs(120);
        assert!(!late, "these did not fire: {silent:?}");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}
