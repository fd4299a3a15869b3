//! One connection to Postgres, in TLS where the URL asks for it.

use diesel::{ConnectionError, ConnectionResult};
use diesel_async::{AsyncConnection, AsyncPgConnection};
use std::borrow::Cow;
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

/// Connects. With `sslmode=require`, or stricter, the server's certificate and name are verified
/// against the system's roots, or those of `SSL_CERT_FILE`: an encrypted line to a stranger is no
/// protection, so there is no mode that does not look. Otherwise the line is plain.
pub(super) async fn connect(url: &str) -> ConnectionResult<AsyncPgConnection> {
    let url = strictest(url);
    let config: Config = url.parse().map_err(bad)?;
    if config.get_ssl_mode() != SslMode::Require {
        return AsyncPgConnection::establish(&url).await;
    }
    let (tls, _) = MakeRustlsConnect::with_native_certs().map_err(|errors| {
        ConnectionError::BadConnection(format!("no root certificates can be read: {errors:?}"))
    })?;
    let (client, connection) = config.connect(tls).await.map_err(bad)?;
    AsyncPgConnection::try_from_client_and_connection(client, connection).await
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
