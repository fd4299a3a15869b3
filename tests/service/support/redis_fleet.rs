//! Redis with a replica and three Sentinels, and Redis as a cluster.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::redis::{Redis, free_port};

/// A primary, its replica, and the Sentinels that watch them.
pub struct Watched {
    /// The primary at the beginning.
    pub first: Redis,
    /// Its replica.
    pub second: Redis,
    sentinels: Vec<(u16, Child, TempDir)>,
}

impl Watched {
    pub async fn start() -> Self {
        let first = Redis::start().await;
        let place = first.place();
        let (host, port) = place.split_once(':').expect("a place");
        let second =
            Redis::with(&["--replicaof", host, port, "--repl-diskless-sync-delay", "0"]).await;
        until("the replica follows", async || {
            let info: String = second.command(redis::cmd("INFO")).await;
            info.contains("master_link_status:up")
        })
        .await;
        let sentinels = (0..3).map(|_| sentinel(host, port)).collect();
        let this = Self {
            first,
            second,
            sentinels,
        };
        until(
            "the Sentinels know each other and the replica",
            async || {
                let mut knowing = 0;
                for (port, ..) in &this.sentinels {
                    let said = ask(*port, redis::cmd("INFO").arg("sentinel")).await;
                    let all = said.contains("slaves=1,sentinels=3");
                    knowing += usize::from(all);
                }
                knowing == 3
            },
        )
        .await;
        this
    }

    pub fn url(&self) -> String {
        let places = self.sentinels.iter();
        let places: Vec<_> = places
            .map(|(port, ..)| format!("127.0.0.1:{port}"))
            .collect();
        format!("redis-sentinel://{}/auth", places.join(","))
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        for (_, child, _) in &mut self.sentinels {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn sentinel(host: &str, of: &str) -> (u16, Child, TempDir) {
    let (port, folder) = (free_port(), tempfile::tempdir().expect("a folder"));
    let file = folder.path().join("sentinel.conf");
    let text = format!(
        "bind 127.0.0.1\nport {port}\ndir {}\nsentinel monitor auth {host} {of} 2\n\
         sentinel down-after-milliseconds auth 1000\nsentinel failover-timeout auth 5000\n",
        folder.path().display()
    );
    std::fs::write(&file, text).expect("a file");
    let child = Command::new("redis-server")
        .arg(&file)
        .arg("--sentinel")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("redis-server runs");
    (port, child, folder)
}

async fn ask(port: u16, command: &redis::Cmd) -> String {
    let asked = async {
        let client = redis::Client::open(format!("redis://127.0.0.1:{port}"))?;
        let mut connection = client.get_multiplexed_async_connection().await?;
        command.query_async(&mut connection).await
    };
    asked.await.unwrap_or_default()
}

/// Three primaries that share the slots, each with a replica.
pub struct Cluster {
    nodes: Vec<Redis>,
}

impl Cluster {
    pub async fn start() -> Self {
        let mut nodes = Vec::new();
        for _ in 0..6 {
            let bus = free_port().to_string();
            nodes.push(
                Redis::with(&[
                    "--cluster-enabled",
                    "yes",
                    "--cluster-port",
                    &bus,
                    "--cluster-node-timeout",
                    "1500",
                    "--repl-diskless-sync-delay",
                    "0",
                ])
                .await,
            );
        }
        let made = Command::new("redis-cli")
            .args(["--cluster", "create"])
            .args(nodes.iter().map(Redis::place))
            .args(["--cluster-replicas", "1", "--cluster-yes"])
            .output()
            .expect("redis-cli runs");
        assert!(made.status.success(), "{made:?}");
        let this = Self { nodes };
        until("the cluster is whole", async || {
            let mut whole = 0;
            for node in &this.nodes {
                let info: String = node
                    .command(redis::cmd("CLUSTER").arg("INFO").to_owned())
                    .await;
                let known: String = node
                    .command(redis::cmd("CLUSTER").arg("NODES").to_owned())
                    .await;
                let replicas = known.lines().filter(|line| line.contains("slave "));
                whole += usize::from(info.contains("cluster_state:ok") && replicas.count() == 3);
            }
            whole == 6
        })
        .await;
        this
    }

    /// Two of the nodes; the rest is asked for.
    pub fn url(&self) -> String {
        let places = [self.nodes[0].place(), self.nodes[4].place()];
        format!("redis-cluster://{}", places.join(","))
    }

    /// The node that has the slot of a key, as the node itself says.
    pub async fn owner(&self, key: &str) -> Option<&Redis> {
        for node in &self.nodes {
            let command = redis::cmd("EXISTS").arg(key).to_owned();
            if node.try_command(command).await.is_ok() {
                return Some(node);
            }
        }
        None
    }
}

async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let began = Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < Duration::from_secs(40), "never: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
