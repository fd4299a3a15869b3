//! Every pod keeps to the restricted profile, point by point.

use serde_json::{Value, json};

use super::overlay::{dev, production};
use super::profile::{CONTROLS, broken_by};

#[test]
fn every_pod_keeps_to_every_control() {
    let (dev, production) = (dev().pods(), production().pods());
    assert_eq!((dev.len(), production.len()), (1, 2));
    for pod in dev.iter().chain(&production) {
        assert_eq!(broken_by(&pod.template["spec"]), [""; 0], "{}", pod.of);
    }
}

#[test]
fn the_namespace_asks_the_cluster_to_hold_it() {
    for overlay in [dev(), production()] {
        let labels = &overlay.one("Namespace", "auth")["metadata"]["labels"];
        assert_eq!(labels["pod-security.kubernetes.io/enforce"], "restricted");
    }
}

/// Beyond the profile: nothing to write to, nothing to ask Kubernetes for.
#[test]
fn no_pod_can_write_to_its_root_or_talk_to_kubernetes() {
    for pod in dev().pods().into_iter().chain(production().pods()) {
        let spec = &pod.template["spec"];
        assert_eq!(spec["automountServiceAccountToken"], false, "{}", pod.of);
        assert_eq!(spec["enableServiceLinks"], false, "{}", pod.of);
        let context = &spec["containers"][0]["securityContext"];
        assert_eq!(context["readOnlyRootFilesystem"], true, "{}", pod.of);
    }
    for kind in ["Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"] {
        assert!(
            production().all(kind).is_empty() && dev().all(kind).is_empty(),
            "{kind}"
        );
    }
}

/// A breach of each control, in its order.
fn breaches() -> [(&'static str, Value); 18] {
    let container = "/containers/0/securityContext";
    let of_container = |key: &str| -> &'static str { format!("{container}/{key}").leak() };
    [
        (
            of_container("windowsOptions"),
            json!({ "hostProcess": true }),
        ),
        ("/hostPID", json!(true)),
        (of_container("privileged"), json!(true)),
        (of_container("capabilities/add"), json!(["NET_ADMIN"])),
        (
            "/volumes",
            json!([{ "name": "it", "hostPath": { "path": "/" }, "emptyDir": {} }]),
        ),
        ("/containers/0/ports/0/hostPort", json!(8080)),
        (
            "/containers/0/livenessProbe/httpGet/host",
            json!("127.0.0.1"),
        ),
        (
            of_container("appArmorProfile"),
            json!({ "type": "Unconfined" }),
        ),
        (of_container("seLinuxOptions"), json!({ "user": "root" })),
        (of_container("procMount"), json!("Unmasked")),
        ("/securityContext/seccompProfile/type", json!("Unconfined")),
        (
            "/securityContext/sysctls",
            json!([{ "name": "kernel.msgmax", "value": "1" }]),
        ),
        (
            "/volumes",
            json!([{ "name": "it", "nfs": { "server": "it", "path": "/" } }]),
        ),
        (of_container("allowPrivilegeEscalation"), Value::Null),
        (of_container("runAsNonRoot"), json!(false)),
        (of_container("runAsUser"), json!(0)),
        ("/securityContext/seccompProfile", Value::Null),
        (of_container("capabilities/drop"), json!(["NET_RAW"])),
    ]
}

/// Sets what a pointer leads to; the last part may be new.
fn set(pod: &mut Value, pointer: &str, value: Value) {
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    pod.pointer_mut(parent).expect("the pod has it")[key] = value;
}

#[test]
fn each_control_finds_its_breach() {
    for ((control, _), (pointer, value)) in std::iter::zip(CONTROLS, breaches()) {
        let mut pod = production().server()["spec"].clone();
        set(&mut pod, pointer, value);
        // To unconfine seccomp breaks the baseline's control and the profile's own.
        let expected = match control {
            "seccomp unconfined" => vec![control, "seccomp"],
            _ => vec![control],
        };
        assert_eq!(broken_by(&pod), expected, "{pointer}");
    }
}
