//! What `verify` costs beside the bare signature check, and with revocations beside none:
//! `cargo bench -p shared-claims --bench beside`.
//!
//! Subjects take turns, a batch each, so that whatever else the machine does falls on all of
//! them. Each row tells the least time, the first quartile and the median, and of the ratio to the
//! first row in the same round the median and the middle half.
//!
//! With arguments, one subject so many times, for a tool that counts instructions:
//! `valgrind --tool=callgrind --toggle-collect='*counted*' BINARY ES256 raw 100`.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark stops at the first surprise"
)]
#![allow(dead_code, reason = "the tests use more of what is shared with them")]

#[path = "../tests/it/attack_table.rs"]
mod attack_table;
#[path = "../tests/it/issuer.rs"]
mod issuer;
mod setup;
#[path = "../tests/it/support.rs"]
mod support;

use std::hint::black_box;
use std::time::{Duration, Instant};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};
use shared_claims::{Algorithm, Freshness, Verifier, verify};
use tokio::runtime::Runtime;

use setup::{ALGORITHMS, SIZES, forgetful, informed};
use support::{KEYS, NOW, policy};

/// A batch is shorter than a turn of the scheduler, so that most of them run undisturbed.
const ROUNDS: usize = 2001;
const BATCH: Duration = Duration::from_micros(500);

/// One thing to be measured, done as often as it is told.
type Subject<'s> = (String, Box<dyn FnMut(u32) + 's>);

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if let [algorithm, subject, times] = &arguments[..] {
        let mut subjects = cold(algorithm.parse().unwrap());
        let named = subjects.iter_mut().find(|(name, _)| name == subject);
        return counted(&mut named.unwrap().1, times.parse().unwrap());
    }
    for algorithm in ALGORITHMS {
        compare(&algorithm.to_string(), cold(algorithm));
    }
    compare("kept, against so many revocations", SIZES.map(kept).into());
    compare("mirror of", SIZES.map(mirror).into());
}

/// Nothing but this is counted.
#[inline(never)]
fn counted(subject: &mut dyn FnMut(u32), times: u32) {
    subject(times);
}

/// The bare check of the signature, `verify`, and a `Verifier` that keeps nothing.
fn cold(algorithm: Algorithm) -> Vec<Subject<'static>> {
    let token: &'static str = KEYS.good(algorithm).leak();
    let (input, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let key = KEYS.set.get(&KEYS.kid(algorithm)).unwrap();
    let raw = move || assert!(key.verify(black_box(input.as_bytes()), black_box(&signature)));
    let policy = policy();
    let core = move || {
        let claims = verify::<Map<String, Value>>(black_box(token), &KEYS.set, &policy, NOW);
        black_box(claims.unwrap());
    };
    let runtime = Runtime::new().unwrap();
    let verifier = runtime.block_on(forgetful());
    let whole = asked(runtime, verifier, token);
    vec![
        ("raw".into(), repeated(raw)),
        ("verify".into(), repeated(core)),
        ("Verifier".into(), whole),
    ]
}

/// A token that was verified before, against a mirror of this size.
fn kept(size: usize) -> Subject<'static> {
    let runtime = Runtime::new().unwrap();
    let (verifier, token) = runtime.block_on(informed(size));
    (size.to_string(), asked(runtime, verifier, token.leak()))
}

fn asked(runtime: Runtime, verifier: Verifier, token: &'static str) -> Box<dyn FnMut(u32)> {
    Box::new(move |times| {
        runtime.block_on(async {
            for _ in 0..times {
                let told = verifier.verify(black_box(token), Freshness::Strict).await;
                black_box(told.unwrap());
            }
        });
    })
}

/// A mirror of this size alone, asked for one token after another: other places in memory.
fn mirror(size: usize) -> Subject<'static> {
    let (mirror, bytes) = setup::mirror(size);
    println!("a mirror of {size} takes {:.1} MB", bytes as f64 / 1e6);
    let names: Vec<_> = (0..4096).map(|number| format!("token-{number}")).collect();
    let mut next = names.into_iter().cycle();
    let check = move || {
        let jti = next.next().unwrap();
        black_box(mirror.check(&jti, Some("s"), "u", Some(1), "k"));
    };
    (size.to_string(), repeated(check))
}

fn repeated(mut once: impl FnMut() + 'static) -> Box<dyn FnMut(u32)> {
    Box::new(move |times| (0..times).for_each(|_| once()))
}

fn compare(title: &str, mut subjects: Vec<Subject<'_>>) {
    let batches: Vec<_> = subjects.iter_mut().map(|(_, run)| batch(run)).collect();
    let mut taken = vec![Vec::new(); subjects.len()];
    for _ in 0..ROUNDS {
        for (at, (_, run)) in subjects.iter_mut().enumerate() {
            let began = Instant::now();
            run(batches[at]);
            taken[at].push(began.elapsed().as_nanos() as f64 / f64::from(batches[at]));
        }
    }
    println!("{title}: {ROUNDS} rounds");
    for (at, (name, _)) in subjects.iter().enumerate() {
        let ratios = std::iter::zip(&taken[at], &taken[0]).map(|(own, first)| own / first);
        let [low, middle, high] = quartiles(ratios.collect());
        let least = taken[at].iter().copied().fold(f64::INFINITY, f64::min);
        let [early, median, _] = quartiles(taken[at].clone());
        print!("  {name:>10} {least:>8.0} {early:>8.0} {median:>8.0} ns");
        println!("   x {middle:.3} ({low:.3} to {high:.3})");
    }
}

/// How often something is done in the time of a batch.
fn batch(run: &mut dyn FnMut(u32)) -> u32 {
    let mut times = 1;
    loop {
        let began = Instant::now();
        run(times);
        if began.elapsed() >= BATCH {
            return times;
        }
        times *= 2;
    }
}

fn quartiles(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| values[(values.len() - 1) * quarter / 4])
}
