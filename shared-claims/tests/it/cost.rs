//! What verifying and a large mirror cost. Run optimised: `cargo test --release -- --ignored cost`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};
use shared_claims::{Algorithm, Entry, Kind, Mirror, Verdict, verify};

use crate::support::{KEYS, NOW, policy};

/// The least of several rounds each, taken in turn, to leave the noise of the machine out.
fn time<const N: usize>(works: [&dyn Fn(); N]) -> [Duration; N] {
    let mut least = [Duration::MAX; N];
    for _ in 0..50 {
        for (least, work) in least.iter_mut().zip(works) {
            let start = Instant::now();
            (0..500).for_each(|_| work());
            *least = start.elapsed().min(*least);
        }
    }
    least.map(|round| round / 500)
}

#[test]
#[ignore = "a measurement"]
fn cost_of_verifying_is_that_of_the_signature_and_a_tenth() {
    let token = KEYS.good(Algorithm::ES256);
    let (input, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let key = KEYS.set.get(&KEYS.kid(Algorithm::ES256)).unwrap();
    let policy = policy();
    let [raw, whole] = time([
        &|| assert!(key.verify(black_box(input.as_bytes()), black_box(&signature))),
        &|| {
            let claims = verify::<Map<String, Value>>(black_box(&token), &KEYS.set, &policy, NOW);
            assert!(claims.is_ok());
        },
    ]);
    println!("signature alone {raw:?}, verify {whole:?}");
    assert!(
        whole <= raw * 11 / 10,
        "signature alone {raw:?}, verify {whole:?}"
    );
}

#[test]
#[ignore = "a measurement"]
fn cost_of_a_million_revocations() {
    let mirror = Mirror::default();
    let check = || {
        assert_eq!(
            mirror.check("j", Some("s"), "u", Some(1), "k"),
            Verdict::Accepted
        )
    };
    let [small] = time([&check]);
    let before = resident();
    for number in 0..1_000_000 {
        let value = format!("00000000-0000-7000-8000-{number:012}");
        mirror.apply(&Entry {
            kind: Kind::Jti,
            value,
            ver: None,
            expires_at: number,
        });
    }
    let megabytes = (resident() - before) / 1_000_000;
    let [large] = time([&check]);
    let start = Instant::now();
    mirror.prune(500_000);
    println!(
        "{megabytes} MB; check {small:?}, then {large:?}; prune {:?}",
        start.elapsed()
    );
    assert!(megabytes < 80, "{megabytes} MB");
    assert!(
        large < small * 3 + Duration::from_micros(1),
        "{small:?}, then {large:?}"
    );
}

/// The resident set in bytes, as Linux tells it.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}
