//! One connection to Postgres, in TLS where the URL asks for it.

use diesel::connection::CacheSize;
use diesel::{ConnectionError, ConnectionResult};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use std::borrow::Cow;
use std::time::Duration;
use tokio_postgres::config::{SslMode, TargetSessionAttrs};
use tokio_postgres::tls::TlsStream;
use tokio_postgres::{Client, Config, Connection, NoTls, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Connects. With `sslmode=require`, or stricter, the server's certificate and name are verified
/// against the system's roots, or those of `SSL_CERT_FILE`: an encrypted line to a stranger is no
/// protection, so there is no mode that does not look. Otherwise the line is plain.
///
/// The first of its hosts that takes writes is used, and no other: what a standby tells of
/// revocations may be old.
pub(super) async fn connect(url: &str) -> ConnectionResult<AsyncPgConnection> {
    let config = config(url)?;
    if config.get_ssl_mode() != SslMode::Require {
        let (client, connection) = config.connect(NoTls).await.map_err(bad)?;
        return set_up(client, connection).await;
    }
    let (tls, _) = MakeRustlsConnect::with_native_certs().map_err(|errors| {
        ConnectionError::BadConnection(format!("no root certificates can be read: {errors:?}"))
    })?;
    let (client, connection) = config.connect(tls).await.map_err(bad)?;
    set_up(client, connection).await
}

/// Connects to a pooler that forgets prepared statements: none is kept.
pub(super) async fn connect_through_pooler(url: &str) -> ConnectionResult<AsyncPgConnection> {
    let mut conn = connect(url).await?;
    conn.set_prepared_statement_cache_size(CacheSize::Disabled);
    Ok(conn)
}

/// diesel-async prepares what it sets first. Within one transaction, for a pooler may give another
/// connection to each.
async fn set_up<S>(
    client: Client,
    mut connection: Connection<Socket, S>,
) -> ConnectionResult<AsyncPgConnection>
where
    S: TlsStream + Unpin + Send + 'static,
{
    tokio::select! {
        begun = client.batch_execute("BEGIN") => begun.map_err(bad)?,
        ended = &mut connection => {
            let cause = ended.err().map(|error| error.to_string());
            return Err(ConnectionError::BadConnection(cause.unwrap_or_default()));
        }
    }
    let mut conn = AsyncPgConnection::try_from_client_and_connection(client, connection).await?;
    conn.batch_execute("COMMIT")
        .await
        .map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(conn)
}

/// How long one of several hosts may take to be connected to, where the URL does not say it
/// (`connect_timeout`): the next must have its turn before a request waits no more.
const EACH_HOST: Duration = Duration::from_millis(750);

fn config(url: &str) -> ConnectionResult<Config> {
    let mut config: Config = strictest(url).parse().map_err(bad)?;
    config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    if config.get_hosts().len() > 1 && config.get_connect_timeout().is_none() {
        config.connect_timeout(EACH_HOST);
    }
    Ok(config)
}

/// tokio-postgres knows no mode beyond `require`; ours means `verify-full` already.
fn strictest(url: &str) -> Cow<'_, str> {
    let stricter = ["sslmode=verify-full", "sslmode=verify-ca"];
    match stricter.iter().find(|mode| url.contains(**mode)) {
        Some(mode) => url.replace(mode, "sslmode=require").into(),
        None => url.into(),
    }
}

fn bad(error: impl std::error::Error) -> ConnectionError {
    let cause = error.source().map(|cause| format!(": {cause}"));
    ConnectionError::BadConnection(format!("{error}{}", cause.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_host_has_its_turn_in_time() {
        for (url, waits) in [
            ("postgres://a,b/d", Some(EACH_HOST)),
            (
                "postgres://a,b/d?connect_timeout=3",
                Some(Duration::from_secs(3)),
            ),
            ("postgres://a/d", None),
        ] {
            let config = config(url).expect("a URL");
            assert_eq!(config.get_connect_timeout().copied(), waits, "{url}");
            let attrs = config.get_target_session_attrs();
            assert_eq!(attrs, TargetSessionAttrs::ReadWrite, "{url}");
        }
    }

    #[test]
    fn stricter_modes_are_ours() {
        for (given, meant) in [
            (
                "postgres://h/d?sslmode=verify-full&x=1",
                "postgres://h/d?sslmode=require&x=1",
            ),
            (
                "postgres://h/d?sslmode=verify-ca",
                "postgres://h/d?sslmode=require",
            ),
            (
                "postgres://h/d?sslmode=disable",
                "postgres://h/d?sslmode=disable",
            ),
            ("postgres://h/d", "postgres://h/d"),
        ] {
            assert_eq!(strictest(given), meant);
        }
    }
}
