//! The instruments that rooms are handed.

use std::marker::PhantomData;
use std::time::Duration;

use prometheus::core::Collector;
use prometheus::{Histogram, HistogramOpts, IntCounter, IntCounterVec, Opts, Registry};

use super::outcomes::Outcome;

/// Bounds in seconds: from what a cached answer takes to the longest that anybody waits.
pub(super) const SECONDS: [f64; 14] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// The names and labels are written down in this room; a test reads all of them.
const SOUND: &str = "a name of its own, and labels that it declares";

/// Counts what happens.
#[derive(Clone)]
pub struct Counter(IntCounter);

/// Times what takes a while.
#[derive(Clone)]
pub struct Timer(Histogram);

/// A place where callers wait for something that there is only so much of.
#[derive(Clone)]
pub struct Queue {
    /// How long they waited for what they got.
    pub wait: Timer,
    /// Those who got nothing.
    pub refused: Counter,
}

/// Counts by outcome, each from nought on.
pub struct Outcomes<T> {
    counters: Vec<IntCounter>,
    of: PhantomData<fn(T)>,
}

pub(super) fn registered<C: Collector + Clone + 'static>(
    registry: &Registry,
    made: prometheus::Result<C>,
) -> C {
    let collector = made.expect(SOUND);
    registry.register(Box::new(collector.clone())).expect(SOUND);
    collector
}

impl Counter {
    pub(super) fn new(registry: &Registry, name: &str, help: &str) -> Self {
        Self(registered(registry, IntCounter::new(name, help)))
    }

    /// Counts one.
    pub fn count(&self) {
        self.0.inc();
    }

    /// How many were counted since the start.
    pub fn total(&self) -> u64 {
        self.0.get()
    }
}

impl Timer {
    pub(super) fn new(registry: &Registry, name: &str, help: &str) -> Self {
        let options = HistogramOpts::new(name, help).buckets(SECONDS.into());
        Self(registered(registry, Histogram::with_opts(options)))
    }

    /// Notes how long one took.
    pub fn took(&self, time: Duration) {
        self.0.observe(time.as_secs_f64());
    }
}

impl<T: Outcome> Outcomes<T> {
    pub(super) fn new(registry: &Registry, name: &str, help: &str) -> Self {
        let family = IntCounterVec::new(Opts::new(name, help), &[T::LABEL]);
        let family = registered(registry, family);
        let counter = |outcome: &T| family.with_label_values(&[outcome.name()]);
        Self {
            counters: T::ALL.iter().map(counter).collect(),
            of: PhantomData,
        }
    }

    /// Counts one.
    pub fn count(&self, outcome: T) {
        self.counters[outcome.place()].inc();
    }
}
