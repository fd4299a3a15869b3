//! `make bench`: how fast the service is beside what bounds it, in one run.
//!
//! ```text
//! main ─▶ suites/   what is measured: the service and its limits take turns (rounds.rs)
//!           │
//!           ├─▶ subject.rs   what can be measured: over HTTP, by the generator in load/
//!           ├─▶ peers/       others that do the same: better-auth, oidc-provider
//!           ├─▶ limits/      pgbench, argon2id, actix, aws-lc: the same work without the service
//!           ├─▶ world.rs     the service in production mode, its database full of sessions
//!           ▼
//!         report/   goals.rs as a table, then every measurement, its plots, and all as JSON
//! ```

mod bench;
mod database;
mod deployment;
mod families;
mod goals;
mod limits;
mod load;
mod machine;
mod peers;
mod report;
mod rounds;
mod statistics;
mod subject;
mod suites;
mod world;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use crate::bench::Bench;
use crate::subject::Result;
use crate::suites::SUITES;
use crate::world::World;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        [limits::SERVE, address, file] => limits::serve(address, file).map(|()| true),
        ["--quick", ref suites @ ..] => run(true, suites),
        ref suites => run(false, suites),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Below this part of idle time the machine is busy with something else.
const IDLE: f64 = 0.85;

/// Measures the suites of these names, or all. True if each was measured, whatever it was
/// measured at.
fn run(quick: bool, only: &[&str]) -> Result<bool> {
    let known: Vec<&str> = SUITES.iter().map(|(name, _)| *name).collect();
    if let Some(stranger) = only.iter().find(|name| !known.contains(name)) {
        let known = known.join(", ");
        return Err(format!("there is no suite {stranger:?}; these are: {known}").into());
    }
    let idle = machine::idle(Duration::from_secs(2))?;
    if idle < IDLE && std::env::var("BENCH_BUSY").as_deref() != Ok("1") {
        let percent = idle * 100.0;
        return Err(format!(
            "the machine is busy: {percent:.0} % idle, and measuring takes 85 %. \
             BENCH_BUSY=1 measures all the same, for what the figures are worth."
        )
        .into());
    }
    let folder = deployment::binary()?.with_file_name("../bench");
    let mut bench = Bench::begin(Path::new(&folder), quick)?;
    bench.report.idle_before = idle;
    bench.report.setting = setting()?;
    bench.say("filling the database");
    let mut world = World::new(0, if quick { 100_000 } else { 1_000_000 })?;
    let asked = |name: &str| only.is_empty() || only.contains(&name);
    for (name, suite) in SUITES.iter().filter(|(name, _)| asked(name)) {
        bench.suite(name, |bench| suite(bench, &mut world));
    }
    bench.report.seconds = bench.elapsed().as_secs_f64();
    let report = bench.report.write()?;
    bench.say(&format!("written: {}\n", report.canonicalize()?.display()));
    Ok(bench.report.failures.is_empty())
}

fn setting() -> Result<Vec<String>> {
    let output = database::program("postgres")?.arg("--version").output()?;
    let postgres = String::from_utf8(output.stdout)?;
    let sessions = match machine::groups_sessions() {
        true => {
            "**Linux schedules each session as a group**, which keeps PostgreSQL waiting for most \
             of a second now and then: `sysctl kernel.sched_autogroup_enabled=0` before is better"
        }
        false => "Linux schedules each thread by itself (`sched_autogroup_enabled` is 0)",
    };
    Ok(vec![
        sessions.into(),
        machine::described(),
        format!("{}, its defaults and fsync=on", postgres.trim()),
        "service, load, PostgreSQL and Redis share the machine; all connections are loopback".into(),
        "the service in production mode with its default settings, but for `refresh.reuse_window`, \
         which is 0, so that every refresh writes; the load generator counts as its ingress; it \
         logs to /dev/null"
            .into(),
    ])
}
