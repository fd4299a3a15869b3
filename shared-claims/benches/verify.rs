//! What it costs to verify: `cargo bench -p shared-claims --bench verify`. How that compares is in
//! `beside.rs`.
//!
//! Each signature algorithm beside the bare signature check of the same bytes; a token that was
//! verified before; and the mirror with nothing, ten thousand and a million revocations in it.

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

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::{Map, Value};
use shared_claims::{Freshness, verify};
use tokio::runtime::Runtime;

use setup::{ALGORITHMS, SIZES, forgetful, informed};
use support::{KEYS, NOW, policy};

fn cold(criterion: &mut Criterion) {
    let policy = policy();
    for algorithm in ALGORITHMS {
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
        let verifier = runtime.block_on(forgetful());
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
        let (verifier, token) = runtime.block_on(informed(size));
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

fn mirror(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("mirror");
    for size in SIZES {
        let (mirror, bytes) = setup::mirror(size);
        println!("mirror of {size}: {:.1} MB", bytes as f64 / 1e6);
        group.bench_function(format!("{size} revocations"), |bencher| {
            bencher.iter(|| mirror.check(black_box("j"), Some("s"), "u", Some(1), "k"));
        });
    }
}

criterion_group!(benches, mirror, cold, warm);
criterion_main!(benches);
