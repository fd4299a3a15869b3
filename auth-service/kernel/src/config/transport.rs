//! Whether what the service tells its database and its Redis can be read on the way.

use super::Settings;
use super::check::Findings;

/// In production, password hashes and revocations go to another machine over TLS alone.
pub(super) fn check(settings: &Settings, found: &mut Findings) {
    let (database, redis) = (&settings.database, &settings.redis);
    found.expect(
        database.allow_plaintext || !is_plain_postgres(&database.url),
        "database.url",
        "must ask for TLS, for the server is another machine: add `sslmode=require`; or set \
         `database.allow_plaintext = true` where the network itself encrypts",
    );
    let is_plain = redis.url.as_deref().is_some_and(is_plain_redis);
    found.expect(
        redis.allow_plaintext || !is_plain,
        "redis.url",
        "must ask for TLS, for the server is another machine: begin it with `rediss`; or set \
         `redis.allow_plaintext = true` where the network itself encrypts",
    );
}

/// What stands in `scheme://user@hosts/path?query`.
struct Url<'a> {
    scheme: &'a str,
    hosts: &'a str,
    query: &'a str,
}

impl<'a> Url<'a> {
    /// Every way to read it: where a password holds an `@`, the hosts may begin behind either.
    fn readings(url: &'a str) -> impl Iterator<Item = Self> {
        let (scheme, rest) = url.split_once("://").unwrap_or((url, ""));
        let behind_user = rest.match_indices('@').map(|(at, _)| &rest[at + 1..]);
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let whole = (!authority.contains('@')).then_some(rest);
        whole.into_iter().chain(behind_user).map(move |rest| {
            let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
            let hosts = place.split('/').next().unwrap_or_default();
            Self {
                scheme,
                hosts,
                query,
            }
        })
    }

    /// The values of a parameter of the query.
    fn all(&self, name: &str) -> impl Iterator<Item = &'a str> {
        let pairs = self
            .query
            .split('&')
            .filter_map(|pair| pair.split_once('='));
        pairs.filter_map(move |(key, value)| (key == name).then_some(value))
    }
}

/// Modes in which nothing goes over the line but TLS.
const ENCRYPTED: [&str; 3] = ["require", "verify-ca", "verify-full"];

fn is_plain_postgres(url: &str) -> bool {
    Url::readings(url).any(|url| {
        // If the mode is said twice, either may count.
        let mut modes = url.all("sslmode").peekable();
        let is_encrypted = modes.peek().is_some() && modes.all(|mode| ENCRYPTED.contains(&mode));
        let hosts = [url.hosts].into_iter().chain(url.all("host"));
        let mut hosts = hosts.chain(url.all("hostaddr"));
        url.scheme.starts_with("postgres") && !is_encrypted && hosts.any(|them| !are_here(them))
    })
}

fn is_plain_redis(url: &str) -> bool {
    Url::readings(url).any(|url| {
        let is_tcp = url.scheme == "redis" || url.scheme.starts_with("redis-");
        is_tcp && !are_here(url.hosts)
    })
}

/// Whether all of these hosts, with commas between, are this machine: by its loopback addresses, or
/// by a folder with a Unix socket.
fn are_here(hosts: &str) -> bool {
    hosts.split(',').all(|host| {
        let host = match host.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None if host.matches(':').count() == 1 => host.split(':').next().unwrap_or_default(),
            None => host,
        };
        let is_folder = host.starts_with('/') || host.to_ascii_lowercase().starts_with("%2f");
        let address = host.parse::<std::net::IpAddr>();
        host.is_empty()
            || is_folder
            || host.eq_ignore_ascii_case("localhost")
            || address.is_ok_and(|address| address.to_canonical().is_loopback())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_plain_if_it_leaves_the_machine_without_tls() {
        // I42
        for (url, is_plain) in [
            ("postgres://a:b@db.internal/auth", true),
            ("postgresql://10.0.0.7:5432/auth", true),
            ("postgres://db/auth?sslmode=prefer", true),
            ("postgres://db/auth?sslmode=disable", true),
            ("postgres://db/auth?sslmode=require", false),
            ("postgres://db/auth?x=1&sslmode=verify-full", false),
            ("postgres://db/auth?sslmode=require&sslmode=disable", true),
            (
                "postgres://db/auth?application_name=sslmode%3Drequire",
                true,
            ),
            ("postgres://a:p@ss?sslmode=require@db/auth", true),
            ("postgres://db/auth?password=x@localhost", true),
            ("postgres://localhost/auth", false),
            ("postgres://127.0.0.1:5432,[::1]:5433/auth", false),
            ("postgres://127.0.0.1,db/auth", true),
            ("postgres://::ffff:127.0.0.1/auth", false),
            ("postgres://%2Fvar%2Frun%2Fpostgresql/auth", false),
            ("postgres:///auth?host=/var/run/postgresql", false),
            ("postgres:///auth?host=db", true),
            ("postgres://localhost/auth?hostaddr=10.0.0.7", true),
            ("postgres://localhost.example.com/auth", true),
            ("sqlite:///data/auth.db", false),
        ] {
            assert_eq!(is_plain_postgres(url), is_plain, "{url}");
        }
        for (url, is_plain) in [
            ("redis://cache:6379", true),
            ("redis://:p@ss@cache:6379/1", true),
            ("redis-sentinel://127.0.0.1:26379,s2:26379/primary", true),
            ("redis-cluster://10.0.0.1:6379,10.0.0.2:6379", true),
            ("rediss://cache:6379", false),
            ("rediss-cluster://cache:6379", false),
            ("rediss-sentinel://s1/primary", false),
            ("redis://127.0.0.1:6379", false),
            ("redis://[::1]:6379", false),
            ("redis-sentinel://localhost:26379/primary", false),
            ("unix:///run/redis.sock", false),
        ] {
            assert_eq!(is_plain_redis(url), is_plain, "{url}");
        }
    }
}
