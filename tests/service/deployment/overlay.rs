//! The overlays as Kubernetes would get them.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kernel::entropy::Entropy;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::outside::root;

/// What an overlay makes.
pub struct Overlay(Vec<Value>);

/// A pod as a controller of the overlay would make it.
pub struct Pod {
    /// The `PodTemplateSpec`.
    pub template: Value,
    /// The kind and name of its controller.
    pub of: String,
}

/// A copy of `k8s/` in which the template of the secrets is filled in, as an operator does.
pub fn filled_in() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let copied = Command::new("cp")
        .arg("-r")
        .arg(root().join("k8s"))
        .arg(folder.path())
        .status();
    assert!(copied.is_ok_and(|status| status.success()), "cp");
    let production = folder.path().join("k8s/overlays/production");
    let template =
        std::fs::read_to_string(production.join("secret.env.example")).expect("a template");
    let key: [u8; 32] = Entropy::system().bytes();
    let secrets = template.replace(
        "ENCRYPTION_KEYS=",
        &format!("ENCRYPTION_KEYS={}", STANDARD.encode(key)),
    );
    std::fs::write(production.join("secret.env"), secrets).expect("a file");
    folder
}

/// Renders and judges a folder of manifests.
pub fn objects(folder: &Path) -> Output {
    let run = root().join("tests/deployment/run");
    Command::new(run)
        .arg("objects")
        .arg(folder)
        .output()
        .expect("tests/deployment/run")
}

fn rendered(name: &str) -> Overlay {
    let folder = filled_in();
    let made = objects(&folder.path().join("k8s/overlays").join(name));
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    Overlay(serde_json::from_slice(&made.stdout).expect("a list of objects"))
}

/// The overlay for real users.
pub fn production() -> &'static Overlay {
    static MADE: OnceLock<Overlay> = OnceLock::new();
    MADE.get_or_init(|| rendered("production"))
}

/// The overlay to try it with.
pub fn dev() -> &'static Overlay {
    static MADE: OnceLock<Overlay> = OnceLock::new();
    MADE.get_or_init(|| rendered("dev"))
}

impl Overlay {
    /// Every object of a kind.
    pub fn all(&self, kind: &str) -> Vec<&Value> {
        self.0
            .iter()
            .filter(|object| object["kind"] == kind)
            .collect()
    }

    /// The object of a kind whose name begins like this; kustomize adds hashes to some.
    pub fn one(&self, kind: &str, name: &str) -> &Value {
        let starts = |object: &&Value| text(&object["metadata"]["name"]).starts_with(name);
        let found: Vec<_> = self.all(kind).into_iter().filter(starts).collect();
        assert!(!found.is_empty(), "no {kind} {name}");
        found[0]
    }

    /// Every object.
    pub fn objects(&self) -> &[Value] {
        &self.0
    }

    /// What runs.
    pub fn pods(&self) -> Vec<Pod> {
        let controllers = self
            .0
            .iter()
            .filter(|object| object["spec"]["template"].is_object());
        controllers
            .map(|controller| Pod {
                template: controller["spec"]["template"].clone(),
                of: format!(
                    "{} {}",
                    text(&controller["kind"]),
                    text(&controller["metadata"]["name"])
                ),
            })
            .collect()
    }

    /// The pods of the Deployment.
    pub fn server(&self) -> Value {
        self.one("Deployment", "auth-service")["spec"]["template"].clone()
    }

    /// The environment of a pod's only container, as the kubelet puts it together.
    pub fn environment(&self, template: &Value) -> BTreeMap<String, String> {
        let container = &template["spec"]["containers"][0];
        let mut all = BTreeMap::new();
        for source in list(&container["envFrom"]) {
            for (kind, reference) in [("ConfigMap", "configMapRef"), ("Secret", "secretRef")] {
                if let Some(name) = source[reference]["name"].as_str() {
                    all.extend(self.data(kind, name));
                }
            }
        }
        for variable in list(&container["env"]) {
            let name = text(&variable["name"]).to_owned();
            let key = &variable["valueFrom"]["secretKeyRef"];
            let value = match key["name"].as_str() {
                Some(secret) => self.data("Secret", secret)[text(&key["key"])].clone(),
                None => text(&variable["value"]).to_owned(),
            };
            all.insert(name, value);
        }
        all
    }

    /// What a ConfigMap or a Secret of exactly this name holds.
    fn data(&self, kind: &str, name: &str) -> BTreeMap<String, String> {
        let object = self.one(kind, name);
        assert_eq!(object["metadata"]["name"], *name);
        let data = object["data"].as_object().expect("data");
        let plain = |value: &Value| match kind {
            "Secret" => {
                let lines = text(value).split_whitespace().collect::<String>();
                String::from_utf8(STANDARD.decode(lines).expect("base64")).expect("text")
            }
            _ => text(value).to_owned(),
        };
        data.iter()
            .map(|(key, value)| (key.clone(), plain(value)))
            .collect()
    }
}

/// A string, which it must be.
pub fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no string"))
}

/// A list; what is not there is empty.
pub fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A whole number, which it must be.
pub fn number(value: &Value) -> u64 {
    value
        .as_u64()
        .unwrap_or_else(|| panic!("{value} is no number"))
}

/// Bytes of a quantity of memory.
pub fn bytes(quantity: &Value) -> u64 {
    let mebibytes = text(quantity).strip_suffix("Mi").expect("Mi");
    mebibytes.parse::<u64>().expect("a number") << 20
}

/// Whether an object with these labels is selected.
pub fn selects(selector: &Value, labels: &Value) -> bool {
    let wanted = selector.as_object().expect("labels");
    !wanted.is_empty() && wanted.iter().all(|(key, value)| labels[key] == *value)
}
