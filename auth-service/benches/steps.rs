//! What each step of a request costs: `cargo bench -p auth-service`. What it costs to verify a
//! token that was never seen is in `shared-claims/benches`.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark stops at the first surprise"
)]

mod setup;

use std::hint::black_box;

use actix_web::dev::Payload;
use actix_web::test::TestRequest;
use actix_web::{FromRequest, HttpRequest};
use auth_service::http::views::TokenPair;
use auth_service::http::{Body, RefreshRequest};
use auth_service::signin;
use auth_service::tokens::{self, Demand, RefreshToken};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use kernel::passwords::Password;

use setup::{PASSWORD, PAUSE, Rooms};

fn rooms() -> Rooms {
    Rooms::open(|_| {})
}

/// What a sign-in and a refresh end with.
fn minting(criterion: &mut Criterion) {
    let rooms = rooms();
    let (session, user) = rooms.rows();
    let (ring, now) = (rooms.ctx.keyring.ring().unwrap(), rooms.clock.now());
    let (signed, _) = rooms.ada.access.jwt.rsplit_once('.').unwrap();
    let key = ring.active(now).unwrap();
    let mut group = criterion.benchmark_group("mint");
    group.bench_function("signature", |bencher| {
        bencher.iter(|| key.sign(black_box(signed.as_bytes())));
    });
    group.bench_function("both tokens", |bencher| {
        bencher
            .iter(|| signin::issue(&rooms.ctx, session.clone(), user.clone(), None, now).unwrap());
    });
    group.bench_function("answer", |bencher| {
        let answer = || {
            let issued = signin::issue(&rooms.ctx, session.clone(), user.clone(), None, now);
            TokenPair::from(issued.unwrap())
        };
        let write = |answer: TokenPair| serde_json::to_vec(black_box(&answer)).unwrap();
        bencher.iter_batched(answer, write, BatchSize::SmallInput);
    });
}

fn refresh_token(criterion: &mut Criterion) {
    let rooms = rooms();
    let ring = rooms.ctx.keyring.ring().unwrap();
    let text = &rooms.ada.refresh_token;
    let read = |text| (ring.refresh().all()).find_map(|(_, key)| RefreshToken::decode(text, key));
    let token = read(text).unwrap();
    let key = ring.refresh().active(rooms.clock.now()).unwrap();
    let mut group = criterion.benchmark_group("refresh token");
    group.bench_function("made", |bencher| {
        bencher.iter(|| black_box(token).encode(key));
    });
    group.bench_function("read", |bencher| {
        bencher.iter(|| read(black_box(text)).unwrap());
    });
}

/// A token that was verified before, and whether it is revoked.
fn access_token(criterion: &mut Criterion) {
    let rooms = rooms();
    rooms.believe();
    let token = &rooms.ada.access.jwt;
    let demand = Demand {
        audience: &rooms.ctx.settings.tokens.audience,
        scope: None,
        role: None,
        proved_within: None,
    };
    criterion.bench_function("access token checked", |bencher| {
        let check = || tokens::authenticate(&rooms.ctx, black_box(token), &demand);
        bencher.iter(|| rooms.runtime.block_on(check()).unwrap());
    });
}

fn body(criterion: &mut Criterion) {
    let rooms = rooms();
    let json = serde_json::json!({ "refresh_token": rooms.ada.refresh_token }).to_string();
    let request = || {
        TestRequest::post()
            .insert_header(("content-type", "application/json"))
            .set_payload(json.clone())
            .to_http_parts()
    };
    criterion.bench_function("body read", |bencher| {
        let read = |(request, mut payload): (HttpRequest, Payload)| {
            let read = Body::<RefreshRequest>::from_request(&request, &mut payload);
            rooms.runtime.block_on(read).unwrap()
        };
        bencher.iter_batched(request, read, BatchSize::SmallInput);
    });
}

/// The whole of a refresh but HTTP, each with the token of the one before; SQLite commits each.
fn rotation(criterion: &mut Criterion) {
    let rooms = rooms();
    let mut token = rooms.ada.refresh_token.clone();
    criterion.bench_function("refresh on SQLite", |bencher| {
        bencher.iter(|| {
            rooms.clock.advance(PAUSE);
            let (asked, caller) = (Default::default(), Default::default());
            let issued = signin::refresh(&rooms.ctx, &token, &asked, &caller);
            token = rooms.runtime.block_on(issued).unwrap().refresh_token;
        });
    });
}

fn hashing(criterion: &mut Criterion) {
    let rooms = rooms();
    let (hasher, runtime) = (&rooms.ctx.hasher, &rooms.runtime);
    let password = Password::parse(PASSWORD).unwrap();
    let hash = runtime.block_on(hasher.hash(password.clone())).unwrap();
    criterion.bench_function("password verified", |bencher| {
        bencher.iter(|| {
            let verdict = hasher.verify(password.clone(), Some(hash.clone()));
            assert!(runtime.block_on(verdict).unwrap().matches);
        });
    });
}

criterion_group!(
    benches,
    minting,
    refresh_token,
    access_token,
    body,
    rotation,
    hashing
);
criterion_main!(benches);
