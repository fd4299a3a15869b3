//! What happens when more passwords come than can be hashed.

use std::time::Duration;

use super::{logins, refreshes};
use crate::bench::Bench;
use crate::load::Outcome;
use crate::report::{Section, number};
use crate::statistics::Summary;
use crate::subject::{Http, Latency, Result, Sample, Subject};
use crate::world::World;

const TIME: Duration = Duration::from_secs(2);
/// Logins at the same time that keep every hashing thread busy, and none too many to be hashed.
const SATURATING: usize = 16;
/// Refreshes a second that leave the machine mostly idle.
const PACE: f64 = 200.0;

/// Runs it.
pub(super) fn run(bench: &mut Bench, world: &mut World) -> Result<()> {
    beside_logins(bench, world)?;
    overload(bench, world)
}

fn beside_logins(bench: &mut Bench, world: &World) -> Result<()> {
    for (key, title, rate) in [
        ("busy.full", "Refresh while logins saturate hashing", None),
        (
            "busy.paced",
            "Refresh at 200 a second while logins saturate hashing",
            Some(PACE),
        ),
    ] {
        let ours = || match rate {
            None => refreshes(world, &world.service, 8),
            Some(rate) => refreshes(world, &world.service, 8).at_rate(rate),
        };
        let mut quiet = ours();
        let mut busy = Beside {
            inner: ours(),
            other: logins(world, SATURATING),
        };
        let raced = bench.race(title, TIME, &mut [&mut quiet], &mut [&mut busy])?;
        if let Some(ratio) = raced.ratio_of(0, 0, |sample| Some(sample.latency?.p99)) {
            bench.report.figure(key, ratio);
        }
        bench.report.add(Section::raced(title, raced).note(format!(
            "8 connections refresh, alone and while {SATURATING} others log in without a pause."
        )))?;
    }
    Ok(())
}

/// A subject that is measured while another load goes on.
struct Beside<'a> {
    inner: Http<'a>,
    other: Http<'a>,
}

/// How long the other load runs before and after.
const MARGIN: Duration = Duration::from_millis(300);

impl Subject for Beside<'_> {
    fn name(&self) -> &str {
        "refresh beside logins"
    }

    fn measure(&mut self, time: Duration) -> Result<Sample> {
        let Self { inner, other } = self;
        std::thread::scope(|scope| {
            // Not measured but run: a login that is refused because hashing is saturated is no failure here.
            let other = scope.spawn(|| other.run(time + 2 * MARGIN).map(|(outcome, _)| outcome));
            std::thread::sleep(MARGIN);
            let sample = inner.measure(time);
            all_answered(&other.join().expect("the load does not panic")?)?;
            // Processor time is that of both together.
            Ok(Sample {
                cpu: None,
                generator: None,
                ..sample?
            })
        })
    }
}

/// Far more than the queue before the hashing threads holds.
const CROWD: usize = 200;

fn overload(bench: &mut Bench, world: &World) -> Result<()> {
    let title = "Overload of login";
    bench.say(title);
    let time = Duration::from_secs(if bench.quick { 3 } else { 6 });
    let (outcome, _) = logins(world, CROWD).run(time)?;
    all_answered(&outcome)?;
    let slowest = |status| {
        outcome
            .by_status
            .get(&status)
            .map(|them| them.max() as f64 / 1e6)
    };
    let busy = slowest(503).ok_or("overload was never answered 503")?;
    bench.report.figure("overload.slowest", Summary::once(busy));
    bench
        .report
        .figure("overload.lost", Summary::once(outcome.lost as f64));
    let rows = outcome
        .by_status
        .keys()
        .map(|status| row(&outcome, *status));
    let head = ["answer", "how many", "p50 ms", "p99 ms", "longest ms"];
    bench.report.add(
        Section::new(title)
            .table(head, rows.collect())
            .note(format!(
                "{CROWD} connections log in without a pause for {} s, which is more than \
         `passwords.queue_length` holds; `passwords.queue_deadline` is 2 s. {} requests were \
         never answered.",
                time.as_secs(),
                outcome.lost
            )),
    )
}

/// A login is answered, or refused because too many wait; anything else is a failure.
fn all_answered(outcome: &Outcome) -> Result<()> {
    let unexpected = |status: &&u16| ![200, 503].contains(*status);
    match outcome.by_status.keys().find(unexpected) {
        Some(status) => Err(format!("a login was answered {status}").into()),
        None => Ok(()),
    }
}

fn row(outcome: &Outcome, status: u16) -> [String; 5] {
    let latencies = &outcome.by_status[&status];
    let Latency { p50, p99, max } = Latency::of(latencies);
    [
        status.to_string(),
        latencies.len().to_string(),
        number(p50),
        number(p99),
        number(max),
    ]
}
