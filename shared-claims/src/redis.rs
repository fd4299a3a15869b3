//! Revocations looked up where `auth-service` puts them for its replicas: in Redis.

use std::time::Duration;

use redis::Client;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use tokio::sync::OnceCell;
use tokio::time::timeout;

use crate::claims::Claims;
use crate::revocation::Verdict;

/// How long one look-up may take.
const TIMEOUT: Duration = Duration::from_millis(250);
/// There while the service sees that Redis holds all that its database does, and for less than a
/// second longer.
const WHOLE: &str = "deny:whole";

pub(crate) struct Redis {
    client: Client,
    connection: OnceCell<ConnectionManager>,
}

/// Whether a token was revoked can't be told now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RedisError {
    #[error("Redis: {0}")]
    Redis(#[from] redis::RedisError),
    #[error("Redis did not answer in time")]
    Silent,
    #[error("Redis may lack revocations: the service has not vouched for it of late")]
    Unvouched,
}

/// What one `MGET` tells: whether it is whole, `jti`, `sid` and `kid`, and the lowest valid and
/// the lowest fresh version.
type Found = (
    Option<String>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
);

impl Redis {
    /// None if the URL is not one.
    pub(crate) fn new(url: &str) -> Option<Self> {
        Some(Self {
            client: Client::open(url).ok()?,
            connection: OnceCell::new(),
        })
    }

    pub(crate) async fn check<C>(
        &self,
        claims: &Claims<C>,
        kid: &str,
    ) -> Result<Verdict, RedisError> {
        let found = timeout(TIMEOUT, self.look_up(claims, kid)).await;
        let (whole, jti, sid, kid, valid, fresh) = found.map_err(|_| RedisError::Silent)??;
        let below = |lowest: Option<i64>| {
            lowest.is_some_and(|lowest| claims.ver.is_none_or(|ver| ver < lowest))
        };
        match jti.or(sid).or(kid).is_some() || below(valid) {
            true => Ok(Verdict::Revoked),
            false if below(fresh) => Ok(Verdict::Stale),
            // What is there counts in any case; what is not may be missing.
            false if whole.is_none() => Err(RedisError::Unvouched),
            false => Ok(Verdict::Accepted),
        }
    }

    async fn look_up<C>(&self, claims: &Claims<C>, kid: &str) -> Result<Found, redis::RedisError> {
        let manager = self.connection.get_or_try_init(|| async {
            let config = ConnectionManagerConfig::new()
                .set_connection_timeout(Some(TIMEOUT))
                .set_response_timeout(Some(TIMEOUT))
                .set_number_of_retries(0);
            self.client.get_connection_manager_lazy(config)
        });
        // A token without a session is asked about under a name that no session has.
        let sid = claims.sid.as_deref().unwrap_or_default();
        let mut command = redis::cmd("MGET");
        command.arg(WHOLE);
        for (kind, value) in [
            ("jti", claims.jti.as_str()),
            ("sid", sid),
            ("kid", kid),
            ("sub", claims.sub.as_str()),
            ("stale", claims.sub.as_str()),
        ] {
            command.arg(format!("deny:{kind}:{value}"));
        }
        let mut connection = manager.await?.clone();
        command.query_async(&mut connection).await
    }
}
