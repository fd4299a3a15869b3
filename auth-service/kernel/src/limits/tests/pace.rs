//! Rates beside the brake: whom they count for, that all or none is counted, and what is told.

use std::net::IpAddr;
use std::time::Duration;

use super::redis::test_redis;
use super::{Bench, START};
use crate::clock::Clock;
use crate::config::{Limit, Rate, Rates, Settings};
use crate::limits::{Limits, LoginKeys, Told, Who};

const HOUR: Duration = Duration::from_secs(3600);

fn hourly(count: u32) -> Rate {
    Rate::Per {
        count,
        period: HOUR,
    }
}

/// The brake is out of the way; what a test does not set is unlimited.
fn settings(replicas: u32) -> Settings {
    let mut settings = Settings {
        limits: Rates::all(Rate::Unlimited),
        ..Settings::default()
    };
    settings.throttle.account_failures = 1000;
    settings.throttle.address_failures = 1000;
    settings.database.replicas = replicas;
    settings
}

/// In this process, and in Redis where there is one.
fn benches(settings: &Settings) -> Vec<Bench> {
    let here = || Bench::with(settings, Limits::in_memory);
    let mut benches = vec![here()];
    benches.extend(test_redis().map(|client| here().counting_in(client)));
    benches
}

impl Bench {
    fn who(&self) -> Who {
        Who::address(self.address)
    }

    async fn sign_up(&self, email: &str, told: &Told) -> Result<(), Duration> {
        let asked = [
            (Limit::SignUpAddress, self.who()),
            (
                Limit::SignUpAccount,
                Who::email(&format!("{email}{}", self.email)),
            ),
        ];
        let admitted = self.limits.admit(&asked, told).await;
        admitted.map_err(|blocked| blocked.retry_after)
    }
}

#[tokio::test]
async fn all_or_nothing_is_counted_and_the_address_is_told() {
    let mut settings = settings(1);
    settings.limits.sign_up_address = hourly(10);
    settings.limits.sign_up_account = hourly(3);
    for bench in benches(&settings) {
        let told = Told::default();
        for left in [9, 8, 7] {
            bench.sign_up("a", &told).await.unwrap();
            let standing = told.last().unwrap();
            assert_eq!((standing.name, standing.quota), ("sign_up_address", 10));
            assert_eq!((standing.remaining, standing.window), (left, HOUR));
        }
        for _ in 0..20 {
            let wait = bench.sign_up("a", &told).await.unwrap_err();
            assert!(
                wait <= HOUR / 3 && wait > HOUR / 3 - Duration::from_secs(60),
                "{wait:?}"
            );
        }
        assert_eq!(
            told.last().unwrap().remaining,
            7,
            "what is refused is not counted"
        );
        for n in 0..7 {
            bench.sign_up(&format!("b{n}"), &told).await.unwrap();
        }
        assert_eq!(told.last().unwrap().remaining, 0);
        bench.sign_up("c", &told).await.unwrap_err();
    }
}

#[tokio::test]
async fn others_use_up_an_account_but_not_for_a_device_that_it_knows() {
    let mut settings = settings(1);
    settings.limits.sign_in_account = hourly(4);
    for bench in benches(&settings) {
        for _ in 0..4 {
            let ticket = bench.begin(bench.elsewhere()).await.unwrap();
            bench.limits.succeeded(ticket).await;
        }
        bench.begin(bench.elsewhere()).await.unwrap_err();
        bench.begin(bench.keys()).await.unwrap_err();
        // The device has the same rate for itself, right password or not.
        for _ in 0..4 {
            let ticket = bench.begin_known(bench.keys()).await.unwrap();
            bench.limits.succeeded(ticket).await;
        }
        bench.begin_known(bench.keys()).await.unwrap_err();
    }
}

#[tokio::test]
async fn a_refused_attempt_fails_nothing_and_a_failure_in_delay_asks_for_nothing() {
    let mut settings = settings(1);
    settings.limits.sign_in_account = hourly(8);
    settings.throttle.account_failures = 2;
    for bench in benches(&settings) {
        for _ in 0..3 {
            bench
                .limits
                .failed(bench.begin(bench.keys()).await.unwrap());
        }
        for _ in 0..50 {
            let wait = bench.wait(bench.keys()).await;
            assert_eq!(
                wait,
                Duration::from_secs(1),
                "the brake's, and the rate is not used up"
            );
        }
    }
}

#[tokio::test]
async fn asking_again_has_a_rate_of_its_own() {
    let mut settings = settings(1);
    settings.limits.sign_in_address = hourly(1);
    settings.limits.sign_in_account = hourly(1);
    settings.limits.password_account = hourly(2);
    for bench in benches(&settings) {
        for _ in 0..2 {
            let ticket = bench.begin(bench.keys().again()).await.unwrap();
            bench.limits.release(ticket).await;
        }
        bench.begin(bench.keys().again()).await.unwrap_err();
        let ticket = bench.begin(bench.keys()).await.unwrap();
        bench.limits.release(ticket).await;
        bench.begin(bench.keys()).await.unwrap_err();
    }
}

#[tokio::test]
async fn each_replica_without_redis_lets_its_share_through() {
    let mut settings = settings(3);
    settings.limits.refresh_session = hourly(30);
    settings.limits.sign_up_address = hourly(30);
    settings.throttle.account_failures = 6;
    let bench = Bench::with(&settings, Limits::in_memory);
    let told = Told::default();
    let paced = (0..50).filter(|_| {
        bench
            .limits
            .pace(Limit::RefreshSession, bench.who(), &told)
            .is_ok()
    });
    assert_eq!(paced.count(), 10);
    assert_eq!(told.last().unwrap().quota, 10);
    let mut admitted = 0;
    for n in 0..50 {
        admitted += u32::from(bench.sign_up(&n.to_string(), &told).await.is_ok());
    }
    assert_eq!(admitted, 10);
    let mut tried = 0;
    for _ in 0..50 {
        tried += u32::from(bench.begin(bench.elsewhere()).await.is_ok());
    }
    assert_eq!(tried, 6 / 3 + 1, "failures too");
}

#[tokio::test]
async fn a_network_counts_once() {
    let mut settings = settings(1);
    settings.limits.sign_in_address = hourly(2);
    for bench in benches(&settings) {
        let IpAddr::V6(address) = bench.address else {
            panic!("the bench's address is IPv6")
        };
        let keys = |host: u128| {
            let address = (address.to_bits() >> 64 << 64) | host;
            let email = format!("{host}{}", bench.email);
            LoginKeys::new(&email, std::net::Ipv6Addr::from_bits(address).into(), "")
        };
        for host in 0..2 {
            let _ = bench.begin(keys(host)).await.unwrap();
        }
        bench.begin(keys(2)).await.unwrap_err();
    }
}

#[test]
fn a_front_end_is_known_by_its_secret_alone() {
    let limits = |hashes: &[&str]| {
        let mut settings = Settings::default();
        settings.throttle.front_end_hashes = hashes.iter().map(ToString::to_string).collect();
        Limits::in_memory(&settings, Clock::manual(START))
    };
    // `printf %s old | openssl dgst -sha256 -binary | base64`, and of `new`.
    let old = "y6BrVzb69n5UsHtWHq6UOV53TFF6fZEKVDaeEmPM+9Q=";
    let new = "EVB6Di9eadXfpApiob17buV+a82FxnybhDGzb/8hxDc=";
    let both = limits(&[old, new]);
    assert!(both.is_front_end("old") && both.is_front_end("new"));
    for proof in ["", "ol", "older", "OLD", old] {
        assert!(!both.is_front_end(proof), "{proof}");
    }
    assert!(
        !limits(&[]).is_front_end(""),
        "nobody is one where none is configured"
    );
}
