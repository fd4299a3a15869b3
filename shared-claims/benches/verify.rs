//! What it costs to verify: `cargo bench -p shared-claims`.
//!
//! Each signature algorithm beside the bare signature check of the same bytes; a token that was
//! verified before; and the mirror with nothing, ten thousand and a million revocations in it.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark stops at the first surprise"
)]
#![allow(dead_code, reason = "the tests use more of what is shared with them")]

#[path = "../tests/it/issuer.rs"]
mod issuer;
#[path = "../tests/it/support.rs"]
mod support;

use std::hint::black_box;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::{Map, Value};
use shared_claims::{Algorithm, Entry, Freshness, Kind, Mirror, Revocations, Snapshot, verify};
use tokio::runtime::Runtime;

use issuer::Issuer;
use support::{KEYS, NOW, policy};

const SIZES: [usize; 3] = [0, 10_000, 1_000_000];

fn cold(criterion: &mut Criterion) {
    let policy = policy();
    for algorithm in [Algorithm::ES256, Algorithm::RS256, Algorithm::EdDSA] {
        let mut group = criterion.benchmark_group(format!("cold/{algorithm}"));
        let token = KEYS.good(algorithm);
        let (input, signature) = token.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let key = KEYS.set.get(&KEYS.kid(algorithm)).unwrap();
        group.bench_function("signature", |bencher| {
            bencher.iter(|| key.verify(black_box(input.as_bytes()), black_box(&signature)));
        });
        group.bench_function("verify", |bencher| {
            bencher.iter(|| {
                verify::<Map<String, Value>>(black_box(&token), &KEYS.set, &policy, NOW).unwrap()
            });
        });
        let runtime = Runtime::new().unwrap();
        let verifier = runtime.block_on(async {
            let issuer = Issuer::start().await;
            let builder = issuer.builder(&issuer::clock()).cache_bytes(0);
            let builder = builder.revocations(Revocations::None);
            builder.build().await.unwrap()
        });
        group.bench_function("Verifier, nothing kept", |bencher| {
            let verify = || verifier.verify(black_box(&token), Freshness::Strict);
            bencher.iter(|| runtime.block_on(verify()).unwrap());
        });
    }
}

/// A token that was verified before, by the machine's clock, against a mirror of each size.
fn warm(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("warm");
    for size in SIZES {
        let runtime = Runtime::new().unwrap();
        let (verifier, token) = runtime.block_on(followed(size));
        group.bench_function(format!("{size} revocations"), |bencher| {
            bencher.iter_custom(|rounds| {
                runtime.block_on(async {
                    let began = std::time::Instant::now();
                    for _ in 0..rounds {
                        let told = verifier.verify(black_box(&token), Freshness::Strict).await;
                        black_box(told.unwrap());
                    }
                    began.elapsed()
                })
            });
        });
    }
}

async fn followed(size: usize) -> (shared_claims::Verifier, String) {
    let issuer = Issuer::start().await;
    issuer.state().snapshot = Snapshot {
        position: 1,
        entries: entries(size).collect(),
    };
    let clock = shared_claims::Clock::system();
    let builder = issuer.builder(&clock).feed(issuer.feed());
    let verifier = builder
        .max_lag(std::time::Duration::MAX)
        .build()
        .await
        .unwrap();
    while !verifier.ready() {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(verifier.revocations(), size);
    let header = KEYS.header(Algorithm::ES256).to_string();
    let claims = support::with(support::good_claims(), r#"{"exp":4000000000}"#);
    let token = KEYS.token(Algorithm::ES256, &header, &claims);
    verifier.verify(&token, Freshness::Strict).await.unwrap();
    assert_eq!(verifier.cached().0, 1);
    (verifier, token)
}

fn mirror(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("mirror");
    for size in SIZES {
        let before = resident();
        let mirror = Mirror::default();
        for entry in entries(size) {
            mirror.apply(&entry);
        }
        let grown = resident().saturating_sub(before);
        println!("mirror of {size}: {:.1} MB", grown as f64 / 1e6);
        group.bench_function(format!("{size} revocations"), |bencher| {
            bencher.iter(|| mirror.check(black_box("j"), Some("s"), "u", Some(1), "k"));
        });
    }
}

fn entries(size: usize) -> impl Iterator<Item = Entry> {
    (0..size).map(|number| Entry {
        kind: Kind::Jti,
        value: format!("00000000-0000-7000-8000-{number:012}"),
        ver: None,
        expires_at: 4_000_000_000,
    })
}

/// The resident set in bytes, as Linux tells it; elsewhere nothing.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<usize>().ok());
    pages.unwrap_or(0) * 4096
}

criterion_group!(benches, mirror, cold, warm);
criterion_main!(benches);
