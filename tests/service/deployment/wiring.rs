//! What names something in the manifests names what is there: labels, ports, paths, hosts.

use serde_json::Value;

use super::overlay::{Overlay, dev, list, number, production, selects, text};
use crate::support::{Backend, Service};

/// The number of a pod's port that has this name.
fn port(template: &Value, name: &Value) -> u64 {
    let ports = list(&template["spec"]["containers"][0]["ports"]);
    let found = ports.iter().find(|port| port["name"] == *name);
    number(&found.unwrap_or_else(|| panic!("no port {name}"))["containerPort"])
}

fn labels(template: &Value) -> &Value {
    &template["metadata"]["labels"]
}

#[test]
fn services_lead_to_the_servers_and_to_nothing_else() {
    for overlay in [dev(), production()] {
        let server = overlay.server();
        let deployment = overlay.one("Deployment", "auth-service");
        assert!(selects(
            &deployment["spec"]["selector"]["matchLabels"],
            labels(&server)
        ));
        for service in overlay.all("Service") {
            for pod in overlay.pods() {
                let selected = selects(&service["spec"]["selector"], labels(&pod.template));
                assert_eq!(
                    selected,
                    pod.of.starts_with("Deployment "),
                    "{} and {}",
                    service["metadata"]["name"],
                    pod.of
                );
            }
            for exposed in list(&service["spec"]["ports"]) {
                assert_eq!(
                    number(&exposed["port"]),
                    port(&server, &exposed["targetPort"])
                );
                assert_eq!(exposed["name"], exposed["targetPort"]);
            }
        }
    }
}

/// The names of the ports that a Service exposes.
fn exposed<'a>(overlay: &'a Overlay, service: &str) -> Vec<&'a str> {
    let services = overlay.all("Service");
    let found = services
        .iter()
        .find(|it| it["metadata"]["name"] == *service);
    let ports = list(&found.expect("the Service")["spec"]["ports"]);
    ports.iter().map(|port| text(&port["name"])).collect()
}

#[test]
fn the_ingress_serves_the_issuer_over_tls_and_the_public_listener_alone() {
    assert_eq!(exposed(production(), "auth-service"), ["http"]);
    assert_eq!(exposed(production(), "auth-service-internal"), ["internal"]);
    assert_eq!(exposed(production(), "auth-service-keys"), ["http"]);
    assert_eq!(production().all("Ingress").len(), 1);
    assert!(dev().all("Ingress").is_empty());
    let ingress = &production().one("Ingress", "auth-service")["spec"];
    let environment = production().environment(&production().server());
    for rule in list(&ingress["rules"]) {
        // As the API server wants a host (RFC 1123), which an issuer with a port would not be.
        let labels = text(&rule["host"]).split('.');
        let is_label = |label: &str| {
            let byte =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            !label.is_empty() && label.bytes().all(byte)
        };
        assert!(labels.into_iter().all(is_label), "{}", rule["host"]);
        assert_eq!(
            format!("https://{}", text(&rule["host"])),
            environment["AUTH__ISSUER"]
        );
        assert!(
            list(&ingress["tls"])
                .iter()
                .any(|tls| list(&tls["hosts"]).contains(&rule["host"]))
        );
        let paths = list(&rule["http"]["paths"]).iter();
        let leads: Vec<_> = paths
            .map(|path| {
                let backend = &path["backend"]["service"];
                assert_eq!(backend["port"]["name"], "http");
                (text(&path["path"]), text(&backend["name"]))
            })
            .collect();
        assert_eq!(
            leads,
            [
                ("/.well-known/", "auth-service-keys"),
                ("/", "auth-service")
            ]
        );
    }
    for service in production().all("Service") {
        assert!(["ClusterIP", ""].contains(&service["spec"]["type"].as_str().unwrap_or_default()));
    }
}

#[test]
fn policies_cover_every_pod_and_both_listeners() {
    for overlay in [dev(), production()] {
        let policy = &overlay.one("NetworkPolicy", "auth-service")["spec"];
        for pod in overlay.pods() {
            assert!(
                selects(&policy["podSelector"]["matchLabels"], labels(&pod.template)),
                "{}",
                pod.of
            );
        }
        assert_eq!(
            policy["policyTypes"],
            serde_json::json!(["Ingress", "Egress"])
        );
        let mut ports = Vec::new();
        for rule in list(&policy["ingress"]) {
            assert!(
                !list(&rule["from"]).is_empty(),
                "a rule without `from` lets everybody in"
            );
            for from in list(&rule["from"]) {
                let namespaces = from["namespaceSelector"]["matchLabels"].as_object();
                assert!(namespaces.is_some_and(|labels| labels.len() == 1), "{from}");
            }
            ports.extend(
                list(&rule["ports"])
                    .iter()
                    .map(|it| port(&overlay.server(), &it["port"])),
            );
        }
        assert_eq!(ports, [8080, 9090]);
    }
}

/// While the database is away no pod is ready, and each still has the keys in memory:
/// `crash::ready` shows that it hands them out. // L6
#[test]
fn keys_are_handed_out_while_no_pod_is_ready() {
    for overlay in [dev(), production()] {
        for service in overlay.all("Service") {
            let name = text(&service["metadata"]["name"]);
            let unready = service["spec"]["publishNotReadyAddresses"] == true;
            assert_eq!(unready, name == "auth-service-keys", "{name}");
        }
    }
}

/// Where an URL of the environment leads; its scheme's usual port where it names none.
fn port_of(url: &str) -> u64 {
    let authority = url
        .split("://")
        .nth(1)
        .and_then(|rest| rest.split('/').next());
    let host = authority
        .and_then(|it| it.rsplit('@').next())
        .expect("a URL");
    let usual = if url.starts_with("postgres") {
        5432
    } else {
        6379
    };
    host.rsplit_once(':')
        .map_or(usual, |(_, port)| port.parse().expect("a port"))
}

#[test]
fn pods_may_reach_names_and_databases_and_nothing_else() {
    let mut ports = Vec::new();
    for policy in production().all("NetworkPolicy") {
        for rule in list(&policy["spec"]["egress"]) {
            assert!(
                !list(&rule["to"]).is_empty(),
                "a rule without `to` lets them everywhere"
            );
            for to in list(&rule["to"]) {
                assert_ne!(to["ipBlock"]["cidr"], "0.0.0.0/0");
            }
            ports.extend(list(&rule["ports"]).iter().map(|it| number(&it["port"])));
        }
    }
    let environment = production().environment(&production().server());
    let stores = ["DATABASE_URL", "REDIS_URL"].map(|name| port_of(&environment[name]));
    assert_eq!(ports, [53, 53, stores[0], stores[1], port_of(&collector())]);
}

/// Where `settings.env` proposes to send traces.
fn collector() -> String {
    let settings = include_str!("../../../k8s/overlays/production/settings.env");
    let proposed = settings
        .lines()
        .find_map(|line| line.strip_prefix("# AUTH__TELEMETRY__OTLP_ENDPOINT="));
    proposed.expect("a proposal").to_owned()
}

#[test]
fn the_collector_that_is_proposed_is_taken() {
    let mut environment = production().environment(&production().server());
    environment.insert("AUTH__TELEMETRY__OTLP_ENDPOINT".into(), collector());
    let settings = super::settings::load(&environment);
    assert_eq!(settings.telemetry.otlp_endpoint, Some(collector()));
    assert!(settings.validate().is_ok(), "{:?}", settings.validate());
}

#[test]
fn what_watches_scales_and_spares_the_pods_finds_them() {
    let server = production().server();
    let budget = &production().one("PodDisruptionBudget", "auth-service")["spec"];
    assert!(selects(&budget["selector"]["matchLabels"], labels(&server)));
    for spread in list(&server["spec"]["topologySpreadConstraints"]) {
        assert!(selects(
            &spread["labelSelector"]["matchLabels"],
            labels(&server)
        ));
    }
    let target =
        &production().one("HorizontalPodAutoscaler", "auth-service")["spec"]["scaleTargetRef"];
    let deployment = production().one("Deployment", text(&target["name"]));
    assert_eq!(
        (&deployment["apiVersion"], &deployment["kind"]),
        (&target["apiVersion"], &target["kind"])
    );
    assert!(
        deployment["spec"]["replicas"].is_null(),
        "an apply would undo the autoscaler"
    );

    let monitor = &production().one("ServiceMonitor", "auth-service")["spec"];
    let watched: Vec<_> = production()
        .all("Service")
        .into_iter()
        .filter(|it| {
            selects(
                &monitor["selector"]["matchLabels"],
                &it["metadata"]["labels"],
            )
        })
        .collect();
    assert_eq!(watched.len(), 1);
    for endpoint in list(&monitor["endpoints"]) {
        assert!(
            list(&watched[0]["spec"]["ports"])
                .iter()
                .any(|port| port["name"] == endpoint["port"])
        );
        assert_eq!(endpoint["port"], "internal");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_paths_that_are_asked_are_there_on_the_internal_listener_alone() {
    let service = Service::start(Backend::Sqlite).await;
    let container = &production().server()["spec"]["containers"][0];
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
        let ask = &container[probe]["httpGet"];
        assert_eq!(ask["port"], "internal", "{probe}");
        let path = text(&ask["path"]);
        assert_eq!(service.get_internal(path).await.status, 200, "{probe}");
        assert_eq!(service.get(path).await.status, 404, "{probe}");
    }
    for endpoint in list(&production().one("ServiceMonitor", "auth-service")["spec"]["endpoints"]) {
        let path = text(&endpoint["path"]);
        let scraped = service.get_internal(path).await;
        assert_eq!(scraped.status, 200, "{path}");
        assert!(scraped.text.contains("\nauth_build_info{"), "{path}");
        assert_eq!(service.get(path).await.status, 404, "{path}");
    }
    assert_eq!(container["livenessProbe"]["httpGet"]["path"], "/livez");
    assert_eq!(container["readinessProbe"]["httpGet"]["path"], "/readyz");
}
