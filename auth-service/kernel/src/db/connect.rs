//! Opening the pool, and what each new connection is told first.

use std::sync::Arc;
use std::time::Duration;

use diesel::{ConnectionError, ConnectionResult};
use diesel_async::pooled_connection::deadpool::{BuildError, Pool};
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::runtime::Handle;

use super::{
    Connections, Db, DbError, Group, Lite, Pools, Retirement, Turn, Writers, postgres, sqlite,
};
use crate::config;
use crate::metrics::Queue;

/// SQLite lets one connection write at a time; more of them would only wait.
const SQLITE_CONNECTIONS: usize = 4;

impl Db {
    /// Pools for the database of these settings, on Postgres one for each of so many HTTP workers
    /// that say so by [`serve_from_this_thread`](Self::serve_from_this_thread). Connections are
    /// made when they are first needed: a worker's on its own thread, all others on the runtime
    /// that calls this, for they outlive the thread that asks for one.
    /// `queue` is told how long callers wait for one.
    ///
    /// # Errors
    /// [`DbError::Unavailable`] when the pool can't be set up. Whether the database answers is
    /// not known until the first [`conn`](Self::conn).
    pub fn open(
        settings: &config::Database,
        workers: usize,
        queue: Queue,
    ) -> Result<Self, DbError> {
        let size = settings.max_connections as usize;
        let deadline = settings.statement_timeout;
        let retirement = Retirement::default();
        let place: Arc<str> = match sqlite::path_of(&settings.url) {
            Some(path) => sqlite::place(path),
            None => postgres::place_of(&settings.url).map_err(DbError::Unavailable)?,
        }
        .into();
        let pool = match sqlite::path_of(&settings.url) {
            Some(path) => {
                sqlite::keep_private(path);
                let first = sqlite::first(deadline)
                    + "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                       PRAGMA foreign_keys = ON;";
                let writers = Writers::start(path, first.clone(), deadline)?;
                let setup = configured(first, true, place.clone(), |path| async move {
                    open_file(&path).await
                });
                let manager = AsyncDieselConnectionManager::<Lite>::new_with_config(path, setup);
                Pool::builder(manager)
                    .max_size(size.min(SQLITE_CONNECTIONS))
                    .build()
                    .map(|pool| Connections::Lite(pool, writers))
            }
            None => {
                type Connecting = BoxFuture<'static, ConnectionResult<AsyncPgConnection>>;
                let (first, connect): (String, fn(String) -> Connecting) =
                    match settings.prepared_statements {
                        true => (limits("SET", deadline), |url| {
                            async move { postgres::connect(&url).await }.boxed()
                        }),
                        // Behind the pooler a setting would stay with whoever comes next.
                        false => (String::new(), |url| {
                            async move { postgres::connect_through_pooler(&url).await }.boxed()
                        }),
                    };
                Pools::build(size, workers, |size, on_its_own_thread| {
                    let here = !on_its_own_thread;
                    let setup = configured(first.clone(), here, place.clone(), connect);
                    let manager =
                        AsyncDieselConnectionManager::<AsyncPgConnection>::new_with_config(
                            &settings.url,
                            setup,
                        );
                    Pool::builder(manager)
                        .max_size(size)
                        .pre_recycle(retirement.guard())
                        .build()
                })
                .map(Connections::Pg)
            }
        };
        let pool = pool.map_err(|error: BuildError| DbError::Unavailable(error.to_string()))?;
        Ok(Self {
            pool,
            place,
            alone: (!settings.prepared_statements && sqlite::path_of(&settings.url).is_none())
                .then(|| format!("BEGIN; {}", limits("SET LOCAL", deadline)).into()),
            acquire_timeout: settings.acquire_timeout,
            deadline: deadline + ANSWER_GRACE,
            retirement,
            queue,
        })
    }
}

impl Writers {
    fn start(path: &str, first: String, deadline: Duration) -> Result<Self, DbError> {
        let turn = Turn::default();
        let group = Group::start(path, first, turn.clone(), deadline + ANSWER_GRACE);
        let group = group.map_err(|error| DbError::Unavailable(error.to_string()))?;
        Ok(Self { turn, group })
    }
}

/// How long Postgres lets a statement run, and a transaction wait for the next one.
fn limits(set: &str, deadline: Duration) -> String {
    let millis = deadline.as_millis();
    format!(
        "{set} statement_timeout = {millis}; \
         {set} idle_in_transaction_session_timeout = {millis};"
    )
}

async fn open_file(path: &str) -> ConnectionResult<Lite> {
    let opened = Lite::establish(path).await;
    opened.map_err(|error| ConnectionError::BadConnection(sqlite::at(path, &error)))
}

/// A test query at each check-out would cost a round trip; a closed connection is noticed anyway.
/// Connections are driven by the runtime that calls this, if `here`, or by that of whoever asks.
fn configured<C, F>(
    first: String,
    here: bool,
    place: Arc<str>,
    connect: fn(String) -> F,
) -> ManagerConfig<C>
where
    C: AsyncConnection + SimpleAsyncConnection + 'static,
    F: Future<Output = ConnectionResult<C>> + Send + 'static,
{
    let runtime = here.then(Handle::current);
    let mut config = ManagerConfig::default();
    config.recycling_method = RecyclingMethod::Fast;
    config.custom_setup = Box::new(move |url| {
        let (connecting, first, runtime, place) = (
            connect(url.to_owned()),
            first.clone(),
            runtime.clone(),
            place.clone(),
        );
        async move {
            runtime
                .unwrap_or_else(Handle::current)
                .spawn(establish(connecting, first, place))
                .await
                .map_err(|error| ConnectionError::BadConnection(error.to_string()))?
        }
        .boxed()
    });
    config
}

/// How long after `statement_timeout` the database's word that it ended a statement may come.
pub(super) const ANSWER_GRACE: Duration = Duration::from_secs(1);

/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

async fn establish<C>(
    connecting: impl Future<Output = ConnectionResult<C>>,
    first: String,
    place: Arc<str>,
) -> ConnectionResult<C>
where
    C: SimpleAsyncConnection,
{
    let connect = async {
        let mut conn = connecting.await?;
        if !first.is_empty() {
            conn.batch_execute(&first)
                .await
                .map_err(ConnectionError::CouldntSetupConfiguration)?;
        }
        Ok(conn)
    };
    match tokio::time::timeout(CONNECT_TIMEOUT, connect).await {
        Ok(conn) => conn,
        Err(_) => Err(ConnectionError::BadConnection(format!(
            "{place}: it did not answer in time"
        ))),
    }
}
