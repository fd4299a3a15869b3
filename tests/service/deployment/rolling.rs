//! An upgrade that nobody notices. That the service keeps its part of it, `shutdown` shows. // L9

use super::overlay::{dev, number, production};
use super::settings::load;

#[test]
fn a_new_pod_is_ready_before_an_old_one_goes() {
    let deployment = &production().one("Deployment", "auth-service")["spec"];
    let strategy = &deployment["strategy"];
    assert_eq!(strategy["type"], "RollingUpdate");
    assert_eq!(strategy["rollingUpdate"]["maxUnavailable"], 0);
    assert!(number(&strategy["rollingUpdate"]["maxSurge"]) >= 1);
    assert!(
        number(&deployment["minReadySeconds"]) >= 5,
        "proxies must notice it"
    );
}

#[test]
fn a_pod_serves_on_until_proxies_noticed_and_ends_before_it_is_killed() {
    for overlay in [dev(), production()] {
        let server = overlay.server();
        let http = load(&overlay.environment(&server)).http;
        let killed_after = number(&server["spec"]["terminationGracePeriodSeconds"]);
        // The internal listener takes a second more.
        let stops_within = http.shutdown_grace + http.shutdown_timeout;
        assert!(
            killed_after >= stops_within.as_secs() + 5,
            "{stops_within:?}"
        );
        // The grace is the service's own: the image has nothing that a hook could run.
        assert!(server["spec"]["containers"][0]["lifecycle"].is_null());
    }
    let grace = load(&production().environment(&production().server()))
        .http
        .shutdown_grace;
    assert!(grace.as_secs() >= 5, "proxies must notice it");
}

#[test]
fn a_drained_node_takes_one_pod_of_several() {
    let scaling = &production().one("HorizontalPodAutoscaler", "auth-service")["spec"];
    assert!(number(&scaling["minReplicas"]) >= 2);
    let budget = &production().one("PodDisruptionBudget", "auth-service")["spec"];
    assert_eq!(budget["maxUnavailable"], 1);
    let server = production().server();
    let spread = server["spec"]["topologySpreadConstraints"]
        .as_array()
        .expect("constraints");
    let keys: Vec<_> = spread
        .iter()
        .map(|it| it["topologyKey"].as_str().expect("a key"))
        .collect();
    assert_eq!(
        keys,
        ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
    );
}

/// The kubelet waits longer for readiness than the service does for its dependencies (1 s).
#[test]
fn probes_wait_for_the_answer() {
    let container = &production().server()["spec"]["containers"][0];
    for probe in ["livenessProbe", "readinessProbe"] {
        assert!(number(&container[probe]["timeoutSeconds"]) >= 2, "{probe}");
    }
    let start = &container["startupProbe"];
    assert!(number(&start["periodSeconds"]) * number(&start["failureThreshold"]) >= 30);
}
