//! Kubernetes would take what kustomize makes, and no secret is in the repository.

use std::fs;

use super::overlay::{Overlay, dev, filled_in, objects, production, text};
use crate::support::outside::root;

fn kinds(overlay: &Overlay) -> Vec<&str> {
    let mut kinds: Vec<_> = overlay
        .objects()
        .iter()
        .map(|object| text(&object["kind"]))
        .collect();
    kinds.sort_unstable();
    kinds
}

#[test]
fn every_object_of_each_overlay_passes_the_schemas() {
    let both = [
        "ConfigMap",
        "Deployment",
        "Namespace",
        "NetworkPolicy",
        "Service",
        "Service",
        "Service",
        "ServiceAccount",
    ];
    let mut in_production = both.to_vec();
    in_production.extend(["HorizontalPodAutoscaler", "Ingress", "Job"]);
    in_production.extend(["NetworkPolicy", "NetworkPolicy"]);
    in_production.extend(["PodDisruptionBudget", "Secret", "Secret", "ServiceMonitor"]);
    in_production.sort_unstable();
    assert_eq!(kinds(production()), in_production);
    let mut in_dev = [&both[..], &["PersistentVolumeClaim"]].concat();
    in_dev.sort_unstable();
    assert_eq!(kinds(dev()), in_dev);
    for object in dev().objects().iter().chain(production().objects()) {
        let meta = &object["metadata"];
        let namespace = if object["kind"] == "Namespace" {
            &meta["name"]
        } else {
            &meta["namespace"]
        };
        assert_eq!(namespace, "auth", "{object}");
        assert_eq!(
            meta["labels"]["app.kubernetes.io/name"], "auth-service",
            "{object}"
        );
    }
}

/// File, what is there, a fault in its place, and what is said of it.
const FAULTS: [(&str, &str, &str, &str); 6] = [
    (
        "base/deployment.yaml",
        "minReadySeconds",
        "minReadySecond",
        "'minReadySecond' was unexpected",
    ),
    (
        "base/deployment.yaml",
        "drop: [ALL]",
        "drops: [ALL]",
        "'drops' was unexpected",
    ),
    (
        "base/deployment.yaml",
        "periodSeconds: 10",
        "periodSeconds: often",
        "'often' is not of type",
    ),
    (
        "base/services.yaml",
        "apiVersion: v1",
        "apiVersion: v2",
        "Couldn't find schema for kind Service",
    ),
    (
        "overlays/production/monitoring.yaml",
        "interval: 15s",
        "intervall: 15s",
        "'intervall' was unexpected",
    ),
    (
        "overlays/production/monitoring.yaml",
        "interval: 15s",
        "interval: [15s]",
        "interval",
    ),
];

#[test]
fn a_fault_is_found_and_named() {
    for (file, right, wrong, said) in FAULTS {
        let folder = filled_in();
        let path = folder.path().join("k8s").join(file);
        let manifest = fs::read_to_string(&path).expect("a manifest");
        assert!(manifest.contains(right), "{file}: {right}");
        fs::write(&path, manifest.replacen(right, wrong, 1)).expect("a file");
        let made = objects(&folder.path().join("k8s/overlays/production"));
        let complaint = String::from_utf8_lossy(&made.stderr);
        assert!(
            !made.status.success() && complaint.contains(said),
            "{wrong}: {complaint}"
        );
    }
}

#[test]
fn no_secret_is_in_the_repository_and_production_is_not_made_without_one() {
    let k8s = root().join("k8s/overlays/production");
    let folder = filled_in();
    let filled = folder.path().join("k8s/overlays/production");
    fs::remove_file(filled.join("secret.env")).expect("it was filled in");
    let made = objects(&filled);
    let complaint = String::from_utf8_lossy(&made.stderr);
    assert!(
        !made.status.success() && complaint.contains("secret.env"),
        "{complaint}"
    );

    let ignored = fs::read_to_string(root().join(".gitignore")).expect("a file");
    assert!(
        ignored
            .lines()
            .any(|line| line == "/k8s/overlays/*/secret.env"),
        "{ignored}"
    );
    let template = fs::read_to_string(k8s.join("secret.env.example")).expect("a template");
    let key = template
        .lines()
        .find_map(|line| line.strip_prefix("AUTH__KEYS__ENCRYPTION_KEYS="));
    assert_eq!(key, Some(""), "a template holds no key");
    for entry in fs::read_dir(k8s).expect("a folder") {
        let path = entry.expect("an entry").path();
        let manifest = fs::read_to_string(&path).unwrap_or_default();
        assert!(!manifest.contains("kind: Secret"), "{}", path.display());
    }
}
