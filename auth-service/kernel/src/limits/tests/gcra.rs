//! The arithmetic of rates, on random sequences: in Rust, in Lua, and by counting.

use std::time::Duration;

use super::redis::test_redis;
use super::{Bench, START};
use crate::config::{Limit, Rate};
use crate::entropy::Entropy;
use crate::limits::Who;
use crate::limits::gcra::{Arrival, Quota};
use crate::limits::key::Key;

const SEEDS: std::ops::Range<u64> = 0..40;

fn rate(count: u32, period: Duration) -> Rate {
    Rate::Per { count, period }
}

/// Random numbers that come again with the seed.
struct Dice(Entropy);

impl Dice {
    /// From 0 up, below `end`.
    fn below(&self, end: u64) -> u64 {
        u64::from_le_bytes(self.0.bytes()) % end
    }

    fn quota(&self) -> Quota {
        let count = 1 + self.below(20) as u32;
        let period = Duration::from_micros(1_000_000 + self.below(600_000_000));
        Quota::of(rate(count, period), 1 + self.below(4) as u32).unwrap()
    }

    /// A step that is nothing, a hair, about an interval, or the whole window.
    fn step(&self, quota: Quota) -> i64 {
        let step = match self.below(8) {
            0..=2 => 0,
            3 => 1,
            4 | 5 => self.below(2 * quota.interval as u64 + 1),
            6 => quota.interval as u64,
            _ => self.below(2 * quota.window() as u64 + 1),
        };
        step as i64
    }
}

/// However they come: within any span no more than the burst and what came back meanwhile; whoever
/// waits as long as told is let in, and a microsecond earlier is not.
#[test]
fn never_more_than_the_burst_and_what_came_back() {
    for seed in SEEDS {
        let dice = Dice(Entropy::seeded(seed));
        let quota = dice.quota();
        let (mut due, mut now) = (None, START.as_micros());
        let mut let_in: Vec<i64> = Vec::new();
        for _ in 0..400 {
            now += dice.step(quota);
            match quota.arrive(due, now) {
                Arrival::Conforming { due: next } => {
                    due = Some(next);
                    let_in.push(now);
                    for (place, since) in let_in.iter().enumerate() {
                        let came = (let_in.len() - place) as i64;
                        let most = i64::from(quota.burst) + (now - since) / quota.interval;
                        assert!(came <= most, "seed {seed}: {came} in {} µs", now - since);
                    }
                }
                Arrival::TooEarly { wait, .. } => {
                    assert!(wait > 0 && wait <= quota.interval, "seed {seed}");
                    let at = |now| matches!(quota.arrive(due, now), Arrival::Conforming { .. });
                    assert!(at(now + wait) && !at(now + wait - 1), "seed {seed}");
                }
            }
        }
        assert!(
            let_in.len() > quota.burst as usize,
            "seed {seed}: nothing came back"
        );
    }
}

#[test]
fn replicas_by_themselves_let_no_more_through_than_one_for_all() {
    let minute = Duration::from_secs(60);
    for (count, replicas) in [(120, 1), (120, 2), (120, 7), (5, 2), (5, 5)] {
        let share = Quota::of(rate(count, minute), replicas).unwrap();
        assert!(share.burst * replicas <= count);
        let back = minute.as_micros() as i64 / share.interval * i64::from(replicas);
        assert!(back <= i64::from(count), "{count} by {replicas}: {back}");
    }
    let few = Quota::of(rate(2, minute), 5).unwrap();
    assert_eq!(few.burst, 1, "nobody is shut out");
    assert_eq!(Quota::of(Rate::Unlimited, 1), None);
}

#[test]
fn a_clock_set_back_shuts_nobody_out() {
    let quota = Quota::of(rate(10, Duration::from_secs(60)), 1).unwrap();
    let ahead = START.as_micros() + 3_600_000_000;
    let arrival = quota.arrive(Some(ahead), START.as_micros());
    assert!(matches!(arrival, Arrival::Conforming { .. }));
}

/// The same sequences of two limits at once, told the same times: what Redis answers is what this
/// process would.
#[tokio::test]
async fn lua_and_rust_agree() {
    let Some(client) = test_redis() else { return };
    for seed in SEEDS {
        let dice = Dice(Entropy::seeded(seed));
        let bench = Bench::in_memory().counting_in(client.clone());
        let shared = bench.limits.shared.as_ref().unwrap();
        let key = |limit| Key::new(limit, Who::Named(Entropy::system().bytes()));
        let rates =
            [Limit::SignInAddress, Limit::SignInAccount].map(|limit| (key(limit), dice.quota()));
        let mut kept = [None; 2];
        let mut now = START.as_micros();
        for turn in 0..60 {
            now += dice.step(rates[turn % 2].1);
            let mut here = Vec::new();
            for ((_, quota), due) in rates.iter().zip(&kept) {
                here.push(quota.arrive(*due, now));
            }
            let wait = here.iter().map(|arrival| match arrival {
                Arrival::Conforming { .. } => 0,
                Arrival::TooEarly { wait, .. } => *wait,
            });
            let mut expected = vec![wait.max().unwrap()];
            let counted = expected[0] == 0;
            for (place, (_, quota)) in rates.iter().enumerate() {
                let (Arrival::Conforming { due } | Arrival::TooEarly { due, .. }) = here[place];
                let one = matches!(here[place], Arrival::Conforming { .. }) && !counted;
                // Redis forgets what is as new; so does the Rust side, to the microsecond.
                expected.push(due - now - if one { quota.interval } else { 0 });
                if counted {
                    kept[place] = Some(due);
                }
            }
            *shared.time.lock().unwrap() = Some(now);
            let policy = &bench.limits.policy;
            let told = shared.attempt(policy, &rates, &[], START).await;
            assert_eq!(told, Some(expected), "seed {seed}, turn {turn}, {rates:?}");
        }
    }
}
