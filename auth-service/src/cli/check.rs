//! `auth-service check`: a doctor. It tries each dependency and setting, and says what is wrong
//! and the mend.

mod database;
mod listeners;
mod redis;

use serde_json::json;

use kernel::clock::Clock;
use kernel::config::Settings;
use kernel::entropy::Entropy;

use super::{Failure, json_line, print};
use crate::app;
use crate::tls::Endpoint;

/// What one look found.
type Finding = Result<String, String>;

pub(super) async fn run(settings: Settings, json: bool) -> Result<(), Failure> {
    let report = |what: &str, findings| report(what, findings, json);
    let mut failures = report("settings", vec![look_at_settings(&settings)])?;
    failures += report("tls", vec![look_at_certificate(&settings)])?;
    let has_tables = match settings.problem_of("database.url") {
        Some(_) => false,
        None => {
            let (found, has_tables) = database::look(&settings).await;
            failures += report("database", vec![found])?;
            has_tables
        }
    };
    if failures == 0 {
        failures += report("clock", vec![database::look_at_clocks(&settings).await])?;
    }
    failures += report("listeners", listeners::look(&settings))?;
    failures += report("redis", redis::look(&settings).await)?;
    // It would make the tables.
    if failures == 0 && has_tables {
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

async fn look_at_service(settings: Settings) -> Finding {
    app::open(settings, Clock::system(), Entropy::system())
        .await
        .map(|_| "keys open, revocations load".into())
        .map_err(|error| error.to_string())
}
