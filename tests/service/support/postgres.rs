//! A Postgres server of a test's own, which it may kill.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use diesel_async::{AsyncConnection, AsyncPgConnection};
use tempfile::TempDir;

use super::outside::free_port;
use super::signals::signal;

/// The server. Ended at once and removed when it is dropped.
pub struct Postgres {
    /// The URL of a database on it.
    pub url: String,
    folder: TempDir,
    port: u16,
    options: Vec<String>,
    server: Option<Child>,
}

/// Lasting to the disk, and small, so that it recovers quickly.
const SETTINGS: [&str; 13] = [
    "fsync=on",
    // One call before recovery instead of one for each of a thousand files.
    "recovery_init_sync_method=syncfs",
    "synchronous_commit=on",
    "full_page_writes=on",
    "shared_buffers=2MB",
    "max_wal_size=4MB",
    "min_wal_size=2MB",
    "max_connections=60",
    "autovacuum=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "listen_addresses=127.0.0.1",
    "log_min_messages=warning",
];

fn user() -> Option<u32> {
    let name = std::env::var("TEST_PG_OS_USER").ok()?;
    let users = std::fs::read_to_string("/etc/passwd").expect("the users of this machine");
    let line = users
        .lines()
        .find(|line| line.starts_with(&format!("{name}:")));
    let fields: Vec<_> = line.expect("the user exists").split(':').collect();
    fields[2].parse().ok()
}

/// A program that came with the server.
pub fn program(name: &str) -> Command {
    let bin = std::env::var("PG_BIN").expect("PG_BIN is not set: run the tests by `make test`");
    unprivileged(&Path::new(&bin).join(name))
}

/// A folder of a server's own, which it may write to.
pub fn own_folder() -> TempDir {
    let folder = tempfile::Builder::new()
        .prefix("auth-pg.")
        .tempdir_in("/tmp")
        .expect("a folder");
    if let Some(user) = user() {
        std::os::unix::fs::chown(folder.path(), Some(user), Some(user)).expect("chown");
    }
    folder
}

/// A program that refuses to run as root.
pub fn unprivileged(path: &Path) -> Command {
    let mut command = Command::new(path);
    if let Some(user) = user() {
        command.uid(user).gid(user);
    }
    command.stdin(Stdio::null()).current_dir("/");
    command
}

impl Postgres {
    /// A new server with an empty database.
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// A new server with other settings.
    pub async fn with(settings: &[&str]) -> Self {
        let folder = own_folder();
        let password = uuid::Uuid::from_bytes(kernel::entropy::Entropy::system().bytes());
        let password_file = folder.path().join("password");
        std::fs::write(&password_file, password.to_string()).expect("a file");
        let made = program("initdb")
            .args(["--username", "postgres", "--auth", "scram-sha-256"])
            .args(["--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"])
            .args(["--wal-segsize", "1", "--pwfile"])
            .arg(&password_file)
            .arg(folder.path().join("data"))
            .output()
            .expect("initdb runs");
        assert!(made.status.success(), "{made:?}");
        let port = free_port();
        let url = format!("postgres://postgres:{password}@127.0.0.1:{port}/postgres");
        let mut this = Self {
            url,
            folder,
            port,
            options: settings.iter().map(ToString::to_string).collect(),
            server: None,
        };
        this.restart().await;
        this
    }

    /// A second server that follows this one and takes no writes until it is promoted.
    pub async fn standby(&self) -> Self {
        let folder = own_folder();
        let copied = program("pg_basebackup")
            .args(["--write-recovery-conf", "--checkpoint", "fast", "--no-sync"])
            .arg("--pgdata")
            .arg(folder.path().join("data"))
            .args(["--dbname", &self.url])
            .output()
            .expect("pg_basebackup runs");
        assert!(copied.status.success(), "{copied:?}");
        let port = free_port();
        let url = self
            .url
            .replace(&format!(":{}/", self.port), &format!(":{port}/"));
        let mut this = Self {
            url,
            folder,
            port,
            options: self.options.clone(),
            server: None,
        };
        this.restart().await;
        this
    }

    /// `host:port`
    pub fn place(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Starts the server again, and waits until it answers.
    pub async fn restart(&mut self) {
        let began = Instant::now();
        self.spawn();
        while AsyncPgConnection::establish(&self.url).await.is_err() {
            self.spawn_again_if_it_ended();
            let log = self.folder.path().join("log");
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "{}",
                std::fs::read_to_string(log).unwrap_or_default()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The memory of its forerunner may still be held for a moment.
    fn spawn_again_if_it_ended(&mut self) {
        let server = self.server.as_mut().expect("it was started");
        if server.try_wait().expect("a child").is_some() {
            self.spawn();
        }
    }

    fn spawn(&mut self) {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join("log"))
            .expect("a log");
        let mut command = program("postgres");
        command.arg("-D").arg(self.data());
        command.arg("-p").arg(self.port.to_string());
        command.arg("-k").arg(self.folder.path());
        for setting in SETTINGS
            .into_iter()
            .chain(self.options.iter().map(String::as_str))
        {
            command.arg("-c").arg(setting);
        }
        let child = command.stdout(Stdio::null()).stderr(log).spawn();
        self.server = Some(child.expect("postgres runs"));
    }

    /// Starts the server again so that it speaks TLS and nothing else, and returns the file of its
    /// certificate, which is for `127.0.0.1` and which nobody trusts yet.
    pub async fn speak_tls_alone(&mut self) -> String {
        let certificate = self.data().join("server.crt");
        let mut openssl = Command::new("openssl");
        if let Some(user) = user() {
            openssl.uid(user).gid(user);
        }
        let made = openssl
            .args([
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
            ])
            .args([
                "-subj",
                "/CN=127.0.0.1",
                "-addext",
                "subjectAltName=IP:127.0.0.1",
            ])
            .args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout"])
            .arg(self.data().join("server.key"))
            .arg("-out")
            .arg(&certificate)
            .output()
            .expect("openssl runs");
        assert!(made.status.success(), "{made:?}");
        let trusted = self.folder.path().join("trusted.crt");
        std::fs::copy(&certificate, &trusted).expect("a copy");
        let rules = "hostssl all all 127.0.0.0/8 scram-sha-256\n";
        std::fs::write(self.data().join("pg_hba.conf"), rules).expect("the rules");
        let settings = self.data().join("postgresql.auto.conf");
        std::fs::write(settings, "ssl = on\n").expect("the settings");
        self.kill();
        self.spawn();
        let began = Instant::now();
        // Once it is up it refuses a plain line by its rules; before, because it is not up.
        let refused = |error: String| error.contains("pg_hba");
        while !(AsyncPgConnection::establish(&self.url).await)
            .is_err_and(|error| refused(error.to_string()))
        {
            self.spawn_again_if_it_ended();
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "it does not start"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        trusted.display().to_string()
    }

    /// `kill -9` of the server, whose process its pid file names, and of none but its own.
    pub fn kill(&mut self) {
        let file = std::fs::read_to_string(self.data().join("postmaster.pid")).expect("a pid file");
        let server = self.server.as_mut().expect("it runs");
        assert_eq!(file.lines().next(), Some(server.id().to_string().as_str()));
        server.kill().expect("SIGKILL");
        server.wait().expect("it has ended");
    }
}

impl Drop for Postgres {
    /// Not by `kill -9`, after which its shared memory would stay for as long as the machine runs.
    fn drop(&mut self) {
        if let Some(server) = &mut self.server
            && let Ok(None) = server.try_wait()
        {
            signal(server, "QUIT");
            let _ = server.wait();
        }
    }
}
