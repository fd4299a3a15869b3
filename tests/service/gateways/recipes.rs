//! The files of `deploy/forward-auth/` as a gateway reads them, with the ports of a test.

use std::path::PathBuf;
use std::process::Command;

use super::gateway::Kind;
use crate::support::outside::{free_port, root};

/// A file of `deploy/forward-auth/`.
fn recipe(name: &str) -> PathBuf {
    root().join("deploy/forward-auth").join(name)
}

/// What the controller of ingress-nginx would write down for its nginx.
fn as_the_controller_writes(name: &str) -> String {
    let mut command = Command::new(root().join("tests/strangers/run"));
    command.arg("ingress_nginx").arg(recipe(name));
    let made = command.output().expect("Python runs");
    let complaint = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "{complaint}");
    String::from_utf8(made.stdout).expect("text")
}

/// Where the recipes for Kubernetes look for the service.
const SERVICE_IN_CLUSTER: &str = "auth-service.auth.svc.cluster.local:8080";

/// The upstream, as a cluster knows it.
const APP_IN_CLUSTER: &str = "
---
apiVersion: v1
kind: Service
metadata:
  name: app
spec:
  type: ClusterIP
  clusterIP: 192.0.2.1
  ports: [{ name: http, port: 80, targetPort: 3000, protocol: TCP }]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: app
  labels: { kubernetes.io/service-name: app }
addressType: IPv4
endpoints: [{ addresses: [127.0.0.1], conditions: { ready: true } }]
ports: [{ name: http, port: 3000, protocol: TCP }]
";

/// Has Traefik look for its routes at an API server.
const IN_CLUSTER: &str =
    "providers: { kubernetesCRD: { endpoint: 'http://127.0.0.1:16443', token: x } }\n";

/// The text with these ports in the places of those that the recipes name.
fn with_ports(text: String, ports: &[(&str, u16)]) -> String {
    // In two steps, for a port may hold another's digits.
    let text = ports.iter().fold(text, |text, (stands_for, _)| {
        text.replace(stands_for, &format!("<{stands_for}>"))
    });
    ports.iter().fold(text, |text, (stands_for, port)| {
        text.replace(&format!("<{stands_for}>"), &port.to_string())
    })
}

impl Kind {
    /// The files of the recipe for these ports, by the names that they get in the gateway's folder.
    pub fn recipe(self, listens: u16, service: u16, upstream: u16) -> Vec<(&'static str, String)> {
        let ports = [
            ("8000", listens),
            ("8080", service),
            ("3000", upstream),
            ("16443", free_port()),
        ];
        let files = self.files();
        for (stands_for, _) in &ports[..3] {
            let named = |(_, text): &(&str, String)| text.contains(stands_for);
            assert!(files.iter().any(named), "{self:?}: {stands_for}");
        }
        let files = files.into_iter();
        files
            .map(|(name, text)| (name, with_ports(text, &ports)))
            .collect()
    }

    fn files(self) -> Vec<(&'static str, String)> {
        let read = |name: &str| std::fs::read_to_string(recipe(name)).expect("a recipe");
        match self {
            Self::Nginx => vec![("recipe", read("nginx.conf"))],
            Self::Caddy => vec![("recipe", read("Caddyfile"))],
            Self::Envoy => vec![("recipe.yaml", read("envoy.yaml"))],
            Self::Haproxy => vec![("recipe", read("haproxy.cfg"))],
            Self::Traefik => vec![
                ("traefik.yaml", read("traefik.yaml")),
                ("traefik-routes.yaml", read("traefik-routes.yaml")),
            ],
            Self::TraefikKubernetes => {
                let whole = read("traefik.yaml");
                let (entry, _) = whole.split_once("providers:").expect("providers");
                let routes = read("traefik-kubernetes.yaml") + APP_IN_CLUSTER;
                vec![
                    ("traefik.yaml", format!("{entry}{IN_CLUSTER}")),
                    (
                        "objects.yaml",
                        routes.replace(SERVICE_IN_CLUSTER, "127.0.0.1:8080"),
                    ),
                ]
            }
            Self::IngressNginx => vec![("recipe", as_the_controller_writes("ingress-nginx.yaml"))],
        }
    }
}
