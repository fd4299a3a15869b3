//! The service as a process of its own: the binary that operators run.

use std::ops::Deref;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use kernel::config::Limit;

use super::client::Client;
use super::database::Database;
use super::signals::signal;
use super::{OUT_OF_REACH, secrets};

/// A running `auth-service serve`. Killed when it is dropped. Dereferences to its [`Client`].
pub struct Process {
    client: Client,
    child: Child,
    /// What it logs, a JSON object a line.
    pub log: PathBuf,
}

impl Deref for Process {
    type Target = Client;
    fn deref(&self) -> &Client {
        &self.client
    }
}

/// The binary, built by `make test` beside this one.
pub fn binary() -> PathBuf {
    beside("auth-service")
}

/// Another binary of the workspace.
pub fn beside(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    let folder = test.ancestors().nth(2).expect("target/debug");
    let binary = folder.join(name);
    assert!(
        binary.exists(),
        "{} is missing: run the tests by `make test`",
        binary.display()
    );
    binary
}

/// A command of the binary with quick settings and nothing of this process's environment.
pub fn command(database: &Database, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command
        .args(arguments)
        .env_clear()
        .env("AUTH__DATABASE__URL", &database.url)
        .env("AUTH__DATA_DIR", database.folder.path().join("data"))
        .env("AUTH__LISTEN", "127.0.0.1:0")
        .env("AUTH__INTERNAL_LISTEN", "127.0.0.1:0")
        .env("AUTH__LOG__FORMAT", "json")
        .env("AUTH__LOG__FILTER", "debug,auth_service=trace")
        .env("AUTH__PASSWORDS__ARGON2_MEMORY_KIB", "64")
        .env("AUTH__PASSWORDS__ARGON2_ITERATIONS", "1")
        .stdin(Stdio::null());
    for limit in Limit::ALL {
        command.env(variable(*limit), OUT_OF_REACH);
    }
    command
}

/// The variable that sets a limit.
pub fn variable(limit: Limit) -> String {
    format!("AUTH__LIMITS__{}", limit.name().to_uppercase())
}

impl Process {
    /// Starts the service on this database.
    pub async fn start(database: &Database, environment: &[(&str, &str)]) -> Self {
        let mut command = command(database, &["serve"]);
        command.envs(environment.iter().copied());
        Self::spawn(command).await.expect("the service starts")
    }

    /// Starts a command that serves; the exit status if it ends instead.
    pub async fn spawn(mut command: Command) -> Result<Self, ExitStatus> {
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let log = secrets::folder().join(format!("process-{}-{count}.log", std::process::id()));
        let output = std::fs::File::create(&log).expect("the log can be made");
        let mut child = command
            .stdout(output.try_clone().expect("a handle"))
            .stderr(output)
            .spawn()
            .expect("the binary runs");
        let began = Instant::now();
        loop {
            if let Some(status) = child.try_wait().expect("a child can be waited for") {
                return Err(status);
            }
            if let Some((public, internal)) =
                addresses(&std::fs::read_to_string(&log).unwrap_or_default())
            {
                let client = Client::new(format!("http://{public}"), format!("http://{internal}"));
                return Ok(Self { client, child, log });
            }
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "the service did not start in time"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Its process identifier.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal, by name.
    pub fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    /// Waits for its end.
    pub async fn wait(&mut self, limit: Duration) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                return status;
            }
            assert!(
                began.elapsed() < limit,
                "the process did not end in {limit:?}"
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// The line of start names both listeners; so does, for people, what the dev mode prints.
fn addresses(log: &str) -> Option<(String, String)> {
    if let Some(line) = log.lines().find(|line| line.starts_with("  listening ")) {
        let mut urls = line.split("http://").skip(1);
        let mut next = || Some(urls.next()?.split([' ', ')']).next()?.to_owned());
        return Some((next()?, next()?));
    }
    let line = log
        .lines()
        .find(|line| line.contains(r#""message":"serving""#))?;
    let line: serde_json::Value = serde_json::from_str(line).ok()?;
    Some((
        line["public"].as_str()?.to_owned(),
        line["internal"].as_str()?.to_owned(),
    ))
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
