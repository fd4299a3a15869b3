//! Whether Redis keeps what it is given, and lets us do all that revocation and limits need.

use std::time::Duration;
use tokio::time::timeout;

use kernel::clock::Clock;
use kernel::config::Settings;
use kernel::entropy::Entropy;
use kernel::{kv, limits, revocation};

use super::Finding;

const PATIENCE: Duration = Duration::from_secs(8);

/// What the user of Redis must be allowed to do: its own keys and channels, and what tells how the
/// server is.
const RULES: &str = "`~deny:* ~{deny}:* ~{limits}:* &deny:* &{deny}:* +@all -@admin -@dangerous \
                     +info +role`";

pub(super) async fn look(settings: &Settings) -> Vec<Finding> {
    let Some(url) = &settings.redis.url else {
        return vec![Ok("not used".into())];
    };
    let place = kv::place(url);
    let away = "see that `redis.url` leads to a Redis that runs, with `rediss` where it wants TLS";
    let (entropy, now) = (Entropy::system(), Clock::system().now());
    let probed = revocation::probe(url, &entropy, now);
    let info = match timeout(PATIENCE, probed).await {
        Ok(Ok(info)) => info,
        Ok(Err(refused)) if refused.is_forbidden() => {
            return vec![Err(format!(
                "{place}: {refused}; its access control list must allow the user of `redis.url` \
                 {RULES}"
            ))];
        }
        Ok(Err(refused)) => return vec![Err(format!("{place}: {refused}; {away}"))],
        Err(_) => return vec![Err(format!("{place}: it does not answer; {away}"))],
    };
    let mut findings = judge(&info);
    if let Err(error) = limits::try_out(url).await {
        findings.push(Err(format!(
            "{place}: it does not count for limits: {error}; its access control list must allow \
             the user of `redis.url` {RULES}"
        )));
    }
    findings
}

fn judge(info: &str) -> Vec<Finding> {
    let field = |name: &str| revocation::info_field(info, name).to_owned();
    let version = field("redis_version");
    let major = version.split('.').next();
    let major = major.and_then(|major| major.parse::<u32>().ok());
    vec![
        match major {
            Some(7..) => Ok(format!("version {version}")),
            _ => Err(format!("version {version} is too old; use 7.0 or later")),
        },
        match field("maxmemory_policy").as_str() {
            "noeviction" | "" => Ok("keeps what it is given".into()),
            policy => Err(format!(
                "it may drop revocations (maxmemory-policy {policy}); set `noeviction`"
            )),
        },
    ]
}
