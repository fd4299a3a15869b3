//! The same work on ten thousand, a million and ten million sessions, taking turns.

use std::time::Duration;

use super::footprint::started;
use super::{bearing, logins, refreshes, storage};
use crate::bench::Bench;
use crate::report::{Curve, Section};
use crate::rounds::Raced;
use crate::statistics::Summary;
use crate::subject::{Http, Result, Subject};
use crate::world::World;

const TIME: Duration = Duration::from_secs(1);
const FEW: u64 = 10_000;
const MANY: u64 = 10_000_000;
/// Access tokens presented in turn in each world.
const TOKENS: usize = 200;

/// A kind of request: what it is called, and a load of it.
type Kind = (&'static str, fn(&World, &[String]) -> Http<'static>);

const KINDS: [Kind; 5] = [
    ("refresh, 1 connection", |world, _| {
        refreshes(world, &world.service, 1)
    }),
    ("refresh, 8 connections", |world, _| {
        refreshes(world, &world.service, 8)
    }),
    ("login", |world, _| logins(world, 2)),
    ("list of sessions", |world, tokens| {
        bearing(world, "/v1/me/sessions", tokens)
    }),
    ("verify, with its look at the denylist", |world, tokens| {
        bearing(world, "/v1/verify", tokens)
    }),
];
/// The kind whose growth is a goal.
const GOAL: usize = 1;

/// Runs it, but not in the quick run.
pub(super) fn run(bench: &mut Bench, middle: &mut World) -> Result<()> {
    if bench.quick {
        return Ok(());
    }
    let small = World::new(1, FEW)?;
    bench.say("growth: filling ten million sessions");
    let began = bench.elapsed();
    let large = World::new(2, MANY)?;
    let filling = bench.elapsed() - began;
    let worlds = [&small, &*middle, &large];
    let mut medians = Vec::new();
    for (at, (name, load)) in KINDS.into_iter().enumerate() {
        let raced = kind(bench, worlds, name, load)?;
        let p50 = |subject| raced.ratio_of(subject, 0, |sample| Some(sample.latency?.p50));
        let ratios = [Some(Summary::once(1.0)), p50(0), p50(1)];
        if let (GOAL, Some(ratio)) = (at, ratios[2]) {
            bench.report.figure("growth.refresh", ratio);
        }
        let points = worlds.iter().zip(ratios);
        medians.push(Curve {
            name: name.to_owned(),
            points: points
                .filter_map(|(world, ratio)| Some((world.sessions as f64, ratio?.median)))
                .collect(),
        });
        bench
            .report
            .add(Section::raced(format!("Growth: {name}"), raced))?;
    }
    let title = "Growth: p50 beside that at ten thousand sessions";
    let plot = bench
        .report
        .curves(title, ("sessions", "ratio"), &medians)?;
    let mut section = Section::new(title).note(format!(
        "Three databases of the same server, three services, in turns. Filling the largest took \
         {:.0} s.",
        filling.as_secs_f64()
    ));
    section.plots.push(plot);
    bench.report.add(section)?;
    start_up(bench, worlds)?;
    storage::report(bench, worlds)
}

fn kind(
    bench: &Bench,
    worlds: [&World; 3],
    name: &str,
    load: fn(&World, &[String]) -> Http<'static>,
) -> Result<Raced> {
    let of = |world: &World| -> Result<Named> {
        let tokens = world.access_tokens(TOKENS)?;
        Ok(Named {
            name: format!("{} sessions", world.sessions),
            inner: load(world, &tokens),
        })
    };
    let (mut few, mut more, mut many) = (of(worlds[0])?, of(worlds[1])?, of(worlds[2])?);
    let title = format!("growth: {name}");
    bench.race(&title, TIME, &mut [&mut few], &mut [&mut more, &mut many])
}

/// A subject under the name of the world that it is measured in.
struct Named {
    name: String,
    inner: Http<'static>,
}

impl Subject for Named {
    fn name(&self) -> &str {
        &self.name
    }
    fn measure(&mut self, time: Duration) -> Result<crate::subject::Sample> {
        self.inner.measure(time)
    }
}

fn start_up(bench: &mut Bench, worlds: [&World; 3]) -> Result<()> {
    let title = "Growth: start to the first 200";
    bench.say(title);
    let (mut rows, mut points) = (Vec::new(), Vec::new());
    for world in worlds {
        let millis = started(&world.deployment, 5)?;
        points.push((world.sessions as f64, millis.median));
        let told = [millis.median, millis.low, millis.high].map(|it| format!("{it:.1}"));
        let [median, low, high] = told;
        rows.push([
            world.sessions.to_string(),
            median,
            format!("{low} to {high}"),
        ]);
    }
    let name = "start".to_owned();
    let plot = bench
        .report
        .curves(title, ("sessions", "ms"), &[Curve { name, points }])?;
    let mut section = Section::new(title).table(["sessions", "median ms", "range"], rows);
    section.plots.push(plot);
    bench.report.add(section)
}
