//! What a process keeps of rates is bounded, and right under threads.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::START;
use crate::config::{Limit, Rate};
use crate::limits::CELLS;
use crate::limits::cells::Cells;
use crate::limits::gcra::{Arrival, Quota};
use crate::limits::key::{Key, Who};

fn hourly(count: u32) -> Quota {
    let period = Duration::from_secs(3600);
    Quota::of(Rate::Per { count, period }, 1).unwrap()
}

fn address(number: u32) -> Key {
    Key::new(
        Limit::CallAddress,
        Who::address(IpAddr::V4(Ipv4Addr::from_bits(number))),
    )
}

fn is_in(arrival: Arrival) -> bool {
    matches!(arrival, Arrival::Conforming { .. })
}

#[test]
fn a_million_addresses_take_no_more_room_and_free_nobody() {
    let (cells, quota) = (Cells::new(CELLS), hourly(100));
    let held_back = Key::new(Limit::CallAddress, Who::Named([7; 16]));
    let mut now = START.as_micros();
    while is_in(cells.arrive(held_back, quota, now)) {}
    for number in 0..1_000_000 {
        assert!(is_in(cells.arrive(address(number), quota, now)));
        now += 1;
        if number % 10_000 == 0 {
            let (keys, room) = cells.size();
            assert!(keys <= room && room <= CELLS, "{keys} of {room}");
        }
    }
    let (keys, _) = cells.size();
    assert!(keys <= CELLS && keys > CELLS / 2, "{keys}");
    assert!(
        !is_in(cells.arrive(held_back, quota, now)),
        "it was washed out"
    );

    now += quota.window();
    for number in 0..2 * CELLS as u32 {
        cells.arrive(address(number), quota, now);
    }
    assert!(is_in(cells.arrive(held_back, quota, now)));
}

#[test]
fn threads_get_no_further_than_one() {
    let (cells, quota) = (Cells::new(100), hourly(50));
    let allowed = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..100 {
                    let arrival = cells.arrive(address(1), quota, START.as_micros());
                    allowed.fetch_add(is_in(arrival).into(), Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(allowed.into_inner(), 50);
}

#[test]
fn what_is_given_back_can_be_had_again() {
    let (cells, quota) = (Cells::new(100), hourly(2));
    let now = START.as_micros();
    for _ in 0..10 {
        assert!(is_in(cells.arrive(address(1), quota, now)));
        cells.give_back(&address(1), quota);
    }
    assert!(is_in(cells.arrive(address(1), quota, now)));
    assert!(is_in(cells.arrive(address(1), quota, now)));
    assert!(!is_in(cells.arrive(address(1), quota, now)));
}
