//! The environment that the manifests make is one that the service takes, and it fits the pod.

use std::collections::BTreeMap;

use kernel::config::{Mode, Settings};
use serde_json::Value;

use super::overlay::{Overlay, bytes, dev, list, number, production, text};

/// Refuses a name that is none of a setting.
pub fn load(environment: &BTreeMap<String, String>) -> Settings {
    let settings = Settings::load(None, environment.clone().into_iter());
    settings.unwrap_or_else(|error| panic!("{error}"))
}

fn of_server(overlay: &Overlay) -> Settings {
    load(&overlay.environment(&overlay.server()))
}

#[test]
fn each_overlay_is_a_configuration_that_starts() {
    for (overlay, mode) in [(dev(), Mode::Dev), (production(), Mode::Production)] {
        let settings = of_server(overlay);
        assert_eq!(settings.mode, mode);
        let problems = settings.validate();
        assert!(problems.is_ok(), "{problems:?}");
        for pod in overlay.pods() {
            for name in load_names(overlay, &pod.template) {
                let known = name.starts_with("AUTH__")
                    || ["DATABASE_URL", "REDIS_URL", "TOKIO_WORKER_THREADS"].contains(&&*name);
                assert!(known, "{}: {name} is none of ours", pod.of);
            }
        }
    }
}

fn load_names(overlay: &Overlay, template: &Value) -> Vec<String> {
    let environment = overlay.environment(template);
    load(&environment);
    environment.into_keys().collect()
}

#[test]
fn a_template_that_was_not_filled_in_does_not_start() {
    let mut environment = production().environment(&production().server());
    environment.insert("AUTH__KEYS__ENCRYPTION_KEYS".into(), String::new());
    let problems = load(&environment).validate().expect_err("no key");
    assert!(
        problems
            .iter()
            .any(|it| it.to_string().contains("keys.encryption_keys")),
        "{problems:?}"
    );
}

#[test]
fn the_job_is_given_the_database_alone() {
    let pods = production().pods();
    let job = pods
        .iter()
        .find(|pod| pod.of.starts_with("Job "))
        .expect("a Job");
    assert_eq!(load_names(production(), &job.template), ["DATABASE_URL"]);
    let containers = |template: &Value| template["spec"]["containers"][0].clone();
    let (migrate, serve) = (
        containers(&job.template),
        containers(&production().server()),
    );
    assert_eq!(
        (&migrate["args"], &serve["args"]),
        (&["migrate"].into(), &["serve"].into())
    );
    assert_eq!(migrate["image"], serve["image"]);
    let image = text(&serve["image"]);
    assert!(
        image.contains(':') && !image.ends_with(":latest"),
        "{image}"
    );
}

#[test]
fn listeners_are_those_of_the_ports_and_reachable() {
    for overlay in [dev(), production()] {
        let settings = of_server(overlay);
        let server = overlay.server();
        let ports: Vec<_> = list(&server["spec"]["containers"][0]["ports"])
            .iter()
            .map(|it| number(&it["containerPort"]))
            .collect();
        let listeners = [settings.listen, settings.internal_listen];
        assert_eq!(ports, listeners.map(|it| u64::from(it.port())));
        assert!(listeners.iter().all(|it| it.ip().is_unspecified()));
    }
}

#[test]
fn sqlite_has_a_volume_and_one_writer() {
    let server = dev().server();
    let data_dir = of_server(dev()).data_dir;
    let mounts = list(&server["spec"]["containers"][0]["volumeMounts"]);
    assert!(
        mounts
            .iter()
            .any(|it| text(&it["mountPath"]) == data_dir.to_str().expect("text"))
    );
    let deployment = &dev().one("Deployment", "auth-service")["spec"];
    assert_eq!(
        (&deployment["replicas"], &deployment["strategy"]["type"]),
        (&1.into(), &"Recreate".into())
    );
    assert!(dev().all("HorizontalPodAutoscaler").is_empty());
}

#[test]
fn threads_and_memory_fit_the_pod_whatever_the_node_has() {
    for overlay in [dev(), production()] {
        let settings = of_server(overlay);
        let server = overlay.server();
        let limit = bytes(&server["spec"]["containers"][0]["resources"]["limits"]["memory"]);
        let (hashing, serving) = (settings.passwords.hash_workers, settings.http.workers);
        assert!(hashing > 0 && serving > 0, "one a core of the node");
        let hashes = hashing as u64 * u64::from(settings.passwords.argon2_memory_kib) * 1024;
        // Idle, with its cache of tokens full and every connection open: docs/OPERATIONS.md, Footprint.
        assert!(limit >= hashes + (128 << 20), "{limit}");
    }
}

/// The most pods that hold connections at once: those that are wanted, one that is new, those that
/// end, and one that a drained node moves meanwhile.
fn pods_at_most(deployment: &Value, wanted: u64) -> u64 {
    let rolling = &deployment["strategy"]["rollingUpdate"];
    let surge = number(&rolling["maxSurge"]);
    let at_once = surge + number(&rolling["maxUnavailable"]);
    // The next old one is told to stop when the new one before it has been ready for so long.
    let apart = number(&deployment["minReadySeconds"]).max(1);
    let ends_within = number(&deployment["template"]["spec"]["terminationGracePeriodSeconds"]);
    let ending = (ends_within.div_ceil(apart) * at_once).min(wanted);
    let moved =
        number(&production().one("PodDisruptionBudget", "auth-service")["spec"]["maxUnavailable"]);
    wanted + surge + ending + moved
}

#[test]
fn postgres_has_connections_for_every_pod_of_an_upgrade() {
    let settings = of_server(production());
    let most =
        number(&production().one("HorizontalPodAutoscaler", "auth-service")["spec"]["maxReplicas"]);
    assert_eq!(u64::from(settings.database.replicas), most);
    let pods = pods_at_most(
        &production().one("Deployment", "auth-service")["spec"],
        most,
    );
    let needed = pods * u64::from(settings.database.max_connections) + 1; // the migration's
    let given = 100 - 3; // by default, without those that are kept for superusers
    assert!(needed <= given, "{needed}");
    // Who sizes a database reads it there.
    let told = format!("{pods} pods, {needed} connections");
    let operations = include_str!("../../../docs/OPERATIONS.md");
    assert!(operations.contains(&told), "docs/OPERATIONS.md: {told}");
}
