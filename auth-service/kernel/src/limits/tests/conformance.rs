//! What each backend does.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use futures_util::future::join_all;

use super::{Bench, DAY, START};
use crate::limits::{LoginKeys, Told};

macro_rules! on_each_backend {
    ($($test:ident)*) => {
        mod in_memory {
            $(#[tokio::test]
            async fn $test() {
                super::$test(&super::Bench::in_memory()).await;
            })*
        }
        mod in_redis {
            $(#[tokio::test]
            async fn $test() {
                if let Some(bench) = super::Bench::in_redis() {
                    super::$test(&bench).await;
                    bench.assert_counted_in_redis();
                }
            })*
        }
    };
}

on_each_backend! {
    delays_of_an_account_double
    delays_of_an_address_double
    a_burst_gets_no_further_than_one_by_one
    a_blocked_attempt_is_not_counted
    the_longest_delay_is_told
    success_clears_the_device_and_gives_the_address_one_back
    the_owners_success_neither_clears_nor_shows_what_others_ran_up
    a_share_is_forgotten_with_its_failures
    a_success_of_ones_own_pays_for_no_guess
    released_is_as_if_it_had_not_been
    what_is_given_back_leaves_no_delay
    a_success_makes_no_failure_younger
    a_dropped_ticket_stays_counted
    an_ipv6_64_is_one_address
    a_known_device_is_not_locked_out_by_others
    a_known_device_is_bounded_itself
    a_known_device_is_asked_for_only_when_blocked
    failures_are_forgotten
    a_hundred_failures_close_the_account
    a_hundred_failures_close_a_device
    a_clock_behind_blocks_nobody
}

async fn delays_of_an_account_double(bench: &Bench) {
    bench.fail(5, || bench.elsewhere()).await;
    for seconds in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
        bench.fail(1, || bench.elsewhere()).await;
        let wait = bench.wait(bench.elsewhere()).await;
        assert_eq!(wait, Duration::from_secs(seconds));
        bench.clock.advance(wait - Duration::from_micros(1));
        let wait = bench.wait(bench.elsewhere()).await;
        assert_eq!(wait, Duration::from_micros(1));
    }
}

async fn delays_of_an_address_double(bench: &Bench) {
    bench.fail(30, || bench.other_account()).await;
    for seconds in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
        bench.fail(1, || bench.other_account()).await;
        let wait = bench.wait(bench.other_account()).await;
        assert_eq!(wait, Duration::from_secs(seconds));
    }
    bench.fail(100, || bench.other_account()).await;
    let wait = bench.wait(bench.other_account()).await;
    assert_eq!(wait, Duration::from_secs(900), "an address never closes");
}

async fn a_burst_gets_no_further_than_one_by_one(bench: &Bench) {
    let burst = (0..50).map(|_| bench.begin(bench.elsewhere()));
    let allowed = join_all(burst).await.into_iter().flatten().count();
    assert_eq!(allowed, 6, "five free, and the one that the delay is for");

    let burst = (0..50).map(|_| bench.begin(bench.other_account()));
    let allowed = join_all(burst).await.into_iter().flatten().count();
    assert_eq!(allowed, 31);
}

async fn a_blocked_attempt_is_not_counted(bench: &Bench) {
    bench.fail(6, || bench.keys()).await;
    for _ in 0..50 {
        let wait = bench.wait(bench.keys()).await;
        assert_eq!(wait, Duration::from_secs(1));
    }
    bench.fail(24, || bench.other_account()).await;
    bench.fail(1, || bench.other_account()).await;
    bench.wait(bench.other_account()).await;
}

async fn the_longest_delay_is_told(bench: &Bench) {
    bench.fail(33, || bench.other_account()).await;
    bench.fail(6, || bench.elsewhere()).await;
    let wait = bench.wait(bench.keys()).await;
    assert_eq!(wait, Duration::from_secs(4), "the address's, not 1 s");
}

async fn success_clears_the_device_and_gives_the_address_one_back(bench: &Bench) {
    bench.fail(5, || bench.keys()).await;
    let ticket = bench.begin(bench.keys()).await.unwrap();
    bench.limits.succeeded(ticket).await;

    bench.fail(6, || bench.elsewhere()).await;
    let wait = bench.wait(bench.elsewhere()).await;
    assert_eq!(wait, Duration::from_secs(1), "its own are taken from it");

    bench.fail(26, || bench.other_account()).await;
    let wait = bench.wait(bench.other_account()).await;
    assert_eq!(wait, Duration::from_secs(1), "the address had 5 already");
}

// I30
async fn the_owners_success_neither_clears_nor_shows_what_others_ran_up(bench: &Bench) {
    bench.fail(2, || bench.keys()).await;
    bench.fail(9, || bench.elsewhere()).await;
    let wait = bench.wait(bench.elsewhere()).await;
    assert_eq!(wait, Duration::from_secs(32), "eleven");

    // While the account is in its delay, by the way of a known device.
    for _ in 0..3 {
        let ticket = bench.begin_known(bench.keys()).await.unwrap();
        bench.limits.failed(ticket);
    }
    let ticket = bench.begin_known(bench.keys()).await.unwrap();
    let unchanged = bench.wait(bench.elsewhere()).await;
    assert_eq!(unchanged, wait, "an owner who mistypes is not seen");
    bench.limits.succeeded(ticket).await;
    let wait = bench.wait(bench.elsewhere()).await;
    assert_eq!(
        wait,
        Duration::from_secs(8),
        "nine: without the owner's two"
    );

    // After it, by the usual way: nothing of the owner's is left to be taken.
    bench.clock.advance(wait);
    for _ in 0..5 {
        let ticket = bench.begin(bench.keys()).await.unwrap();
        bench.limits.succeeded(ticket).await;
    }
    bench.fail(1, || bench.elsewhere()).await;
    let wait = bench.wait(bench.elsewhere()).await;
    assert_eq!(wait, Duration::from_secs(16), "the tenth");
}

async fn a_share_is_forgotten_with_its_failures(bench: &Bench) {
    bench.fail(5, || bench.keys()).await;
    bench.clock.advance(DAY);
    bench.fail(8, || bench.elsewhere()).await;
    let ticket = bench.begin_known(bench.keys()).await.unwrap();
    bench.limits.succeeded(ticket).await;
    let wait = bench.wait(bench.elsewhere()).await;
    assert_eq!(wait, Duration::from_secs(4), "the eighth");
    bench.clock.advance(wait);
    let ticket = bench.begin(bench.keys()).await.unwrap();
    bench.limits.succeeded(ticket).await;
    bench.fail(1, || bench.elsewhere()).await;
    let wait = bench.wait(bench.elsewhere()).await;
    assert_eq!(wait, Duration::from_secs(8), "the ninth");
}

async fn a_success_of_ones_own_pays_for_no_guess(bench: &Bench) {
    for _ in 0..30 {
        bench.fail(1, || bench.other_account()).await;
        let own = bench.begin(bench.keys()).await.unwrap();
        bench.limits.succeeded(own).await;
    }
    bench.fail(1, || bench.other_account()).await;
    let wait = bench.wait(bench.keys()).await;
    assert_eq!(wait, Duration::from_secs(1));
}

async fn released_is_as_if_it_had_not_been(bench: &Bench) {
    for _ in 0..50 {
        let ticket = bench.begin(bench.keys()).await.unwrap();
        bench.limits.release(ticket).await;
    }
    bench.fail(5, || bench.keys()).await;
    for _ in 0..50 {
        let ticket = bench.begin(bench.keys()).await.unwrap();
        bench.wait(bench.keys()).await;
        bench.clock.advance(Duration::from_millis(1));
        bench.limits.release(ticket).await;
    }
    for _ in 0..50 {
        let ticket = bench.begin_known(bench.keys()).await.unwrap();
        bench.limits.release(ticket).await;
    }
    bench.fail(1, || bench.keys()).await;
    assert_eq!(bench.wait(bench.keys()).await, Duration::from_secs(1));
}

async fn what_is_given_back_leaves_no_delay(bench: &Bench) {
    bench.fail(9, || bench.elsewhere()).await;
    bench.clock.advance(bench.wait(bench.elsewhere()).await);
    let ticket = bench.begin(bench.elsewhere()).await.unwrap();
    bench.limits.release(ticket).await;
    let tenth = bench.begin(bench.elsewhere()).await.unwrap();
    bench.limits.failed(tenth);
    let wait = bench.wait(bench.elsewhere()).await;
    assert_eq!(wait, Duration::from_secs(16));
}

async fn a_success_makes_no_failure_younger(bench: &Bench) {
    bench.fail(20, || bench.other_account()).await;
    bench.clock.advance(DAY - Duration::from_secs(1));
    let ticket = bench.begin(bench.keys()).await.unwrap();
    bench.limits.succeeded(ticket).await;
    bench.clock.advance(Duration::from_secs(1));
    bench.fail(31, || bench.other_account()).await;
    let wait = bench.wait(bench.other_account()).await;
    assert_eq!(wait, Duration::from_secs(1), "the twenty are forgotten");
}

async fn a_dropped_ticket_stays_counted(bench: &Bench) {
    for _ in 0..6 {
        drop(bench.begin(bench.keys()).await.unwrap());
    }
    bench.wait(bench.keys()).await;
}

async fn an_ipv6_64_is_one_address(bench: &Bench) {
    let IpAddr::V6(address) = bench.address else {
        panic!("the bench's address is IPv6")
    };
    let prefix = u128::from(address) >> 64;
    let keys = |network: u128, host: u128| {
        let address = Ipv6Addr::from(network << 64 | host);
        let email = format!("{host}-{}", bench.email);
        LoginKeys::new(&email, address.into(), "attacker")
    };
    for host in 0..31 {
        let _ = bench.begin(keys(prefix, host)).await.unwrap();
    }
    bench.begin(keys(prefix, 31)).await.unwrap_err();
    let _ = bench.begin(keys(prefix ^ 1, 31)).await.unwrap();
}

async fn a_known_device_is_not_locked_out_by_others(bench: &Bench) {
    bench.fail(50, || bench.elsewhere()).await;
    bench.wait(bench.keys()).await;
    let ticket = bench.begin_known(bench.keys()).await.unwrap();
    bench.limits.succeeded(ticket).await;

    bench.fail(50, || bench.other_account()).await;
    bench.wait(bench.keys()).await;
    let ticket = bench.begin_known(bench.keys()).await.unwrap();
    bench.limits.succeeded(ticket).await;
    bench.wait(bench.other_account()).await;
}

async fn a_known_device_is_bounded_itself(bench: &Bench) {
    bench.fail(20, || bench.elsewhere()).await;
    let burst = (0..50).map(|_| bench.begin_known(bench.keys()));
    let burst = join_all(burst).await;
    assert_eq!(burst.iter().flatten().count(), 6);
    for blocked in burst.iter().filter_map(|begun| begun.as_ref().err()) {
        assert_eq!(blocked.retry_after, Duration::from_secs(1));
    }
    let other = LoginKeys::new(&bench.email, bench.address, "another browser");
    let _ = bench.begin_known(other).await.unwrap();
}

async fn a_known_device_is_asked_for_only_when_blocked(bench: &Bench) {
    let ask = async || panic!("nobody is blocked");
    for _ in 0..6 {
        let ticket = bench
            .limits
            .begin(bench.keys(), &Told::default(), ask)
            .await
            .unwrap();
        bench.limits.failed(ticket);
    }
}

async fn failures_are_forgotten(bench: &Bench) {
    bench.fail(15, || bench.keys()).await;
    bench.clock.advance(DAY - Duration::from_secs(1));
    bench.fail(1, || bench.keys()).await;
    let wait = bench.wait(bench.keys()).await;
    assert_eq!(wait, Duration::from_secs(900), "a day since the last one");

    bench.clock.advance(DAY);
    bench.fail(6, || bench.keys()).await;
    assert_eq!(bench.wait(bench.keys()).await, Duration::from_secs(1));
}

async fn a_hundred_failures_close_the_account(bench: &Bench) {
    bench.fail(99, || bench.elsewhere()).await;
    let wait = bench.wait(bench.elsewhere()).await;
    assert_eq!(wait, Duration::from_secs(900));
    bench.fail(1, || bench.elsewhere()).await;
    assert_eq!(bench.wait(bench.elsewhere()).await, DAY);

    let ticket = bench.begin_known(bench.keys()).await.unwrap();
    bench.limits.succeeded(ticket).await;
    assert_eq!(bench.wait(bench.elsewhere()).await, DAY);
}

async fn a_hundred_failures_close_a_device(bench: &Bench) {
    let device = [bench.keys().device];
    let guess = async || {
        bench
            .limits
            .attempt(&[], &device, bench.clock.now())
            .await
            .wait
    };
    for _ in 0..100 {
        if let Some(wait) = guess().await {
            assert!(wait <= Duration::from_secs(900));
            bench.clock.advance(wait);
            assert_eq!(guess().await, None);
        }
    }
    assert_eq!(guess().await, Some(DAY));
}

async fn a_clock_behind_blocks_nobody(bench: &Bench) {
    let account = [bench.keys().account];
    let ahead = START.plus(Duration::from_secs(30));
    for at in [ahead, START] {
        assert_eq!(bench.limits.attempt(&[], &account, at).await.wait, None);
    }
}
