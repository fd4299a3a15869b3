//! Refresh while dead sessions and old audit events are pruned by the same service, beside refresh
//! while nothing is.

use std::time::{Duration, Instant};

use super::refreshes;
use crate::bench::Bench;
use crate::report::{Section, number};
use crate::statistics::Summary;
use crate::subject::{Http, Result, Sample, Subject};
use crate::world::World;

const TIME: Duration = Duration::from_secs(2);
/// Sessions that live among the dead.
const LIVING: u64 = 20_000;
/// How long pruning all of it may take.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// Runs it.
pub(super) fn run(bench: &mut Bench, _: &mut World) -> Result<()> {
    let rows: u64 = if bench.quick { 100_000 } else { 1_000_000 };
    bench.say(&format!("pruning: filling {rows} dead sessions"));
    let interval = ("AUTH__HOUSEKEEPING__INTERVAL", "1s".into());
    let world = World::with(3, LIVING, &[interval])?;
    let variables = [
        ("rows", rows.to_string()),
        ("accounts", world.accounts().to_string()),
    ];
    world
        .database
        .sql(include_str!("../../sql/fill-dead.sql"), &variables)?;
    beside(bench, &world)?;
    to_the_end(bench, &world, 2 * rows)
}

/// In turns, with the lease out of the service's reach and within it.
fn beside(bench: &mut Bench, world: &World) -> Result<()> {
    let title = "Refresh while dead rows are pruned";
    let load = || refreshes(world, &world.service, 8);
    load().measure(TIME)?; // Warm.
    let (mut quiet, mut pruned) = (
        load(),
        Pruned {
            world,
            load: load(),
        },
    );
    let raced = bench.race(title, TIME, &mut [&mut quiet], &mut [&mut pruned])?;
    if let Some(ratio) = raced.ratio_of(0, 0, |sample| Some(sample.latency?.p99)) {
        bench.say(&format!(
            "p99 beside that without pruning: {}",
            number(ratio.median)
        ));
    }
    bench.report.add(Section::raced(title, raced).note(
        "8 connections refresh, while the service that answers them prunes at its default pace, \
         and while it does not. The same service, the same table, in turns.",
    ))
}

/// Refreshes until nothing is left to prune, then once more.
fn to_the_end(bench: &mut Bench, world: &World, planted: u64) -> Result<()> {
    let title = "Refresh until all dead rows are pruned";
    bench.say(title);
    let (before, began) = (left(world)?, Instant::now());
    let (pass, mut load) = (Pass(world), refreshes(world, &world.service, 8));
    let mut samples = Vec::new();
    pass.let_go()?;
    while left(world)? > 0 {
        if began.elapsed() > PATIENCE {
            return Err(format!("{} rows are left after {PATIENCE:?}", left(world)?).into());
        }
        samples.push(load.measure(TIME)?);
    }
    let took = began.elapsed().as_secs_f64();
    pass.hold_back()?;
    let after = [load.measure(TIME)?, load.measure(TIME)?];
    let living = world.database.sql("SELECT count(*) FROM sessions", &[])?;
    if living != LIVING.to_string() {
        return Err(format!("{living} sessions are left of {LIVING} that live").into());
    }
    let rows = vec![
        row("while they are pruned", &samples),
        row("when all are", &after),
    ];
    let head = ["", "rounds", "a second", "p50 ms", "p99 ms", "longest ms"];
    bench
        .report
        .add(Section::new(title).table(head, rows).note(format!(
            "Of {planted} dead rows, half sessions and half audit events, {before} were left; they \
         took {took:.0} s, {} a second, under the load of 8 connections. Nothing that lives went.",
            number(before as f64 / took)
        )))
}

/// Rows that are to be pruned.
fn left(world: &World) -> Result<u64> {
    let count = "SELECT (SELECT count(*) FROM sessions WHERE expires_at < now()) \
                 + (SELECT count(*) FROM audit_events WHERE at < '2023-01-01')";
    Ok(world.database.sql(count, &[])?.parse()?)
}

/// The lease of housekeeping, which the service asks for each second.
struct Pass<'a>(&'a World);

impl Pass<'_> {
    /// Somebody else has it: a pass that runs ends after its batch.
    fn hold_back(&self) -> Result<()> {
        let taken = "INSERT INTO leases VALUES ('housekeeping', gen_random_uuid(), now() + interval '1 day') \
                     ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until";
        self.0.database.sql(taken, &[]).map(drop)
    }

    /// Nobody has it; returns when the service has taken it.
    fn let_go(&self) -> Result<()> {
        self.0.database.sql("DELETE FROM leases", &[])?;
        while self.0.database.sql("SELECT count(*) FROM leases", &[])? == "0" {
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

/// Refreshes that are measured while the service prunes.
struct Pruned<'a> {
    world: &'a World,
    load: Http<'static>,
}

impl Subject for Pruned<'_> {
    fn name(&self) -> &str {
        "refresh while rows are pruned"
    }

    fn measure(&mut self, time: Duration) -> Result<Sample> {
        let (pass, before) = (Pass(self.world), left(self.world)?);
        pass.let_go()?;
        // A pass begins with what lives, for it is older.
        std::thread::sleep(Duration::from_secs(1));
        let sample = self.load.measure(time);
        pass.hold_back()?;
        let after = left(self.world)?;
        match after == 0 || after == before {
            true => Err(format!("{before} rows before, {after} after: nothing to measure").into()),
            false => sample,
        }
    }
}

fn row(name: &str, samples: &[Sample]) -> [String; 6] {
    let told = |of: fn(&Sample) -> Option<f64>| {
        let summary = Summary::of(samples.iter().filter_map(of));
        let told = |it: Summary| {
            let [median, low, high] = [it.median, it.low, it.high].map(number);
            format!("{median} ({low} to {high})")
        };
        summary.map(told).unwrap_or_default()
    };
    [
        name.to_owned(),
        samples.len().to_string(),
        told(|sample| Some(sample.rate)),
        told(|sample| Some(sample.latency?.p50)),
        told(|sample| Some(sample.latency?.p99)),
        told(|sample| Some(sample.latency?.max)),
    ]
}
