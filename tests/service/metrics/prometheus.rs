//! A real Prometheus, with the configuration and the rules of `deploy/prometheus`.

use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::outside::{free_port, root};

/// A running Prometheus. Killed when it is dropped.
pub struct Prometheus {
    base: String,
    http: reqwest::Client,
    child: Child,
    _folder: TempDir,
}

/// What takes minutes takes seconds, so that a test need not wait; nothing else is changed.
fn hurried(rules: &str) -> String {
    let mut rules = rules.to_owned();
    for (minutes, seconds) in [
        ("[5m]", "[4s]"),
        ("[15m]", "[20s]"),
        ("offset 15m", "offset 4s"),
    ] {
        assert!(rules.contains(minutes), "the rules say {minutes}");
        rules = rules.replace(minutes, seconds);
    }
    for minutes in ["1m", "2m", "5m", "10m", "15m"] {
        rules = rules.replace(&format!("for: {minutes}\n"), "for: 1s\n");
    }
    assert!(
        !rules.contains("m\n        labels"),
        "every `for` is hurried"
    );
    rules
}

fn deployed(name: &str) -> String {
    let path = root().join("deploy/prometheus").join(name);
    std::fs::read_to_string(path).expect("a file of the deployment")
}

impl Prometheus {
    /// One that scrapes these addresses, `127.0.0.1:1234` each, twice a second.
    pub async fn start(targets: &[String]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let write = |name: &str, text: String| {
            std::fs::write(folder.path().join(name), text).expect("a file can be written");
        };
        let config = deployed("prometheus.yml");
        let (target, interval) = ("auth-service:9090", ": 15s");
        assert!(
            config.contains(target) && config.contains(interval),
            "{config}"
        );
        let targets = targets.join("\n          - ");
        let config = config
            .replace(target, &targets)
            .replace(interval, ": 500ms");
        write("prometheus.yml", config);
        write("rules.yml", hurried(&deployed("rules.yml")));
        let port = free_port();
        let log = std::fs::File::create(folder.path().join("log")).expect("a log");
        let child = Command::new("prometheus")
            .arg("--config.file=prometheus.yml")
            .arg("--storage.tsdb.path=data")
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .arg("--log.level=warn")
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("prometheus runs");
        let this = Self {
            base: format!("http://127.0.0.1:{port}"),
            http: reqwest::Client::builder()
                .no_proxy()
                .build()
                .expect("a client can be made"),
            child,
            _folder: folder,
        };
        this.until_ready().await;
        this
    }

    async fn until_ready(&self) {
        let began = Instant::now();
        let url = format!("{}/-/ready", self.base);
        while !(self.http.get(&url).send().await).is_ok_and(|answer| answer.status().is_success()) {
            assert!(
                began.elapsed() < Duration::from_secs(30),
                "it does not start"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn ask(&self, path: &str, query: &[(&str, &str)]) -> Value {
        let url = reqwest::Url::parse_with_params(&format!("{}{path}", self.base), query);
        let asked = self.http.get(url.expect("an address")).send().await;
        let answer = asked.expect("it answers").json::<Value>().await;
        let answer = answer.expect("it answers with JSON");
        assert_eq!(answer["status"], "success", "{query:?}: {answer}");
        answer["data"].clone()
    }

    /// The numbers that a query finds now, those that are none left out.
    pub async fn values(&self, query: &str) -> Vec<f64> {
        let data = self.ask("/api/v1/query", &[("query", query)]).await;
        let result = data["result"].as_array().expect("a vector").clone();
        let number = |sample: &Value| sample["value"][1].as_str()?.parse::<f64>().ok();
        let numbers = result.iter().filter_map(number);
        numbers.filter(|number| number.is_finite()).collect()
    }

    /// The names of the alerts that are firing.
    pub async fn firing(&self) -> BTreeSet<String> {
        let data = self.ask("/api/v1/alerts", &[]).await;
        let alerts = data["alerts"].as_array().expect("alerts").clone();
        let firing = alerts.iter().filter(|alert| alert["state"] == "firing");
        let name = |alert: &Value| alert["labels"]["alertname"].as_str().map(str::to_owned);
        firing.filter_map(name).collect()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
