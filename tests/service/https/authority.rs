//! An authority of the test's own, by the real `openssl`, and the files it hands out.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::Command;

use base64::Engine;
use tempfile::TempDir;

/// Issues certificates for 127.0.0.1. What the service reads, `tls.crt` and `tls.key`, leads through
/// a link that is swapped, as Kubernetes mounts a secret.
pub(crate) struct Authority(TempDir);

impl Authority {
    pub(crate) fn new() -> Self {
        let authority = Self(tempfile::tempdir().expect("a temporary folder can be made"));
        let mut request = authority.request("ca");
        request.args(["-subj", "/CN=Authority of this test"]);
        run(request.args([
            "-addext",
            "basicConstraints=critical,CA:TRUE",
            "-days",
            "30",
        ]));
        for file in ["tls.crt", "tls.key"] {
            let link = authority.path(file);
            symlink(PathBuf::from("now").join(file), link).expect("a link");
        }
        authority
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    /// Writes key and certificate, self-signed if nothing else is said.
    fn request(&self, name: &str) -> Command {
        let mut openssl = Command::new("openssl");
        openssl
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
            ])
            .args(["-nodes", "-keyout"])
            .arg(self.path(&format!("{name}.key")))
            .arg("-out")
            .arg(self.path(&format!("{name}.crt")));
        openssl
    }

    fn issuing(&self, name: &str) -> Command {
        let mut request = self.request(name);
        request
            .arg("-CA")
            .arg(self.path("ca.crt"))
            .arg("-CAkey")
            .arg(self.path("ca.key"))
            .args(["-subj", &format!("/CN={name}"), "-addext"])
            .arg("subjectAltName=IP:127.0.0.1")
            .args(["-addext", "basicConstraints=critical,CA:FALSE"]);
        request
    }

    /// Makes a certificate of this name with its key, for so many days.
    pub(crate) fn issue(&self, name: &str, days: u32) {
        run(self.issuing(name).args(["-days", &days.to_string()]));
    }

    /// Makes one that expired a week ago.
    pub(crate) fn issue_expired(&self, name: &str) {
        let library = std::env::var("TEST_FAKETIME").expect("run the tests by `make test`");
        let mut request = self.issuing(name);
        request.args(["-days", "1"]).env("LD_PRELOAD", library);
        run(request.env("FAKETIME", "-8d"));
    }

    /// Makes one and puts it where the service looks, certificate and key at once.
    pub(crate) fn put(&self, name: &str) {
        self.issue(name, 60);
        self.put_pair(name, name);
    }

    /// Puts the certificate of one and the key of another there.
    pub(super) fn put_pair(&self, certificate: &str, key: &str) {
        let read = |file: String| fs::read(self.path(&file)).expect("it was issued");
        self.put_bytes(
            &read(format!("{certificate}.crt")),
            &read(format!("{key}.key")),
        );
    }

    pub(super) fn put_bytes(&self, certificate: &[u8], key: &[u8]) {
        let folder = tempfile::tempdir_in(self.0.path())
            .expect("a folder")
            .keep();
        fs::write(folder.join("tls.crt"), certificate).expect("a file");
        fs::write(folder.join("tls.key"), key).expect("a file");
        let owner_alone = fs::Permissions::from_mode(0o600);
        fs::set_permissions(folder.join("tls.key"), owner_alone).expect("permissions");
        self.swap(&folder);
    }

    /// Lets everybody read a file.
    pub(crate) fn expose(&self, file: &str) {
        let everybody = fs::Permissions::from_mode(0o644);
        fs::set_permissions(self.path(file), everybody).expect("permissions");
    }

    /// Puts a folder there that holds nothing.
    pub(super) fn put_nothing(&self) {
        self.swap(
            &tempfile::tempdir_in(self.0.path())
                .expect("a folder")
                .keep(),
        );
    }

    fn swap(&self, folder: &std::path::Path) {
        let next = self.path("next");
        symlink(folder, &next).expect("a link");
        fs::rename(next, self.path("now")).expect("a swap");
    }

    /// A certificate, DER.
    pub(super) fn der(&self, name: &str) -> Vec<u8> {
        let pem = fs::read_to_string(self.path(&format!("{name}.crt"))).expect("it was issued");
        let body: String = pem
            .lines()
            .filter(|line| !line.starts_with("-----"))
            .collect();
        let decoded = base64::engine::general_purpose::STANDARD.decode(body);
        decoded.expect("PEM")
    }
}

fn run(command: &mut Command) {
    let made = command.output().expect("openssl runs");
    assert!(made.status.success(), "{made:?}");
}
