//! pgbouncer in transaction mode, as its Debian package brings it.

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::outside::free_port;
use super::postgres::{own_folder, program, unprivileged};

/// Before a server; ends when it is dropped.
pub struct Pgbouncer {
    /// The URL of the same database through it.
    pub url: String,
    child: Child,
    folder: TempDir,
}

impl Pgbouncer {
    /// One that shares so few connections that each transaction is likely to be given another.
    pub async fn before(url: &str, connections: u32) -> Self {
        let (user, place) = url
            .strip_prefix("postgres://")
            .and_then(|rest| rest.rsplit_once('@'))
            .expect("a URL with a password");
        let (name, password) = user.split_once(':').expect("a password");
        let (host, database) = place.split_once('/').expect("a database");
        let server_port = host.rsplit_once(':').expect("a port").1;
        let (port, folder) = (free_port(), own_folder());
        let place = folder.path().display();
        let text = format!(
            "[databases]\n* = host=127.0.0.1 port={server_port}\n[pgbouncer]\n\
             listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir = {place}\n\
             auth_type = plain\nauth_file = {place}/users\npool_mode = transaction\n\
             default_pool_size = {connections}\nmax_client_conn = 200\nserver_round_robin = 1\n"
        );
        std::fs::write(folder.path().join("pgbouncer.ini"), text).expect("a file");
        let users = format!("\"{name}\" \"{password}\"\n");
        std::fs::write(folder.path().join("users"), users).expect("a file");
        let log = std::fs::File::create(folder.path().join("log")).expect("a log");
        let child = unprivileged(Path::new("/usr/sbin/pgbouncer"))
            .arg(folder.path().join("pgbouncer.ini"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("pgbouncer runs: run the tests by `make test`");
        let bouncer = Self {
            url: format!("postgres://{user}@127.0.0.1:{port}/{database}"),
            child,
            folder,
        };
        let began = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                began.elapsed() < Duration::from_secs(20),
                "{}",
                bouncer.log()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        bouncer
    }

    /// Runs a statement on one of the connections, without preparing it.
    #[track_caller]
    pub fn ask(&self, statement: &str) {
        let ran = program("psql")
            .args(["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1"])
            .args(["--command", statement, &self.url])
            .output()
            .expect("psql runs");
        assert!(ran.status.success(), "{ran:?}");
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Pgbouncer {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the log of pgbouncer:\n{}", self.log());
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
