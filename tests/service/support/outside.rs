//! The service as programs of other people see it: at a fixed address, which is also its issuer.

use std::ffi::OsStr;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU16, Ordering};

use tokio::io::AsyncWriteExt;

use super::database::Database;
use super::{PASSWORD, Process, process};

/// A port that is free now, below those that the kernel gives to outgoing connections.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = (std::process::id() % 6000) as u16;
    loop {
        let port = 20_000 + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// A service on a free port, or on the one given, whose issuer is its own address.
pub async fn start(database: &Database, port: u16, settings: &[(&str, &str)]) -> Process {
    let (listen, issuer) = (
        format!("127.0.0.1:{port}"),
        format!("http://127.0.0.1:{port}"),
    );
    let mut all = vec![
        ("AUTH__LISTEN", listen.as_str()),
        ("AUTH__ISSUER", issuer.as_str()),
    ];
    all.extend_from_slice(settings);
    Process::start(database, &all).await
}

/// The role of the administrators of the service, and the one that apps in these tests give theirs.
pub const ADMIN: &str = "auth:admin";
pub const APP_ADMIN: &str = "admin";

/// Makes an account with this role by the command line, as an operator does.
pub async fn create_account(database: &Database, email: &str, role: &str) {
    let arguments = ["users", "create", email, "--role", role];
    let mut command = tokio::process::Command::from(process::command(database, &arguments));
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("the binary runs");
    let mut input = child.stdin.take().expect("a pipe");
    input
        .write_all(PASSWORD.as_bytes())
        .await
        .expect("it reads its input");
    drop(input);
    assert!(
        child.wait().await.is_ok_and(|status| status.success()),
        "users create"
    );
}

/// The repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// One of the third-party clients of `tests/strangers`; killed when dropped.
pub fn stranger<T: AsRef<OsStr>>(client: &str, arguments: &[T]) -> tokio::process::Command {
    let mut command = tokio::process::Command::new(root().join("tests/strangers/run"));
    command.arg(client).args(arguments).kill_on_drop(true);
    command
}
