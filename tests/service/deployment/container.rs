//! `deploy/Dockerfile` and `deploy/compose.yaml`, judged by hadolint and docker-compose.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::overlay::{list, text};
use super::settings::load;
use crate::support::outside::root;

/// Runs a tool of `tests/deployment`, and returns what it says.
fn judged(arguments: &[&str], environment: &[(&str, &str)]) -> Result<String, String> {
    let mut command = Command::new(root().join("tests/deployment/run"));
    command.args(arguments).current_dir(root().join("deploy"));
    command
        .env_remove("ENCRYPTION_KEY")
        .envs(environment.iter().copied());
    let ran = command.output().expect("tests/deployment/run");
    let said = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    match ran.status.success() {
        true => Ok(said(ran.stdout)),
        false => Err(said(ran.stdout) + &said(ran.stderr)),
    }
}

#[test]
fn the_image_is_what_image_root_makes_and_nothing_else() {
    assert_eq!(judged(&["hadolint", "Dockerfile"], &[]).as_deref(), Ok(""));
    let read = |path: &str| std::fs::read_to_string(root().join(path)).expect("a file");
    let dockerfile = read("deploy/Dockerfile");
    let toolchain = read("Cargo.toml");
    let version = toolchain
        .lines()
        .find_map(|line| line.strip_prefix("rust-version = "));
    let from = format!(
        "FROM rust:{}-bookworm AS build",
        version.expect("a version").trim_matches('"')
    );
    assert!(dockerfile.lines().any(|line| line == from), "{from}");
    let (build, last) = dockerfile
        .split_once("\nFROM scratch\n")
        .expect("an empty last stage");
    assert!(build.contains("deploy/image-root target/release/auth-service /image"));
    let brought: Vec<_> = last
        .lines()
        .filter(|line| line.starts_with("COPY") || line.starts_with("ADD"))
        .collect();
    assert_eq!(brought, ["COPY --from=build /image /"]);
    for line in [
        "USER 65532:65532",
        "ENTRYPOINT [\"/auth-service\"]",
        "CMD [\"serve\"]",
        "HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD [\"/auth-service\", \"healthcheck\", \"--live\"]",
    ] {
        assert!(last.lines().any(|it| it == line), "{line}");
    }
}

fn compose() -> Value {
    let key = [(
        "ENCRYPTION_KEY",
        "c2l4dGVlbiByYW5kb20gYnl0ZXMgYW5kIDE2IG1vcmU=",
    )];
    let made = judged(&["compose", "config", "--format", "json"], &key).expect("a sound file");
    serde_json::from_str(&made).expect("JSON")
}

#[test]
fn compose_takes_the_file_and_asks_for_a_key() {
    let compose = compose();
    let services: Vec<_> = compose["services"]
        .as_object()
        .expect("services")
        .keys()
        .collect();
    assert_eq!(
        services,
        ["auth-service", "grafana", "postgres", "prometheus", "redis"]
    );
    let refused = judged(&["compose", "config", "--quiet"], &[]).expect_err("no key");
    assert!(refused.contains("ENCRYPTION_KEY"), "{refused}");
}

#[test]
fn compose_starts_the_service_with_settings_that_it_takes() {
    let service = compose()["services"]["auth-service"].clone();
    let healthcheck = serde_json::json!(["CMD", "/auth-service", "healthcheck"]);
    assert_eq!(service["healthcheck"]["test"], healthcheck);
    let variables = service["environment"].as_object().expect("variables");
    let environment: BTreeMap<_, _> = variables
        .iter()
        .map(|(name, value)| (name.clone(), text(value).to_owned()))
        .collect();
    let settings = load(&environment);
    assert!(settings.validate().is_ok(), "{:?}", settings.validate());
    assert!(settings.database.url.contains("@postgres:5432/"));
    assert_eq!(settings.redis.url.as_deref(), Some("redis://redis:6379"));
}

#[test]
fn compose_has_prometheus_scrape_the_service_and_grafana_ask_prometheus() {
    let compose = compose();
    let networks = |service: &str| {
        let networks = compose["services"][service]["networks"].as_object();
        networks
            .expect("networks")
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    let meet = |one: &str, other: &str| networks(one).iter().any(|it| networks(other).contains(it));
    assert!(meet("prometheus", "auth-service") && meet("grafana", "prometheus"));
    let mounted = |service: &str, at: &str| {
        let volumes = list(&compose["services"][service]["volumes"]);
        let found = volumes.iter().find(|volume| text(&volume["target"]) == at);
        PathBuf::from(text(&found.unwrap_or_else(|| panic!("{at}"))["source"]))
    };
    let rules = mounted("prometheus", "/etc/prometheus");
    let config = std::fs::read_to_string(rules.join("prometheus.yml")).expect("a configuration");
    assert!(config.contains("- auth-service:9090"), "{config}");
    let made = |name: &str| text(&compose["configs"][name]["content"]);
    assert!(made("grafana-prometheus").contains("url: http://prometheus:9090"));
    let folder = "/var/lib/grafana/dashboards";
    assert!(made("grafana-dashboards").contains(&format!("path: {folder}")));
    assert!(
        mounted("grafana", folder)
            .join("auth-service.json")
            .is_file()
    );
}

#[test]
fn compose_gives_away_no_more_than_it_must() {
    let compose = compose();
    let service = &compose["services"]["auth-service"];
    assert_eq!(service["read_only"], true);
    assert_eq!(service["cap_drop"], serde_json::json!(["ALL"]));
    assert_eq!(
        service["security_opt"],
        serde_json::json!(["no-new-privileges:true"])
    );
    assert_eq!(list(&service["volumes"]).len(), 0);
    for (name, service) in compose["services"].as_object().expect("services") {
        let published = list(&service["ports"]);
        let loopback = published.iter().all(|port| port["host_ip"] == "127.0.0.1");
        assert!(loopback, "{name}");
        assert!(
            published.is_empty() || !["postgres", "redis"].contains(&name.as_str()),
            "{name}"
        );
    }
}
