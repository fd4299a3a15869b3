//! Redis, or Valkey, as it is deployed: one server, a primary that Sentinels name, or a cluster.
//!
//! Owned here: how the URL of each is written, and which server is asked after a fail-over. What
//! is kept there, and what it is worth, the rooms know that keep it (`revocation`, `limits`).

mod commands;
mod sentinel;
mod url;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig, PubSubStream};
use redis::cluster::{ClusterClient, ClusterConfig};
use redis::{AsyncCommands, Client, RedisResult};

pub use commands::Commands;
use sentinel::{Primary, Sentinels};
pub use url::place;

/// Where Redis is. Cheap to clone; connects when it is first used.
#[derive(Clone)]
pub struct Kv(Deployed);

#[derive(Clone)]
enum Deployed {
    One(Box<Client>),
    Sentinel(Arc<Sentinels>),
    Cluster(Arc<Cluster>),
}

struct Cluster {
    client: ClusterClient,
    nodes: Vec<Client>,
    /// The node that is asked next: one that is cut off must not be tried for ever.
    next: AtomicUsize,
}

impl From<Client> for Kv {
    fn from(client: Client) -> Self {
        Self(Deployed::One(client.into()))
    }
}

impl Kv {
    /// Reads a URL:
    ///
    /// | | |
    /// | --- | --- |
    /// | `redis://[user:password@]host[:port][/db]`, `rediss://…`, `unix://…` | one server |
    /// | `redis-sentinel://[user:password@]host[:port],…/primary[/db]` | Sentinels, and the name by which they know the primary; `?sentinel_username=…&sentinel_password=…` where they ask for one |
    /// | `redis-cluster://[user:password@]host[:port],…` | nodes of a cluster; the others are asked for |
    ///
    /// `rediss-…` is TLS to all of them.
    ///
    /// # Errors
    /// [`redis::RedisError`] when it is none of these.
    pub fn open(url: &str) -> RedisResult<Self> {
        url::parse(url).map(Self)
    }

    /// A connection for commands, which mends itself and finds the primary after a fail-over.
    /// Neither connecting nor an answer takes longer than `deadline`. Needs a Tokio runtime.
    ///
    /// # Errors
    /// When the client can't be set up. A server that is away is no error.
    pub fn commands(&self, deadline: Duration) -> RedisResult<Commands> {
        Ok(match &self.0 {
            Deployed::One(client) => {
                // Nobody waits for a second try; the next command makes it.
                let config = ConnectionManagerConfig::new()
                    .set_number_of_retries(0)
                    .set_connection_timeout(Some(deadline))
                    .set_response_timeout(Some(deadline));
                let manager =
                    ConnectionManager::new_lazy_with_config(Client::clone(client), config)?;
                Commands::One(manager)
            }
            Deployed::Sentinel(sentinels) => {
                Commands::Primary(Primary::new(sentinels.clone(), deadline))
            }
            Deployed::Cluster(cluster) => {
                let config = ClusterConfig::new()
                    .set_connection_timeout(deadline)
                    .set_response_timeout(deadline);
                let client = &cluster.client;
                Commands::Cluster(client.get_pending_async_connection_with_config(config))
            }
        })
    }

    /// What is published on a channel from now on, until the connection breaks. In a cluster it is
    /// heard at the node that keeps the keys of the channel's slot, where scripts publish what they
    /// write: it comes as soon as from a single server, and who listens knows when that node dies.
    ///
    /// # Errors
    /// [`redis::RedisError`]
    pub async fn listen(&self, channel: &str) -> RedisResult<PubSubStream> {
        let mut listening = match &self.0 {
            Deployed::One(client) => client.get_async_pubsub().await?,
            Deployed::Sentinel(sentinels) => sentinels.primary().await?.get_async_pubsub().await?,
            Deployed::Cluster(cluster) => cluster.owner(channel).await?.get_async_pubsub().await?,
        };
        listening.subscribe(channel).await?;
        Ok(listening.into_on_message())
    }

    /// Whether keys that one command names must lie in one slot (a hash tag in each).
    pub fn is_cluster(&self) -> bool {
        matches!(self.0, Deployed::Cluster(_))
    }
}

impl Cluster {
    /// The node that keeps the slot of this name: any other says which one does.
    async fn owner(&self, name: &str) -> RedisResult<Client> {
        let next = self.next.fetch_add(1, Ordering::Relaxed) % self.nodes.len();
        let node = &self.nodes[next];
        let mut asked = node.get_multiplexed_async_connection().await?;
        let answer: RedisResult<bool> = asked.exists(name).await;
        match answer {
            Ok(_) => Ok(node.clone()),
            Err(error) => match error.redirect_node() {
                Some((address, _)) => url::elsewhere(node.get_connection_info(), address),
                None => Err(error),
            },
        }
    }
}
