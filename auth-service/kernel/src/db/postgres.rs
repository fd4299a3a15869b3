//! One connection to Postgres, in TLS where the URL asks for it.

use diesel::connection::CacheSize;
use diesel::{ConnectionError, ConnectionResult};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use std::borrow::Cow;
use std::error::Error as _;
use std::time::Duration;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::TlsStream;
use tokio_postgres::{Client, Config, Connection, Error, NoTls, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Connects. With `sslmode=require`, or stricter, the server's certificate and name are verified
/// against the system's roots, or those of `SSL_CERT_FILE`: an encrypted line to a stranger is no
/// protection, so there is no mode that does not look. Otherwise the line is plain.
///
/// The first of its hosts that takes writes is used, and no other: what a standby tells of
/// revocations may be old.
pub(super) async fn connect(url: &str) -> ConnectionResult<AsyncPgConnection> {
    let config = config(url)?;
    let bad = |error| bad(&config, &error);
    if config.get_ssl_mode() != SslMode::Require {
        let (client, connection) = config.connect(NoTls).await.map_err(bad)?;
        return set_up(client, connection, bad).await;
    }
    let (tls, _) = MakeRustlsConnect::with_native_certs().map_err(|errors| {
        ConnectionError::BadConnection(format!("no root certificates can be read: {errors:?}"))
    })?;
    let (client, connection) = config.connect(tls).await.map_err(bad)?;
    set_up(client, connection, bad).await
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
    bad: impl Fn(Error) -> ConnectionError,
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

/// How long what was sent may stay without the word that it arrived: then the line is dead, and is
/// closed before the statement's own time is over.
const UNHEARD: Duration = Duration::from_secs(3);

/// How long a line may be silent before its other end is asked whether it is there, and how long
/// after that again. A firewall that forgets idle lines is kept from it, too.
const IDLE: Duration = Duration::from_secs(30);
const ASK_AGAIN: Duration = Duration::from_secs(5);
const ASKS: u32 = 3;

fn config(url: &str) -> ConnectionResult<Config> {
    let mut config = parse(url).map_err(ConnectionError::InvalidConnectionUrl)?;
    config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    if config.get_hosts().len() > 1 && config.get_connect_timeout().is_none() {
        config.connect_timeout(EACH_HOST);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(UNHEARD);
    }
    if config.get_keepalives_idle() == Config::new().get_keepalives_idle() {
        config.keepalives_idle(IDLE);
    }
    if config.get_keepalives_interval().is_none() {
        config.keepalives_interval(ASK_AGAIN);
    }
    if config.get_keepalives_retries().is_none() {
        config.keepalives_retries(ASKS);
    }
    Ok(config)
}

/// What the parser says can repeat a part of the password, where that holds a character that means
/// something in a URL.
fn parse(url: &str) -> Result<Config, String> {
    let place = url.split('?').next().unwrap_or_default();
    let is_torn = place.matches('@').count() > 1;
    let parsed: Result<Config, Error> = strictest(url).parse();
    match parsed {
        Ok(config) if !is_torn => Ok(config),
        Err(error) if url.matches('@').count() <= 1 => Err(cause(&error)),
        _ => Err(
            "it is not a URL of Postgres: write each `@`, `:`, `/`, `?`, `#` and `%` of the \
             user and the password as `%40`, `%3A`, `%2F`, `%3F`, `%23` and `%25`"
                .into(),
        ),
    }
}

/// tokio-postgres knows no mode beyond `require`; ours means `verify-full` already.
fn strictest(url: &str) -> Cow<'_, str> {
    let stricter = ["sslmode=verify-full", "sslmode=verify-ca"];
    match stricter.iter().find(|mode| url.contains(**mode)) {
        Some(mode) => url.replace(mode, "sslmode=require").into(),
        None => url.into(),
    }
}

/// What failed, where, and what to do where that is known.
fn bad(config: &Config, error: &Error) -> ConnectionError {
    let (place, cause) = (place(config), cause(error));
    let is_plain = config.get_ssl_mode() != SslMode::Require;
    // 28000: no rule of the server lets this user in on a line like this. Poolers say it in words.
    let is_refused = error.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
        || (error.code().is_some() && cause.to_lowercase().contains("ssl"));
    let advice = if is_plain && is_refused {
        "; if the server wants TLS, add `?sslmode=require` to `database.url`"
    } else if cause.contains("UnknownIssuer") {
        "; if it is of an authority of your own, name the file of that in SSL_CERT_FILE"
    } else {
        ""
    };
    ConnectionError::BadConnection(format!("{place}: {cause}{advice}"))
}

/// Where this URL leads, for errors; an error where it is none.
pub(super) fn place_of(url: &str) -> Result<String, String> {
    parse(url).map(|config| place(&config))
}

fn cause(error: &Error) -> String {
    let cause = error.source().map(|cause| format!(": {cause}"));
    format!("{error}{}", cause.unwrap_or_default())
}

/// The hosts with their ports, and the database; nothing secret.
fn place(config: &Config) -> String {
    let ports = config.get_ports();
    let hosts = config.get_hosts().iter().enumerate().map(|(at, host)| {
        let port = ports.get(at).or(ports.first()).unwrap_or(&5432);
        match host {
            Host::Tcp(name) => format!("{name}:{port}"),
            Host::Unix(folder) => format!("{}/.s.PGSQL.{port}", folder.display()),
        }
    });
    let hosts = hosts.collect::<Vec<_>>().join(",");
    let database = config.get_dbname().or(config.get_user());
    format!("Postgres {hosts}/{}", database.unwrap_or_default())
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

    // I34
    #[test]
    fn a_dead_line_is_noticed_unless_the_url_says_otherwise() {
        let config = config("postgres://a/d").expect("a URL");
        assert!(config.get_keepalives());
        assert_eq!(config.get_tcp_user_timeout(), Some(&UNHEARD));
        assert_eq!(config.get_keepalives_idle(), IDLE);
        assert_eq!(config.get_keepalives_interval(), Some(ASK_AGAIN));
        let own = "postgres://a/d?tcp_user_timeout=9&keepalives_idle=90&keepalives_interval=9";
        let config = super::config(own).expect("a URL");
        assert_eq!(config.get_tcp_user_timeout(), Some(&Duration::from_secs(9)));
        assert_eq!(config.get_keepalives_idle(), Duration::from_secs(90));
        assert_eq!(
            config.get_keepalives_interval(),
            Some(Duration::from_secs(9))
        );
    }

    #[test]
    fn no_part_of_a_password_is_told() {
        for url in [
            "postgres://auth:se@cret?part=/x@h/d",
            "postgres://auth:se@cret?part@h/d",
            "postgres://auth:se@cret@h/d",
            "postgres://auth:se@cret/part@h/d",
            "postgres://auth:se@cret:part@h/d",
        ] {
            let told = parse(url).expect_err("not a URL");
            assert!(!told.contains("cret") && !told.contains("part"), "{told}");
        }
        let config = parse("postgres://auth:se%40cret@h,i:1/d?sslmode=require").expect("a URL");
        assert_eq!(config.get_password(), Some(&b"se@cret"[..]));
        assert_eq!(place(&config), "Postgres h:5432,i:1/d");
        let typo = parse("postgres://auth:x@h/d?ssl_mode=require").err();
        assert!(typo.is_some_and(|told| told.contains("ssl_mode")));
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
