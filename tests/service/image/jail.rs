//! What a container engine does under the restricted profile, done by bubblewrap.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::support::outside::root;
use crate::support::{Process, process};

/// The user of the pods.
pub const USER: u32 = 65532;

/// An image, unpacked.
pub struct Image {
    folder: TempDir,
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|it| std::os::unix::fs::MetadataExt::uid(&it) == 0)
}

impl Image {
    /// Made as the Dockerfile makes it, with what an engine adds: a place for each mount.
    pub fn make() -> Self {
        let image = Self {
            folder: open_folder(),
        };
        let made = Command::new(root().join("deploy/image-root"))
            .arg(process::binary())
            .arg(image.root())
            .output()
            .expect("deploy/image-root runs");
        assert!(made.status.success(), "{made:?}");
        fs::write(image.root().join("etc/hosts"), "127.0.0.1 localhost\n").expect("a file");
        fs::create_dir(image.root().join("data")).expect("a folder");
        image
    }

    /// Its root.
    pub fn root(&self) -> PathBuf {
        self.folder.path().join("root")
    }

    /// Every file in it.
    pub fn files(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        gather(&self.root(), &self.root(), &mut found);
        found
    }

    /// The binary in the image, as another user than root where we are root, as process 1 of its
    /// own, without capabilities and without a way to get any.
    pub fn command(
        &self,
        environment: &BTreeMap<String, String>,
        data: Option<&Volume>,
        arguments: &[&str],
    ) -> Command {
        let mut command = Command::new("bwrap");
        if is_root() {
            let user = USER.to_string();
            command = Command::new("setpriv");
            command.args([
                "--reuid",
                &user,
                "--regid",
                &user,
                "--clear-groups",
                "bwrap",
            ]);
        }
        let user = USER.to_string();
        command
            .args([
                "--unshare-user",
                "--unshare-pid",
                "--unshare-ipc",
                "--unshare-uts",
                "--as-pid-1",
            ])
            .args([
                "--uid",
                &user,
                "--gid",
                &user,
                "--cap-drop",
                "ALL",
                "--die-with-parent",
                "--clearenv",
            ]);
        for (name, value) in environment {
            command.args(["--setenv", name, value]);
        }
        command.arg("--ro-bind").arg(self.root()).arg("/");
        if let Some(volume) = data {
            command.arg("--bind").arg(volume.0.path()).arg("/data");
        }
        command.arg("--").arg("/auth-service").args(arguments);
        command
    }
}

fn gather(root: &Path, folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            gather(root, &path, found);
        } else {
            let within = path.strip_prefix(root).expect("within");
            found.insert(within.display().to_string());
        }
    }
}

/// A folder that the user of the pods may enter.
fn open_folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("chmod");
    folder
}

/// A persistent volume that is the pods' own.
pub struct Volume(TempDir);

impl Volume {
    /// An empty one.
    pub fn new() -> Self {
        let folder = open_folder();
        if is_root() {
            chown(folder.path(), Some(USER), Some(USER)).expect("chown");
        }
        Self(folder)
    }

    /// What lies in it.
    pub fn files(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        gather(self.0.path(), self.0.path(), &mut found);
        found
    }

    /// Where it is, outside.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Gives the pods what was put there from outside.
    pub fn hand_over(&self) {
        for file in self.files() {
            if is_root() {
                chown(self.0.path().join(file), Some(USER), Some(USER)).expect("chown");
            }
        }
    }
}

/// The process in the jail, as seen from outside.
pub struct Inside(u32);

impl Inside {
    /// Of a process that was started by [`Image::command`]: bubblewrap's only child.
    pub fn of(process: &Process) -> Self {
        let pid = process.pid();
        let children =
            fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).expect("children");
        Self(children.trim().parse().expect("one child"))
    }

    /// A field of its status, such as `CapEff`.
    pub fn status(&self, field: &str) -> String {
        let status = self.read("status");
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{field}:")));
        line.expect("the field").trim().to_owned()
    }

    /// Bytes of memory that are its own; the pages of its binary can be read again.
    pub fn own_memory(&self) -> u64 {
        let kib = self.status("RssAnon");
        let kib = kib.strip_suffix(" kB").expect("kB").parse::<u64>();
        kib.expect("a number") * 1024
    }

    /// Its environment.
    pub fn environment(&self) -> BTreeMap<String, String> {
        let all = self.read("environ");
        let pairs = all
            .split_terminator('\0')
            .filter_map(|pair| pair.split_once('='));
        pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    /// The mounts that it sees, and whether each is read-only.
    pub fn mounts(&self) -> BTreeMap<String, bool> {
        let mounts = self.read("mountinfo");
        let fields = mounts
            .lines()
            .map(|line| line.split(' ').collect::<Vec<_>>());
        fields
            .map(|it| {
                (
                    it[4].to_owned(),
                    it[5].split(',').any(|option| option == "ro"),
                )
            })
            .collect()
    }

    /// Asks it to stop, as the kubelet does.
    pub fn terminate(&self) {
        let sent = Command::new("kill")
            .args(["-TERM", &self.0.to_string()])
            .status();
        assert!(sent.is_ok_and(|status| status.success()), "kill -TERM");
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{file}", self.0)).expect("it runs")
    }
}
