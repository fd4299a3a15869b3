//! `kubectl apply` again and again: what may not change does not, and what failed can be read.

use std::path::Path;

use serde_json::Value;

use super::overlay::{filled_in, list, number, objects, production, text};

/// The migration's Job as `kubectl apply -k` would send it.
fn job(folder: &Path) -> Value {
    let made = objects(&folder.join("k8s/overlays/production"));
    let complaint = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "{complaint}");
    let objects: Value = serde_json::from_slice(&made.stdout).expect("a list of objects");
    let mut jobs = list(&objects)
        .iter()
        .filter(|object| object["kind"] == "Job");
    jobs.next().expect("a Job").clone()
}

/// The template of a Job can't be changed: with any change in it, the API server refuses the whole
/// Job, while the Deployment is already another.
#[test]
fn a_job_that_is_there_is_in_nobodys_way() {
    let folder = filled_in();
    let production = folder.path().join("k8s/overlays/production");
    let change = |file: &str, from: &str, to: &str| {
        let path = production.join(file);
        let before = std::fs::read_to_string(&path).expect("a file");
        assert!(before.contains(from), "{file}: {from}");
        std::fs::write(&path, before.replace(from, to)).expect("a file");
    };
    let first = job(folder.path());
    assert_eq!(first["metadata"]["name"], "auth-service-migrate-0.1.0");

    change("secret.env", "PASSWORD", "another");
    change(
        "settings.env",
        "AUTH__MODE",
        "AUTH__LOG__FILTER=debug\nAUTH__MODE",
    );
    assert_eq!(job(folder.path()), first);

    change("kustomization.yaml", "newTag: 0.1.0", "newTag: 0.2.0");
    let next = job(folder.path());
    assert_eq!(next["metadata"]["name"], "auth-service-migrate-0.2.0");

    change(
        "kustomization.yaml",
        "registry.example.com/",
        "registry.example.com:5000/",
    );
    change(
        "kustomization.yaml",
        "delimiter: ':', index: 1",
        "delimiter: ':', index: 2",
    );
    assert_eq!(
        job(folder.path())["metadata"]["name"],
        next["metadata"]["name"]
    );
}

#[test]
fn a_migration_that_failed_can_be_read_for_days() {
    let job = &production().one("Job", "auth-service-migrate-")["spec"];
    assert_eq!(job["template"]["spec"]["restartPolicy"], "Never");
    assert!(number(&job["ttlSecondsAfterFinished"]) >= 3 * 24 * 60 * 60);
}

/// The Secret that the Job reads has one name for ever, so what is taken out of it is gone; the
/// servers' has a new name with each change, and docs/OPERATIONS.md says how the old ones go.
#[test]
fn only_the_servers_secret_is_renamed_with_what_it_holds() {
    let names: Vec<_> = production()
        .all("Secret")
        .iter()
        .map(|secret| text(&secret["metadata"]["name"]).to_owned())
        .collect();
    assert_eq!(names.len(), 2);
    let renamed = |name: &&String| *name != "auth-service-migrate" && name.len() == 23;
    assert!(
        names.contains(&"auth-service-migrate".to_owned()),
        "{names:?}"
    );
    assert_eq!(names.iter().filter(renamed).count(), 1, "{names:?}");
}
