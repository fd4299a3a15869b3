//! One connection for commands, whatever is at its other end.

use redis::aio::{ConnectionLike, ConnectionManager};
use redis::cluster_async::ClusterConnection;
use redis::{Cmd, Pipeline, RedisFuture, Value};

use super::sentinel::Primary;

/// A connection that mends itself; clones share it.
#[derive(Clone)]
pub enum Commands {
    /// To one server.
    One(ConnectionManager),
    /// To whichever server is the primary.
    Primary(Primary),
    /// To the nodes of a cluster.
    Cluster(ClusterConnection),
}

impl ConnectionLike for Commands {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::One(manager) => manager.req_packed_command(command),
            Self::Primary(primary) => Box::pin(primary.command(command)),
            Self::Cluster(cluster) => cluster.req_packed_command(command),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::One(manager) => manager.req_packed_commands(pipeline, offset, count),
            Self::Primary(primary) => Box::pin(primary.pipeline(pipeline, offset, count)),
            Self::Cluster(cluster) => cluster.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::One(manager) => manager.get_db(),
            // Chosen in its URL, and asked of no more than that.
            Self::Primary(_) => 0,
            Self::Cluster(cluster) => cluster.get_db(),
        }
    }
}
