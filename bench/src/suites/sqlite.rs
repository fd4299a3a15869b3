//! Refresh on SQLite beside SQLite's own rate of single commits.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;

use crate::bench::Bench;
use crate::deployment::Deployment;
use crate::families::{Families, Refreshes};
use crate::limits::{SQLITE_SESSIONS, SingleCommits};
use crate::report::Section;
use crate::subject::{Http, Result};
use crate::world::World;

const TIME: Duration = Duration::from_millis(1500);

/// Runs it.
pub(super) fn run(bench: &mut Bench, _: &mut World) -> Result<()> {
    let title = "Refresh on SQLite";
    let deployment = Deployment::on_sqlite()?;
    let service = deployment.start()?;
    let mut single = SingleCommits::fill(&deployment.file())?;
    let runtime = Runtime::new()?;
    let ring = deployment.open(&runtime)?.keyring.ring()?;
    let families = Arc::new(Families::new(ring, SQLITE_SESSIONS));
    let over = |connections| {
        let families = families.clone();
        let name = format!("refresh, {connections} connections");
        let requests = move |_| Refreshes::of(&families);
        Http::new(name, service.target(), connections, requests)
    };
    let (mut one, mut many) = (over(1), over(32));
    let raced = bench.race(title, TIME, &mut [&mut single], &mut [&mut one, &mut many])?;
    for (key, subject) in [("sqlite.1", 0), ("sqlite.32", 1)] {
        if let Some(ratio) = raced.ratio(subject, 0) {
            bench.report.figure(key, ratio);
        }
    }
    bench.report.add(Section::raced(title, raced).note(format!(
        "WAL with full synchronisation, {SQLITE_SESSIONS} sessions. The limit writes the same row \
         by the same statement through one connection in this process, and reads nothing back."
    )))
}
