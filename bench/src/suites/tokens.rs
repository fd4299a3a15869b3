//! Minting and verifying an access token beside the bare signature, within this process.

use std::hint::black_box;
use std::time::{Duration, Instant};

use auth_service::tokens::{self, Grant, Subject};
use kernel::id::Id;
use serde_json::{Map, Value};
use tokio::runtime::Runtime;

use crate::bench::Bench;
use crate::deployment::Deployment;
use crate::limits::Raw;
use crate::report::{Section, number};
use crate::statistics::Summary;
use crate::subject::Result;
use crate::world::World;

/// A batch is shorter than a turn of the scheduler, so that most of them run undisturbed.
const BATCH: Duration = Duration::from_micros(500);

/// Runs it.
pub(super) fn run(bench: &mut Bench, _: &mut World) -> Result<()> {
    let title = "Tokens beside the bare signature";
    let pairs = if bench.quick { 200 } else { 1500 };
    let mut rows = Vec::new();
    for algorithm in ["ES256", "RS256", "EdDSA"] {
        bench.say(&format!("{title}: {algorithm}"));
        for (what, beside) in compare(algorithm, pairs)? {
            let Beside { raw, ours, ratio } = beside;
            bench.report.figure(format!("{what}.{algorithm}"), ratio);
            let low_to_high = format!("{} to {}", number(ratio.low), number(ratio.high));
            rows.push([
                format!("{what}, {algorithm}"),
                number(raw),
                number(ours),
                format!("{} ({low_to_high})", number(ratio.median)),
            ]);
        }
    }
    let head = ["", "bare, µs", "ours, µs", "ratio (middle half)"];
    bench
        .report
        .add(Section::new(title).table(head, rows).note(format!(
        "Encode: claims to JWT with the service's kept key, beside aws-lc's signature of as many \
         bytes. Verify: everything that `shared_claims::verify` checks, nothing remembered, beside \
         aws-lc's verification with a parsed key. {pairs} pairs of batches of half a millisecond, \
         each ratio within a pair; medians."
    )))
}

/// What two closures took, in microseconds, and how they compare.
struct Beside {
    raw: f64,
    ours: f64,
    ratio: Summary,
}

fn compare(algorithm: &'static str, pairs: usize) -> Result<[(&'static str, Beside); 2]> {
    let runtime = Runtime::new()?;
    let deployment = Deployment::on_sqlite()?.signing_with(algorithm);
    let ctx = deployment.open(&runtime)?;
    let (ring, raw) = (ctx.keyring.ring()?, Raw::new(algorithm)?);
    let (roles, amr, claims) = (["member".to_owned()], ["pwd".to_owned()], Map::new());
    let now = ctx.clock.now();
    let id: Id = "00000000-0000-7000-9000-100000000007".parse()?;
    let subject = Subject {
        id,
        roles: &roles,
        claims: &claims,
        ver: 1,
        email: ("user-7@bench.example", true),
    };
    let grant = Grant {
        session: id,
        client: &ctx.settings.tokens.client_id,
        audience: &ctx.policy.audience,
        scope: &ctx.settings.tokens.scope,
        authenticated_at: now,
        amr: &amr,
        acr: "1",
        ends_at: now.plus(ctx.settings.refresh.absolute_ttl),
    };
    let key = ring.active(now)?;
    let mint = || tokens::mint(&ctx, key, &subject, &grant, now).jwt;
    let token = mint();
    let (message, _) = token.rsplit_once('.').ok_or("a JWT has three parts")?;
    let signature = raw.sign(message.as_bytes());
    let (keys, _) = ring.verifying();
    let verify = || {
        let token = black_box(token.as_str());
        shared_claims::verify::<Map<String, Value>>(token, keys, &ctx.policy, now.as_secs())
    };
    verify()?;
    let encode = beside(
        pairs,
        || drop(black_box(raw.sign(black_box(message.as_bytes())))),
        || drop(black_box(mint())),
    );
    let check = beside(
        pairs,
        || assert!(raw.verify(black_box(message.as_bytes()), black_box(&signature))),
        || drop(black_box(verify())),
    );
    let nothing = "there was no pair";
    Ok([
        ("encode", encode.ok_or(nothing)?),
        ("verify", check.ok_or(nothing)?),
    ])
}

/// Takes turns, a batch each, so that whatever else the machine does falls on both.
fn beside(pairs: usize, mut raw: impl FnMut(), mut ours: impl FnMut()) -> Option<Beside> {
    let (raw_times, our_times) = (batch(&mut raw), batch(&mut ours));
    let each = (0..pairs).map(|_| (took(raw_times, &mut raw), took(our_times, &mut ours)));
    let each: Vec<(f64, f64)> = each.collect();
    let median = |values: &mut dyn Iterator<Item = f64>| Summary::of(values).map(|it| it.median);
    Some(Beside {
        raw: median(&mut each.iter().map(|(raw, _)| *raw))?,
        ours: median(&mut each.iter().map(|(_, ours)| *ours))?,
        ratio: Summary::middle_half(each.iter().map(|(raw, ours)| ours / raw))?,
    })
}

/// How often it is done in the time of a batch.
fn batch(once: &mut dyn FnMut()) -> u32 {
    let mut times = 1;
    while took(times, once) * f64::from(times) < BATCH.as_secs_f64() * 1e6 {
        times *= 2;
    }
    times
}

/// Microseconds that each of so many took.
fn took(times: u32, once: &mut dyn FnMut()) -> f64 {
    let began = Instant::now();
    (0..times).for_each(|_| once());
    began.elapsed().as_secs_f64() * 1e6 / f64::from(times)
}
