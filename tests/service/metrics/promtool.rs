//! What Prometheus's own tool says of our metrics, rules and configuration.

use std::process::{Command, Output, Stdio};

use super::scrape;
use crate::support::outside::root;
use crate::support::{Backend, Service};

fn promtool(arguments: &[&str], input: Stdio) -> Output {
    let run = Command::new("promtool")
        .args(arguments)
        .current_dir(root())
        .stdin(input)
        .output();
    run.expect("promtool runs")
}

#[tokio::test(flavor = "multi_thread")]
async fn it_finds_nothing_to_mend_in_the_metrics() {
    let service = Service::start(Backend::Sqlite).await;
    service.signup("ada@example.org").await;
    service.login("ada@example.org").await;
    let file = service.database.folder.path().join("metrics");
    std::fs::write(&file, scrape(&service).await.join("\n") + "\n").expect("a file");
    let input = std::fs::File::open(&file).expect("the file");
    let checked = promtool(&["check", "metrics"], input.into());
    let said = String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success() && said.is_empty(), "{said}");
}

#[test]
fn it_accepts_the_configuration_and_the_rules() {
    let checked = promtool(
        &[
            "check",
            "config",
            "--lint-fatal",
            "deploy/prometheus/prometheus.yml",
        ],
        Stdio::null(),
    );
    let said = String::from_utf8_lossy(&checked.stdout);
    assert!(
        checked.status.success() && said.contains("rules found"),
        "{checked:?}"
    );
}

#[test]
fn each_alert_fires_when_it_should_and_not_before() {
    let rules = include_str!("../../../deploy/prometheus/rules.yml");
    let tests = include_str!("rules_test.yml");
    for name in super::alerts::names(rules) {
        let (not_yet, now) = (
            format!("alertname: {name} }}"),
            format!("alertname: {name}\n"),
        );
        let both = tests.contains(&not_yet) && tests.contains(&now);
        assert!(both, "{name} is not tried both ways");
    }
    let tried = promtool(
        &["test", "rules", "tests/service/metrics/rules_test.yml"],
        Stdio::null(),
    );
    assert!(tried.status.success(), "{tried:?}");
}
