//! A Redis of a test's own, which can be killed, paused, flushed and brought back.

use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use tempfile::TempDir;

use super::signals::signal;

/// A private Redis on a port of its own. Ends when it is dropped.
pub struct Redis {
    port: u16,
    folder: TempDir,
    options: Vec<String>,
    child: Mutex<Option<Child>>,
}

/// Below the range from which the kernel takes ports for outgoing connections, so that the port
/// is still free after a restart.
pub fn free_port() -> u16 {
    let random = kernel::entropy::Entropy::system().bytes();
    let start = 20_000 + u16::from_be_bytes(random) % 12_000;
    (start..32_000)
        .find(|port| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a port is free")
}

impl Redis {
    /// A Redis that keeps nothing on disk.
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// A Redis with more options of the command line.
    pub async fn with(options: &[&str]) -> Self {
        let redis = Self {
            port: free_port(),
            folder: tempfile::tempdir().expect("a temporary folder can be made"),
            options: options.iter().map(ToString::to_string).collect(),
            child: Mutex::default(),
        };
        redis.restart().await;
        redis
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// `host:port`
    pub fn place(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Starts it again on the same port, from the last [`save`](Self::save) if there was one.
    pub async fn restart(&self) {
        self.kill();
        let child = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--port", &self.port.to_string()])
            .args(["--save", "", "--appendonly", "no", "--dir"])
            .arg(self.folder.path())
            .args(&self.options)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server runs");
        *self.child.lock().unwrap_or_else(PoisonError::into_inner) = Some(child);
        let began = Instant::now();
        while self.try_command(redis::cmd("PING")).await.is_err() {
            assert!(
                began.elapsed() < Duration::from_secs(20),
                "Redis does not start"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// `kill -9`
    pub fn kill(&self) {
        let child = self
            .child
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(mut child) = child {
            child.kill().expect("a child can be killed");
            child.wait().expect("a child can be waited for");
        }
    }

    fn signal(&self, name: &str) {
        let child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        signal(child.as_ref().expect("Redis runs"), name);
    }

    /// Stops it without ending it: connections stay, nothing is answered.
    pub fn pause(&self) {
        self.signal("STOP");
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.signal("CONT");
    }

    /// Writes the snapshot that the next start begins with.
    pub async fn save(&self) {
        let _: String = self.command(redis::cmd("SAVE")).await;
    }

    /// Forgets everything.
    pub async fn flush(&self) {
        let _: String = self
            .command(redis::cmd("FLUSHALL").arg("SYNC").to_owned())
            .await;
    }

    async fn connect(&self) -> redis::RedisResult<MultiplexedConnection> {
        redis::Client::open(self.url())?
            .get_multiplexed_async_connection()
            .await
    }

    /// Runs a command that may fail.
    pub async fn try_command(&self, command: redis::Cmd) -> redis::RedisResult<redis::Value> {
        command.query_async(&mut self.connect().await?).await
    }

    /// Runs a command that does no harm twice: Sentinels cut every connection of a server whose role
    /// they change.
    pub async fn command<T: redis::FromRedisValue>(&self, command: redis::Cmd) -> T {
        let answer = match self.try_command(command.clone()).await {
            Err(error) if error.is_io_error() => self.try_command(command).await,
            answer => answer,
        };
        redis::from_redis_value(answer.expect("Redis answers")).expect("Redis obeys")
    }

    /// The value of a key.
    pub async fn value(&self, key: &str) -> Option<String> {
        self.command(redis::cmd("GET").arg(key).to_owned()).await
    }

    /// The keys that match a pattern, sorted.
    pub async fn keys(&self, pattern: &str) -> Vec<String> {
        let mut keys: Vec<String> = self
            .command(redis::cmd("KEYS").arg(pattern).to_owned())
            .await;
        keys.sort();
        keys
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}
