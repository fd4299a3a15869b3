//! The restricted profile of the Pod Security Standards, a rule for each control of its list
//! (kubernetes.io/docs/concepts/security/pod-security-standards, the baseline's first).

use serde_json::Value;

use super::overlay::list;

/// A control and whether a pod's spec keeps to it.
pub type Control = (&'static str, fn(&Value) -> bool);

/// Every control, in the order of the document.
pub const CONTROLS: [Control; 18] = [
    ("HostProcess", |pod| {
        contexts(pod).all(|it| it["windowsOptions"]["hostProcess"] != true)
    }),
    ("host namespaces", |pod| {
        ["hostNetwork", "hostPID", "hostIPC"]
            .iter()
            .all(|name| pod[name] != true)
    }),
    ("privileged containers", |pod| {
        containers(pod).all(|it| it["securityContext"]["privileged"] != true)
    }),
    ("capabilities added", |pod| {
        containers(pod).all(|it| {
            list(&it["securityContext"]["capabilities"]["add"])
                .iter()
                .all(|name| name == "NET_BIND_SERVICE")
        })
    }),
    ("hostPath volumes", |pod| {
        list(&pod["volumes"])
            .iter()
            .all(|it| it["hostPath"].is_null())
    }),
    ("host ports", |pod| {
        containers(pod)
            .flat_map(|it| list(&it["ports"]))
            .all(|port| unset_or_zero(&port["hostPort"]))
    }),
    ("host of probes and hooks", |pod| {
        containers(pod).all(names_no_host)
    }),
    ("AppArmor", |pod| {
        contexts(pod).all(|it| it["appArmorProfile"]["type"] != "Unconfined")
    }),
    ("SELinux", |pod| {
        let allowed = [
            "container_t",
            "container_init_t",
            "container_kvm_t",
            "container_engine_t",
        ];
        contexts(pod).map(|it| &it["seLinuxOptions"]).all(|it| {
            let kind = it["type"].as_str().unwrap_or_default();
            (kind.is_empty() || allowed.contains(&kind))
                && it["user"].is_null()
                && it["role"].is_null()
        })
    }),
    ("/proc mount type", |pod| {
        containers(pod)
            .map(|it| &it["securityContext"]["procMount"])
            .all(|it| it.is_null() || it == "Default")
    }),
    ("seccomp unconfined", |pod| {
        contexts(pod).all(|it| it["seccompProfile"]["type"] != "Unconfined")
    }),
    ("sysctls", |pod| {
        let safe = [
            "kernel.shm_rmid_forced",
            "net.ipv4.ip_local_port_range",
            "net.ipv4.ip_unprivileged_port_start",
            "net.ipv4.tcp_syncookies",
            "net.ipv4.ping_group_range",
            "net.ipv4.ip_local_reserved_ports",
            "net.ipv4.tcp_keepalive_time",
            "net.ipv4.tcp_fin_timeout",
            "net.ipv4.tcp_keepalive_intvl",
            "net.ipv4.tcp_keepalive_probes",
        ];
        list(&pod["securityContext"]["sysctls"])
            .iter()
            .all(|it| it["name"].as_str().is_some_and(|name| safe.contains(&name)))
    }),
    ("volume types", |pod| {
        let allowed = [
            "configMap",
            "csi",
            "downwardAPI",
            "emptyDir",
            "ephemeral",
            "persistentVolumeClaim",
            "projected",
            "secret",
        ];
        list(&pod["volumes"])
            .iter()
            .all(|it| allowed.iter().any(|kind| it[kind].is_object()))
    }),
    ("privilege escalation", |pod| {
        containers(pod).all(|it| it["securityContext"]["allowPrivilegeEscalation"] == false)
    }),
    ("running as non-root", |pod| {
        everywhere(pod, "runAsNonRoot", |it| it == true)
    }),
    ("running as user 0", |pod| {
        contexts(pod).all(|it| it["runAsUser"] != 0)
    }),
    ("seccomp", |pod| {
        everywhere(pod, "seccompProfile", |it| {
            it["type"] == "RuntimeDefault" || it["type"] == "Localhost"
        })
    }),
    ("capabilities dropped", |pod| {
        containers(pod).all(|it| {
            list(&it["securityContext"]["capabilities"]["drop"])
                .iter()
                .any(|name| name == "ALL")
        })
    }),
];

/// What a pod's spec does not keep to.
pub fn broken_by(pod: &Value) -> Vec<&'static str> {
    let broken = CONTROLS.iter().filter(|(_, keeps)| !keeps(pod));
    broken.map(|(name, _)| *name).collect()
}

fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    ["containers", "initContainers", "ephemeralContainers"]
        .into_iter()
        .flat_map(move |kind| list(&pod[kind]))
}

/// The security contexts of the pod and of its containers.
fn contexts(pod: &Value) -> impl Iterator<Item = &Value> {
    std::iter::once(pod)
        .chain(containers(pod))
        .map(|it| &it["securityContext"])
}

/// Whether each container says so, or the pod does and no container says otherwise.
fn everywhere(pod: &Value, name: &str, good: impl Fn(&Value) -> bool) -> bool {
    let by_default = good(&pod["securityContext"][name]);
    containers(pod)
        .map(|it| &it["securityContext"][name])
        .all(|own| match own.is_null() {
            true => by_default,
            false => good(own),
        })
}

fn unset_or_zero(value: &Value) -> bool {
    value.is_null() || value == 0
}

fn names_no_host(container: &Value) -> bool {
    let (start, stop) = (
        &container["lifecycle"]["postStart"],
        &container["lifecycle"]["preStop"],
    );
    let probes = ["livenessProbe", "readinessProbe", "startupProbe"].map(|name| &container[name]);
    probes.into_iter().chain([start, stop]).all(|it| {
        ["httpGet", "tcpSocket"]
            .iter()
            .all(|how| it[how]["host"].as_str().unwrap_or_default().is_empty())
    })
}
