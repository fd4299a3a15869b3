//! The mirror of revocations in memory: what it takes, and how long a look at it takes.

use std::hint::black_box;
use std::time::{Duration, Instant};

use shared_claims::{Entry, Kind, Mirror};

use crate::bench::Bench;
use crate::machine;
use crate::report::{Curve, Section, number};
use crate::statistics::Summary;
use crate::subject::Result;
use crate::world::World;

/// The largest first: the smaller ones would find memory that is free already, unseen.
const SIZES: [usize; 3] = [1_000_000, 100_000, 10_000];

/// Runs it.
pub(super) fn run(bench: &mut Bench, _: &mut World) -> Result<()> {
    let title = "Growth: the mirror of revocations";
    bench.say(title);
    let (mut rows, mut points) = (Vec::new(), Vec::new());
    // Kept to the end, for the same reason.
    let mut mirrors = Vec::new();
    for size in SIZES {
        let (mirror, mib) = filled(size)?;
        let look = looks(&mirror).ok_or("the mirror was not asked")?;
        points.push((size as f64, look.median));
        let range = format!("{} to {}", number(look.low), number(look.high));
        rows.push([size.to_string(), number(mib), number(look.median), range]);
        mirrors.push(mirror);
    }
    rows.reverse();
    points.reverse();
    let name = "a look".to_owned();
    let labels = ("revocations", "ns");
    let plot = bench
        .report
        .curves(title, labels, &[Curve { name, points }])?;
    let head = ["revocations", "MiB", "a look, median ns", "middle half"];
    let mut section = Section::new(title).table(head, rows).note(
        "A look asks for one token after the other, in other places of memory each time, by its \
         `jti`, its session, its account and its key.",
    );
    section.plots.push(plot);
    bench.report.add(section)
}

fn name(number: usize) -> String {
    format!("00000000-0000-7000-8000-{number:012}")
}

/// A mirror of so many revocations, and the memory that it took in MiB.
fn filled(size: usize) -> Result<(Mirror, f64)> {
    let pid = std::process::id();
    let before = machine::resident_mib(pid)?;
    let mirror = Mirror::default();
    for number in 0..size {
        mirror.apply(&Entry {
            kind: Kind::Jti,
            value: name(number),
            ver: None,
            expires_at: 4_000_000_000,
        });
    }
    Ok((mirror, machine::resident_mib(pid)? - before))
}

fn looks(mirror: &Mirror) -> Option<Summary> {
    // None of them is revoked: most tokens are not.
    let tokens: Vec<_> = (0..4096).map(|number| name(10_000_000 + number)).collect();
    let (began, mut nanos) = (Instant::now(), Vec::new());
    while began.elapsed() < Duration::from_millis(300) {
        let batch = Instant::now();
        for token in &tokens {
            black_box(mirror.check(black_box(token), Some("session"), "user", Some(1), "key"));
        }
        nanos.push(batch.elapsed().as_nanos() as f64 / tokens.len() as f64);
    }
    Summary::middle_half(nanos)
}
