//! Our service as it is deployed: the release binary in production mode.

use std::io::{Read, Seek, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use auth_service::ctx::Ctx;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kernel::clock::Clock;
use kernel::config::Settings;
use kernel::db::migrate;
use kernel::entropy::Entropy;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::subject::Result;

/// A place where the service can be started: its database and its settings, those of production
/// wherever nothing else is said here.
pub struct Deployment {
    url: String,
    redis: Option<String>,
    algorithm: &'static str,
    encryption_key: String,
    folder: TempDir,
    settings: Vec<(&'static str, String)>,
}

impl Deployment {
    /// On Postgres at `url`, which is migrated, and a Redis.
    ///
    /// # Errors
    /// When the migrations fail.
    pub fn on_postgres(url: String, redis: String) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        Self::migrated(url, Some(redis), folder)
    }

    /// On a fresh SQLite file, which is migrated.
    ///
    /// # Errors
    /// When the migrations fail.
    pub fn on_sqlite() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let url = format!("sqlite://{}/auth.db", folder.path().display());
        Self::migrated(url, None, folder)
    }

    fn migrated(url: String, redis: Option<String>, folder: TempDir) -> Result<Self> {
        Runtime::new()?.block_on(migrate::run(&url))?;
        Ok(Self {
            url,
            redis,
            algorithm: "ES256",
            encryption_key: STANDARD.encode(Entropy::system().bytes::<32>()),
            folder,
            settings: Vec::new(),
        })
    }

    /// With these settings too.
    pub fn with(mut self, settings: &[(&'static str, String)]) -> Self {
        self.settings.extend_from_slice(settings);
        self
    }

    /// Signs with another algorithm than ES256.
    pub fn signing_with(mut self, algorithm: &'static str) -> Self {
        self.algorithm = algorithm;
        self
    }

    /// The same place with another URL of the same database.
    pub fn at(&mut self, url: String) {
        self.url = url;
    }

    /// The SQLite file.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("auth.db")
    }

    /// What differs from the defaults. `refresh.reuse_window` is 0, so that every refresh writes:
    /// within the window the service would answer a family's second refresh without. The load
    /// generator counts as an ingress, so that who signs in can come from many addresses.
    fn environment(&self) -> Vec<(&'static str, String)> {
        let mut environment = vec![
            ("AUTH__MODE", "production".into()),
            ("AUTH__ISSUER", "https://auth.example.com".into()),
            ("AUTH__DATABASE__URL", self.url.clone()),
            ("AUTH__DATA_DIR", self.folder.path().display().to_string()),
            ("AUTH__KEYS__ALGORITHM", self.algorithm.into()),
            ("AUTH__KEYS__ENCRYPTION_KEYS", self.encryption_key.clone()),
            ("AUTH__REFRESH__REUSE_WINDOW", "0s".into()),
            ("AUTH__THROTTLE__TRUSTED_PROXIES", "127.0.0.0/8".into()),
        ];
        // All its users come from one machine: the limits count, and are out of reach.
        for limit in [
            "AUTH__LIMITS__SIGN_IN_ADDRESS",
            "AUTH__LIMITS__SIGN_IN_ACCOUNT",
            "AUTH__LIMITS__SIGN_UP_ADDRESS",
            "AUTH__LIMITS__SIGN_UP_ACCOUNT",
            "AUTH__LIMITS__REFRESH_SESSION",
            "AUTH__LIMITS__CALL_ADDRESS",
            "AUTH__LIMITS__CALL_ACCOUNT",
        ] {
            environment.push((limit, "1000000/1s".into()));
        }
        if let Some(redis) = &self.redis {
            environment.push(("AUTH__REDIS__URL", redis.clone()));
        }
        environment.extend_from_slice(&self.settings);
        environment
    }

    /// Starts the binary and waits for its key set.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(&self) -> Result<Service> {
        let (address, internal) = (free_address()?, free_address()?);
        let mut command = Command::new(binary()?);
        command
            .arg("serve")
            .env_clear()
            .envs(self.environment())
            .env("AUTH__LISTEN", address.to_string())
            .env("AUTH__INTERNAL_LISTEN", internal.to_string());
        Service::start(command, address, "/.well-known/jwks.json")
    }

    /// The service's parts within this process: its keys, its hashing.
    ///
    /// # Errors
    /// When it does not open.
    pub fn open(&self, runtime: &Runtime) -> Result<Arc<Ctx>> {
        let environment = self.environment();
        let environment = environment
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        let settings = Settings::load(None, environment)?;
        let opening = auth_service::app::open(settings, Clock::system(), Entropy::system());
        Ok(runtime.block_on(opening)?)
    }
}

/// The service, or another, as a process. It ends when this is dropped.
pub struct Service {
    child: Child,
    /// Its public listener.
    pub address: SocketAddr,
    /// From the start of the process to its first 200.
    pub started_in: Duration,
}

impl Service {
    /// Runs a command that serves at `address`, and waits until it answers `path` with 200. What
    /// it logs goes to `/dev/null`: where it would be kept is no part of it.
    ///
    /// # Errors
    /// When it does not answer within half a minute.
    pub fn start(mut command: Command, address: SocketAddr, path: &str) -> Result<Self> {
        let mut errors = tempfile::tempfile()?;
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(errors.try_clone()?);
        let began = Instant::now();
        let mut service = Self {
            child: command.spawn()?,
            address,
            started_in: Duration::ZERO,
        };
        while !answers(address, path) {
            let ended = service.child.try_wait()?.is_some();
            if ended || began.elapsed() > Duration::from_secs(30) {
                let mut told = String::new();
                errors.rewind()?;
                errors.read_to_string(&mut told)?;
                return Err(format!("{address} did not start: {told}").into());
            }
            std::thread::sleep(Duration::from_micros(500));
        }
        service.started_in = began.elapsed();
        Ok(service)
    }

    /// Its process identifier.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where it is asked, and whose processor time counts.
    pub fn target(&self) -> (SocketAddr, Option<u32>) {
        (self.address, Some(self.pid()))
    }
}

/// How long it may take to end by itself.
const ENDING: Duration = Duration::from_secs(5);

impl Drop for Service {
    /// Asks it to end, for a build that counts writes its counts then.
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let began = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && began.elapsed() < ENDING {
            std::thread::sleep(Duration::from_millis(1));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The binary that is measured: that of `BENCH_SERVICE`, else the release that `make bench` builds
/// beside this one.
///
/// # Errors
/// When it is not there.
pub fn binary() -> Result<PathBuf> {
    let binary = match std::env::var_os("BENCH_SERVICE") {
        Some(path) => path.into(),
        None => std::env::current_exe()?.with_file_name("auth-service"),
    };
    match binary.exists() {
        true => Ok(binary),
        false => Err(format!("{} is missing: run `make bench`", binary.display()).into()),
    }
}

/// An address on loopback that nobody listens on.
///
/// # Errors
/// When there is none.
pub fn free_address() -> std::io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

/// Whether a path is answered with 200.
fn answers(address: SocketAddr, path: &str) -> bool {
    let ask = || {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes())?;
        let mut status = [0; 12];
        stream.read_exact(&mut status)?;
        Ok::<_, std::io::Error>(status)
    };
    ask().is_ok_and(|status| status.ends_with(b" 200"))
}
