//! The primary that Sentinels name, and another one after a fail-over.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::sentinel::SentinelClient;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, Pipeline, RedisError, RedisResult,
    ServerErrorKind, Value,
};
use tokio::runtime::Handle;
use tokio::time::timeout;

/// How long the Sentinels may be asked, one after the other, and the primary be connected to.
const ASKING: Duration = Duration::from_secs(5);

/// The Sentinels, and the connections to them.
pub(super) struct Sentinels(Arc<tokio::sync::Mutex<SentinelClient>>);

impl Sentinels {
    pub(super) fn new(client: SentinelClient) -> Self {
        Self(Arc::new(tokio::sync::Mutex::new(client)))
    }

    /// Who is the primary now, as it says itself too.
    pub(super) async fn primary(&self) -> RedisResult<Client> {
        self.0.lock().await.async_get_client().await
    }
}

/// A connection to the primary. One that broke, did not answer or leads to a server that takes no
/// writes any more is given up, and the Sentinels are asked again.
#[derive(Clone)]
pub struct Primary(Arc<Shared>);

struct Shared {
    sentinels: Arc<Sentinels>,
    config: AsyncConnectionConfig,
    current: Mutex<Option<(u64, MultiplexedConnection)>>,
    /// Held by whoever connects: how many did before.
    connecting: Arc<tokio::sync::Mutex<u64>>,
    runtime: Handle,
}

impl Primary {
    pub(super) fn new(sentinels: Arc<Sentinels>, deadline: Duration) -> Self {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(deadline))
            .set_response_timeout(Some(deadline));
        Self(Arc::new(Shared {
            sentinels,
            config,
            current: Mutex::default(),
            connecting: Arc::default(),
            runtime: Handle::current(),
        }))
    }

    pub(super) async fn command(&self, command: &Cmd) -> RedisResult<Value> {
        let (number, mut connection) = self.connection().await?;
        let answer = connection.req_packed_command(command).await;
        self.judge(number, &answer);
        answer
    }

    pub(super) async fn pipeline(
        &self,
        pipeline: &Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        let (number, mut connection) = self.connection().await?;
        let answers = connection
            .req_packed_commands(pipeline, offset, count)
            .await;
        self.judge(number, &answers);
        if let Ok(answers) = &answers {
            // Errors of single commands come among the answers.
            for answer in answers {
                if let Value::ServerError(error) = answer {
                    self.judge::<()>(number, &Err(error.clone().into()));
                }
            }
        }
        answers
    }

    fn current(&self) -> Option<(u64, MultiplexedConnection)> {
        let current = self.0.current.lock();
        current.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Connecting goes on when whoever asked first waits no more: the next finds it done.
    async fn connection(&self) -> RedisResult<(u64, MultiplexedConnection)> {
        if let Some(current) = self.current() {
            return Ok(current);
        }
        let mut count = self.0.connecting.clone().lock_owned().await;
        if let Some(current) = self.current() {
            return Ok(current);
        }
        let shared = self.0.clone();
        let connecting = self.0.runtime.spawn(async move {
            let connect = async {
                let primary = shared.sentinels.primary().await?;
                primary
                    .get_multiplexed_async_connection_with_config(&shared.config)
                    .await
            };
            let connection = timeout(ASKING, connect).await.map_err(|_| silent())??;
            *count += 1;
            let found = (*count, connection);
            let mut current = shared
                .current
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            *current = Some(found.clone());
            Ok(found)
        });
        connecting.await.map_err(|_| silent())?
    }

    fn judge<T>(&self, number: u64, answer: &RedisResult<T>) {
        let Err(error) = answer else { return };
        let demoted = error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly);
        if demoted || error.is_io_error() || error.is_timeout() || error.is_unrecoverable_error() {
            let mut current = self
                .0
                .current
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if current.as_ref().is_some_and(|(known, _)| *known == number) {
                *current = None;
            }
        }
    }
}

fn silent() -> RedisError {
    (ErrorKind::Io, "no Sentinel named a primary that answers").into()
}
