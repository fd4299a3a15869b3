//! `auth-service check`: a doctor. It tries each dependency and setting, and says what is wrong
//! and the mend.

mod listeners;

use serde_json::json;
use std::time::Duration;
use tokio::time::timeout;

use kernel::clock::Clock;
use kernel::config::Settings;
use kernel::db::{Db, DbError, migrate};
use kernel::entropy::Entropy;
use kernel::metrics::Metrics;
use kernel::revocation;

use super::{Failure, json_line, print};
use crate::app;
use crate::tls::Endpoint;

/// What one look found.
type Finding = Result<String, String>;

pub(super) async fn run(settings: Settings, json: bool) -> Result<(), Failure> {
    let report = |what: &str, findings| report(what, findings, json);
    let mut failures = report("settings", vec![look_at_settings(&settings)])?;
    failures += report("tls", vec![look_at_certificate(&settings)])?;
    failures += report("database", vec![look_at_database(&settings).await])?;
    if failures == 0 {
        failures += report("clock", vec![look_at_clocks(&settings).await])?;
    }
    failures += report("listeners", listeners::look(&settings))?;
    failures += report("redis", look_at_redis(&settings).await)?;
    if failures == 0 {
        failures += report("service", vec![look_at_service(settings).await])?;
    }
    match failures {
        0 => Ok(()),
        1 => Err("1 thing to mend".into()),
        failures => Err(format!("{failures} things to mend").into()),
    }
}

fn report(what: &str, findings: Vec<Finding>, json: bool) -> Result<usize, Failure> {
    let mut failures = 0;
    for finding in findings {
        failures += usize::from(finding.is_err());
        let (mark, text) = match &finding {
            Ok(good) => ("ok", good),
            Err(bad) => ("MEND", bad),
        };
        match json {
            true => json_line(&json!({ "part": what, "ok": finding.is_ok(), "message": text }))?,
            false => print(&format!("{mark:4}  {what}: {text}\n"))?,
        }
    }
    Ok(failures)
}

fn look_at_settings(settings: &Settings) -> Finding {
    match settings.validate() {
        Ok(()) => Ok("safe for this mode".into()),
        Err(problems) => Err(problems
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("; ")),
    }
}

fn look_at_certificate(settings: &Settings) -> Finding {
    let opened = Endpoint::open(settings).map_err(|error| error.to_string())?;
    let Some(endpoint) = opened else {
        return Ok("not ours to do: an ingress must".into());
    };
    let (certificate, now) = (endpoint.certificate(), Clock::system().now());
    (certificate.valid_at(now)).map_err(|error| error.to_string())?;
    let end = certificate.not_after();
    match certificate.is_due(now) {
        false => Ok(format!("the certificate is valid until {end}")),
        true => Err(format!(
            "`tls.certificate`: it ends at {end}, in {} days: renew it",
            certificate.days_left(now)
        )),
    }
}

async fn look_at_database(settings: &Settings) -> Finding {
    let url = &settings.database.url;
    let db = Db::open(&settings.database, 0, Metrics::default().connections)
        .map_err(|error| error.to_string())?;
    match timeout(Duration::from_secs(10), try_database(settings, &db)).await {
        Ok(Ok(true)) => {}
        Ok(Ok(false)) => {
            return Err(
                "a pooler hands out another connection for each transaction and forgets \
                 prepared statements; set `database.prepared_statements = false`, or let it keep \
                 them (pgbouncer 1.21 or later: `max_prepared_statements`)"
                    .into(),
            );
        }
        Ok(Err(error)) => {
            return Err(format!(
                "{error}; see that `database.url` leads to a database that runs"
            ));
        }
        Err(_) => {
            return Err(
                "it does not answer; see that `database.url` leads to a database that runs".into(),
            );
        }
    }
    match migrate::pending(url).await {
        Ok(false) => Ok("answers, tables up to date".into()),
        Ok(true) => Err("tables are missing or old; run `auth-service migrate`".into()),
        Err(error) => Err(error.to_string()),
    }
}

/// Tokens are dated by the database's time, and judged by the time of whoever verifies them.
const APART: Duration = Duration::from_secs(5);

async fn look_at_clocks(settings: &Settings) -> Finding {
    let db = Db::open(&settings.database, 0, Metrics::default().connections)
        .map_err(|error| error.to_string())?;
    let Some(theirs) = db.now().await.map_err(|error| error.to_string())? else {
        return Ok("the database runs by this machine's".into());
    };
    let ours = Clock::system().now();
    let apart = ours.since(theirs).max(theirs.since(ours));
    match apart < APART {
        true => Ok("the database's and this machine's agree".into()),
        false => Err(format!(
            "the database's and this machine's are {} s apart; let NTP set both: tokens are dated \
             by the database",
            apart.as_secs()
        )),
    }
}

/// Whether prepared statements are kept; with a single connection it can't be told.
async fn try_database(settings: &Settings, db: &Db) -> Result<bool, DbError> {
    match settings.database.max_connections {
        1 => db.ping().await.map(|()| true),
        _ => db.keeps_statements().await,
    }
}

async fn look_at_redis(settings: &Settings) -> Vec<Finding> {
    let Some(url) = &settings.redis.url else {
        return vec![Ok("not used".into())];
    };
    match timeout(Duration::from_secs(8), revocation::server_info(url)).await {
        Ok(Ok(info)) => judge_redis(&info),
        Ok(Err(error)) => vec![Err(format!(
            "{error}; see that `redis.url` leads to a Redis that runs"
        ))],
        Err(_) => vec![Err(
            "it does not answer; see that `redis.url` leads to a Redis that runs".into(),
        )],
    }
}

fn judge_redis(info: &str) -> Vec<Finding> {
    let field = |name: &str| revocation::info_field(info, name).to_owned();
    let major = field("redis_version")
        .split('.')
        .next()
        .and_then(|major| major.parse::<u32>().ok());
    vec![
        match major {
            Some(7..) => Ok(format!("version {}", field("redis_version"))),
            _ => Err(format!(
                "version {} is too old; use 7.0 or later",
                field("redis_version")
            )),
        },
        match field("maxmemory_policy").as_str() {
            "noeviction" | "" => Ok("keeps what it is given".into()),
            policy => Err(format!(
                "it may drop revocations (maxmemory-policy {policy}); set `noeviction`"
            )),
        },
    ]
}

async fn look_at_service(settings: Settings) -> Finding {
    app::open(settings, Clock::system(), Entropy::system())
        .await
        .map(|_| "keys open, revocations load".into())
        .map_err(|error| error.to_string())
}
