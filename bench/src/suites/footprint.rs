//! How soon it serves, and how much memory and disk it takes.

use std::time::Duration;

use crate::bench::Bench;
use crate::deployment::{Deployment, binary};
use crate::machine;
use crate::report::{Section, number};
use crate::statistics::Summary;
use crate::subject::Result;
use crate::world::World;

/// What one hashing thread keeps, in MiB, once it has hashed.
const HASHING_THREAD: f64 = 19.0;

/// Runs it, when the service has had the load of the other suites.
pub(super) fn run(bench: &mut Bench, world: &mut World) -> Result<()> {
    let title = "Start, memory, binary";
    bench.say(title);
    let starts = if bench.quick { 5 } else { 11 };
    let sqlite = Deployment::on_sqlite()?;
    let first = sqlite.start()?.started_in;
    let on_sqlite = started(&sqlite, starts)?;
    let on_postgres = started(&world.deployment, starts)?;
    let idle_sqlite = idle(&sqlite)?;
    let idle_postgres = idle(&world.deployment)?;
    let loaded = machine::resident_mib(world.service.pid())?;
    let size = std::fs::metadata(binary()?)?.len() as f64 / 1024.0 / 1024.0;
    let threads = machine::cores() as f64;
    let beyond = loaded - idle_postgres.median - threads * HASHING_THREAD;
    for (key, figure) in [
        ("start.sqlite", on_sqlite),
        ("start.postgres", on_postgres),
        ("memory.idle", idle_postgres),
        ("memory.load", Summary::once(beyond)),
        ("binary", Summary::once(size)),
    ] {
        bench.report.figure(key, figure);
    }
    let all = |it: Summary| format!("{} to {}", number(it.low), number(it.high));
    let row = |what: &str, unit: &str, it: Summary| {
        [
            what.to_owned(),
            format!("{} {unit}", number(it.median)),
            all(it),
        ]
    };
    let millis = first.as_secs_f64() * 1e3;
    let rows = vec![
        row(
            "the very first start on SQLite, which makes its keys",
            "ms",
            Summary::once(millis),
        ),
        row("start on migrated SQLite", "ms", on_sqlite),
        row("start on migrated Postgres, with Redis", "ms", on_postgres),
        row("resident when idle, SQLite", "MiB", idle_sqlite),
        row(
            "resident when idle, Postgres and Redis",
            "MiB",
            idle_postgres,
        ),
        row(
            "resident after the load of this run",
            "MiB",
            Summary::once(loaded),
        ),
        row("release binary", "MiB", Summary::once(size)),
    ];
    bench.report.add(Section::new(title).table(["", "median", "range"], rows).note(format!(
        "From the start of the process to the first 200 for the key set, {starts} starts each. Idle \
         is a second after the start. The service that was under load had been running for \
         {:.0} s.",
        world.age().as_secs_f64()
    )))
}

/// How long so many starts took, in milliseconds.
pub(super) fn started(deployment: &Deployment, starts: usize) -> Result<Summary> {
    let once = |_| -> Result<f64> { Ok(deployment.start()?.started_in.as_secs_f64() * 1e3) };
    let millis: Result<Vec<f64>> = (0..starts).map(once).collect();
    Ok(Summary::of(millis?).ok_or("nothing was started")?)
}

fn idle(deployment: &Deployment) -> Result<Summary> {
    let once = |_| -> Result<f64> {
        let service = deployment.start()?;
        std::thread::sleep(Duration::from_secs(1));
        Ok(machine::resident_mib(service.pid())?)
    };
    let mib: Result<Vec<f64>> = (0..3).map(once).collect();
    Ok(Summary::of(mib?).ok_or("nothing was started")?)
}
