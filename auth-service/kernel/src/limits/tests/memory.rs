//! The bounds of what a process keeps.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::{DAY, START};
use crate::config::Throttle;
use crate::limits::bucket::Bucket;
use crate::limits::memory::Memory;
use crate::limits::policy::Policy;

#[test]
fn a_flood_of_buckets_is_bounded_and_washes_out_nobody_who_waits() {
    let policy = Policy::new(&Throttle::default(), 1);
    let memory = Memory::new(1_000);
    let attacked = [Bucket::account("victim@example.com")];
    let mut now = START;
    while memory.attempt(&policy, &attacked, now).is_ok() {}
    for n in 0..20_000 {
        let address = [Bucket::Address(n.to_string())];
        memory.attempt(&policy, &address, now).unwrap();
        assert!(memory.len() <= 1_000);
        now = now.plus(Duration::from_micros(1));
    }
    assert!(memory.len() > 800, "no more is dropped than needed");
    memory.attempt(&policy, &attacked, now).unwrap_err();

    now = now.plus(DAY);
    for n in 0..1_000 {
        let address = [Bucket::Address(n.to_string())];
        memory.attempt(&policy, &address, now).unwrap();
    }
    memory.attempt(&policy, &attacked, now).unwrap();
}

#[test]
fn threads_get_no_further_than_one() {
    let policy = Policy::new(&Throttle::default(), 1);
    let memory = Memory::new(1_000);
    let account = [Bucket::account("victim@example.com")];
    let allowed = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for _ in 0..50 {
            scope.spawn(|| {
                let attempt = memory.attempt(&policy, &account, START);
                allowed.fetch_add(attempt.is_ok().into(), Ordering::Relaxed);
            });
        }
    });
    assert_eq!(allowed.into_inner(), 6);
}
