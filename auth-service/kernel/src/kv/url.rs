//! How the URL of each deployment is written.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use redis::cluster::ClusterClientBuilder;
use redis::io::tcp::TcpSettings;
use redis::sentinel::{SentinelClient, SentinelNodeConnectionInfo, SentinelServerType};
use redis::{
    Client, ConnectionAddr, ConnectionInfo, ErrorKind, IntoConnectionInfo, RedisResult, TlsMode,
};

use super::sentinel::Sentinels;
use super::{Cluster, Deployed};

/// Retries of one command in a cluster: the first may ask a node that has lost the slot.
const CLUSTER_RETRIES: u32 = 2;

/// What stands in `scheme://user@hosts/path?query`.
struct Parts<'a> {
    user: Option<&'a str>,
    hosts: Vec<&'a str>,
    path: &'a str,
    query: &'a str,
}

pub(super) fn parse(url: &str) -> RedisResult<Deployed> {
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let (plain, kind) = scheme.split_once('-').unwrap_or((scheme, ""));
    match (plain, kind) {
        ("redis" | "rediss", "sentinel") => sentinel(plain, &Parts::of(rest)),
        ("redis" | "rediss", "cluster") => cluster(plain, &Parts::of(rest)),
        _ => Ok(Deployed::One(Box::new(Client::open(noticing(
            url.into_connection_info()?,
        ))?))),
    }
}

/// The hosts of a URL, without what is secret in it.
pub fn place(url: &str) -> String {
    let (plain, query) = url.split_once('?').unwrap_or((url, ""));
    let hosts = plain.rsplit_once('@').or(plain.split_once("://"));
    match hosts {
        // Behind an `@` that is not escaped what stands before it may be of a password.
        Some((_, hosts)) if !query.contains('@') => format!("Redis {hosts}"),
        _ => "Redis".into(),
    }
}

/// A server that has gone silent is noticed.
fn tcp() -> TcpSettings {
    TcpSettings::default()
        .set_nodelay(true)
        .set_user_timeout(Duration::from_secs(2))
}

fn noticing(info: ConnectionInfo) -> ConnectionInfo {
    info.set_tcp_settings(tcp())
}

impl<'a> Parts<'a> {
    fn of(rest: &'a str) -> Self {
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (user, place) = match place.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, place),
        };
        let (hosts, path) = place.split_once('/').unwrap_or((place, ""));
        let hosts = hosts.split(',').filter(|host| !host.is_empty()).collect();
        Self {
            user,
            hosts,
            path,
            query,
        }
    }

    fn query(&self, name: &str) -> Option<&'a str> {
        let pairs = self
            .query
            .split('&')
            .filter_map(|pair| pair.split_once('='));
        let mut values = pairs.filter(|(key, _)| *key == name);
        values.next().map(|(_, value)| value)
    }
}

/// One node, by the rules of the usual URL.
fn node(
    scheme: &str,
    user: Option<&str>,
    host: &str,
    port: u16,
    db: &str,
) -> RedisResult<ConnectionInfo> {
    let user = user.map(|user| format!("{user}@")).unwrap_or_default();
    let after_address = host.rsplit_once(']').map_or(host, |(_, rest)| rest);
    let port = match after_address.contains(':') {
        true => String::new(),
        false => format!(":{port}"),
    };
    let info = format!("{scheme}://{user}{host}{port}/{db}").into_connection_info()?;
    Ok(noticing(info))
}

fn sentinel(scheme: &str, parts: &Parts<'_>) -> RedisResult<Deployed> {
    let (name, db) = parts.path.split_once('/').unwrap_or((parts.path, ""));
    if name.is_empty() || parts.hosts.is_empty() {
        return Err(wrong(
            "redis-sentinel:// names Sentinels and the primary: redis-sentinel://host:26379,host:26379/primary",
        ));
    }
    let password = parts.query("sentinel_password");
    let username = parts.query("sentinel_username").unwrap_or_default();
    let user = password.map(|password| format!("{username}:{password}"));
    let sentinels = parts.hosts.iter();
    let sentinels = sentinels.map(|host| node(scheme, user.as_deref(), host, 26_379, ""));
    let primary = node(scheme, parts.user, parts.hosts[0], 6379, db)?;
    let mut as_client = SentinelNodeConnectionInfo::default()
        .set_redis_connection_info(primary.redis_settings().clone())
        .set_tcp_settings(tcp());
    if scheme == "rediss" {
        as_client = as_client.set_tls_mode(TlsMode::Secure);
    }
    let client = SentinelClient::build(
        sentinels.collect::<RedisResult<Vec<_>>>()?,
        name,
        Some(as_client),
        SentinelServerType::Master,
    )?;
    Ok(Deployed::Sentinel(Arc::new(Sentinels::new(client))))
}

fn cluster(scheme: &str, parts: &Parts<'_>) -> RedisResult<Deployed> {
    let nodes = parts.hosts.iter();
    let nodes = nodes.map(|host| node(scheme, parts.user, host, 6379, parts.path));
    let nodes = nodes.collect::<RedisResult<Vec<_>>>()?;
    if nodes.is_empty() {
        return Err(wrong(
            "redis-cluster:// names nodes: redis-cluster://host:6379,host:6379",
        ));
    }
    let client = ClusterClientBuilder::new(nodes.clone())
        .retries(CLUSTER_RETRIES)
        .min_retry_wait(10)
        .max_retry_wait(50)
        .tcp_settings(tcp())
        .build()?;
    let nodes = nodes.into_iter().map(Client::open);
    Ok(Deployed::Cluster(Arc::new(Cluster {
        client,
        nodes: nodes.collect::<RedisResult<Vec<_>>>()?,
        next: AtomicUsize::new(0),
    })))
}

/// The node at `host:port`, reached as this one is. Without a host it is this one's (as a cluster
/// says that knows no name of its nodes).
pub(super) fn elsewhere(known: &ConnectionInfo, address: &str) -> RedisResult<Client> {
    let parsed = address
        .rsplit_once(':')
        .and_then(|(host, port)| Some((host.trim_matches(['[', ']']), port.parse().ok()?)));
    let Some((host, port)) = parsed else {
        return Err(wrong(
            "a node of the cluster named none that can be reached",
        ));
    };
    let mut there = known.addr().clone();
    if let ConnectionAddr::Tcp(at, to)
    | ConnectionAddr::TcpTls {
        host: at, port: to, ..
    } = &mut there
    {
        if !host.is_empty() {
            host.clone_into(at);
        }
        *to = port;
    }
    Client::open(known.clone().set_addr(there))
}

fn wrong(advice: &'static str) -> redis::RedisError {
    (ErrorKind::InvalidClientConfig, advice).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_deployment_has_its_url() {
        for url in ["redis://h", "rediss://u:p@h:1/2", "redis://h:6379/0"] {
            assert!(matches!(parse(url), Ok(Deployed::One(_))), "{url}");
        }
        for url in [
            "redis-sentinel://a:1,b,[::1]:3/primary",
            "redis-sentinel://u:p@a/primary/2?sentinel_password=s",
        ] {
            assert!(matches!(parse(url), Ok(Deployed::Sentinel(_))), "{url}");
        }
        for url in ["redis-cluster://a:1,b,[::1]", "rediss-cluster://u:p@a"] {
            assert!(matches!(parse(url), Ok(Deployed::Cluster(_))), "{url}");
        }
    }

    #[test]
    fn what_lacks_a_part_is_refused() {
        for url in [
            "redis-sentinel://a:1,b:2",
            "redis-sentinel:///primary",
            "redis-cluster://",
            "redis-cluster://a:x",
            "redis-other://a",
            "http://a",
            "",
        ] {
            assert!(parse(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_place_holds_no_secret() {
        for (url, told) in [
            ("redis://h:1/2", "Redis h:1/2"),
            ("redis://u:p@s@h", "Redis h"),
            ("redis://:p?s@h", "Redis"),
            ("redis-sentinel://a/p?sentinel_password=s@s", "Redis"),
            (
                "redis-sentinel://u:p@a:1,b/primary?sentinel_password=s",
                "Redis a:1,b/primary",
            ),
        ] {
            assert_eq!(place(url), told);
        }
    }

    #[test]
    fn a_port_that_is_not_said_is_the_usual_one() {
        for (host, address) in [("h", "h:6379"), ("h:1", "h:1"), ("[::1]", "::1:6379")] {
            let info = node("redis", None, host, 6379, "").expect("a node");
            assert_eq!(info.addr().to_string(), address);
        }
    }
}
