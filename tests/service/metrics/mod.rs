//! What operators watch: the metrics by the tools of Prometheus, a real Prometheus with our rules
//! and our dashboard's queries, and traces in a real OpenTelemetry collector.

mod alerts;
mod collector;
mod dashboard;
mod exposition;
mod prometheus;
mod promtool;
mod traces;
mod troubles;

use crate::support::Client;

/// What `/metrics` of a service says, line by line. It is kept beside the logs, for the search for
/// secrets at the end of the run.
async fn scrape(service: &Client) -> Vec<String> {
    let answer = service.get_internal("/metrics").await;
    assert_eq!(answer.status, 200);
    let kind = answer.header("content-type");
    assert_eq!(kind, "text/plain; version=0.0.4; charset=utf-8");
    crate::support::secrets::keep("metrics.log", &answer.text);
    answer.text.lines().map(str::to_owned).collect()
}

/// The value of a series, named as the text format writes it.
fn value(lines: &[String], series: &str) -> Option<f64> {
    let line = lines.iter().find_map(|line| {
        let (name, value) = line.rsplit_once(' ')?;
        (name == series).then_some(value)
    });
    line.map(|value| value.parse().expect("a number"))
}
