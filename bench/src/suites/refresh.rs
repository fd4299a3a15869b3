//! Refresh beside the database doing the same statement, and beside what refreshes of others take.

use std::time::Duration;

use crate::bench::Bench;
use crate::database::Commit;
use crate::deployment::Service;
use crate::families::Refreshes;
use crate::limits::Pgbench;
use crate::report::Section;
use crate::rounds::Raced;
use crate::subject::{Http, Result, Subject};
use crate::world::World;

const TIME: Duration = Duration::from_secs(2);

/// Runs it.
pub(super) fn run(bench: &mut Bench, world: &mut World) -> Result<()> {
    waiting(bench, world)?;
    for connections in [8, 32] {
        let title = format!("Refresh, synchronous_commit=off, {connections} connections");
        let mut one_row = Pgbench::one_row(world, Commit::GoesOn, connections)?;
        let mut five = Pgbench::five(world, Commit::GoesOn, connections)?;
        let mut ours = refreshes(world, &world.service, connections);
        let mut limits: [&mut dyn Subject; 2] = [&mut one_row, &mut five];
        let raced = bench.race(&title, TIME, &mut limits, &mut [&mut ours])?;
        figure(bench, format!("refresh.off.{connections}"), &raced, 0);
        figure(bench, format!("refresh.five.{connections}"), &raced, 1);
        if let Some(cpu) = raced.subjects[0].summary(|sample| sample.cpu)
            && connections == 8
        {
            bench.report.figure("refresh.cpu", cpu);
        }
        bench.report.add(Section::raced(title, raced).note(
            "Five statements: find the token, find session and account, mark the token, add its \
             successor, touch the session; in a transaction, with nothing around them.",
        ))?;
    }
    Ok(())
}

/// Commits that wait for the disk, by a service of their own.
fn waiting(bench: &mut Bench, world: &mut World) -> Result<()> {
    let service = world.waiting()?;
    warm_up(world, &service)?;
    for connections in [8, 32] {
        let title = format!("Refresh with fsync, {connections} connections");
        let mut one_row = Pgbench::one_row(world, Commit::Waits, connections)?;
        let mut ours = refreshes(world, &service, connections);
        let raced = bench.race(&title, TIME, &mut [&mut one_row], &mut [&mut ours])?;
        figure(bench, format!("refresh.on.{connections}"), &raced, 0);
        bench.report.add(Section::raced(title, raced).note(
            "pgbench runs the service's own statement, prepared, on as many connections. Both \
             pick families all over the same table, each its own half. `fsync=on`, \
             `synchronous_commit=on`.",
        ))?;
    }
    Ok(())
}

/// Opens the service's connections, lets it prepare its statement on them, and looks at it.
fn warm_up(world: &World, service: &Service) -> Result<()> {
    let time = Duration::from_millis(500);
    for service in [service, &world.service] {
        refreshes(world, service, 32).measure(time)?;
        Pgbench::is_what_the_service_sends(&world.database)?;
    }
    Ok(())
}

/// Refreshes over so many connections, a family of its own each.
pub fn refreshes(world: &World, service: &Service, connections: usize) -> Http<'static> {
    let families = world.families.clone();
    let requests = move |_| Refreshes::of(&families);
    Http::new("refresh", service.target(), connections, requests)
}

fn figure(bench: &mut Bench, key: String, raced: &Raced, limit: usize) {
    if let Some(ratio) = raced.ratio(0, limit) {
        bench.report.figure(key, ratio);
    }
}
