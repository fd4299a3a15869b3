//! What can be measured: ours, its limits, and others that do the same.

use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::load::{Load, Outcome, Requests};
use crate::machine;

/// What the benchmark stops with.
pub type Failure = Box<dyn Error + Send + Sync>;
/// What can stop the benchmark.
pub type Result<T> = std::result::Result<T, Failure>;

/// What one round found.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Sample {
    /// How often it was done in a second.
    pub rate: f64,
    /// Latency in milliseconds: median, 99th percentile, the longest. None where it is not asked
    /// over a connection.
    pub latency: Option<Latency>,
    /// Processor time of the server for each, in microseconds.
    pub cpu: Option<f64>,
    /// Processor time of the load generator for each, in microseconds.
    pub generator: Option<f64>,
}

impl Sample {
    /// Something that is done without a connection, so often a second.
    pub fn of_rate(rate: f64) -> Self {
        Self {
            rate,
            latency: None,
            cpu: None,
            generator: None,
        }
    }
}

/// Latencies in milliseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Latency {
    /// The median.
    pub p50: f64,
    /// The 99th percentile.
    pub p99: f64,
    /// The longest.
    pub max: f64,
}

impl Latency {
    /// From a histogram of microseconds.
    pub fn of(histogram: &Histogram<u64>) -> Self {
        let millis = |micros: u64| micros as f64 / 1000.0;
        Self {
            p50: millis(histogram.value_at_quantile(0.5)),
            p99: millis(histogram.value_at_quantile(0.99)),
            max: millis(histogram.max()),
        }
    }
}

/// Something that is measured in rounds, in turn with others.
pub trait Subject {
    /// What it is, for the report.
    fn name(&self) -> &str;

    /// Does it for so long, as fast as it goes.
    ///
    /// # Errors
    /// When any of it failed: a rate of failures says nothing.
    fn measure(&mut self, time: Duration) -> Result<Sample>;
}

/// Makes the requests of one connection, given its number.
type Maker<'a> = Box<dyn FnMut(usize) -> Box<dyn Requests> + Send + 'a>;

/// A subject that is asked over HTTP.
pub struct Http<'a> {
    name: String,
    load: Load,
    /// The server's process, whose processor time is read.
    pid: Option<u32>,
    requests: Maker<'a>,
}

impl<'a> Http<'a> {
    /// A server at `address`, whose process is `pid`, asked over so many connections;
    /// `requests` makes what each of them asks, anew in each round.
    pub fn new(
        name: impl Into<String>,
        (address, pid): (SocketAddr, Option<u32>),
        connections: usize,
        requests: impl FnMut(usize) -> Box<dyn Requests> + Send + 'a,
    ) -> Self {
        Self {
            name: name.into(),
            load: Load {
                address,
                connections,
                time: Duration::ZERO,
                rate: None,
            },
            pid,
            requests: Box::new(requests),
        }
    }

    /// Asks another server the same, and calls it so in the report.
    pub fn at(mut self, (address, pid): (SocketAddr, Option<u32>), name: &str) -> Self {
        (self.load.address, self.pid) = (address, pid);
        self.name = name.to_owned();
        self
    }

    /// Asks no more than so many times a second.
    pub fn at_rate(mut self, rate: f64) -> Self {
        self.load.rate = Some(rate);
        self
    }

    /// Runs the load; whatever is answered is counted, and nothing fails.
    ///
    /// # Errors
    /// When a connection can't be opened.
    pub fn run(&mut self, time: Duration) -> Result<(Outcome, Spent)> {
        let load = Load { time, ..self.load };
        let requests = (0..load.connections).map(&mut self.requests).collect();
        let spent = || [self.pid, Some(std::process::id())].map(|pid| machine::cpu_time(pid?).ok());
        let mut before = [None; 2];
        let outcome = load.run(requests, || before = spent())?;
        let [server, generator] = spent();
        let since = |after: Option<Duration>, before| Some(after?.saturating_sub(before?));
        Ok((
            outcome,
            Spent {
                server: since(server, before[0]),
                generator: since(generator, before[1]),
            },
        ))
    }
}

/// Processor time that a run took.
pub struct Spent {
    server: Option<Duration>,
    generator: Option<Duration>,
}

impl Subject for Http<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn measure(&mut self, time: Duration) -> Result<Sample> {
        let (outcome, spent) = self.run(time)?;
        sample(&self.name, &outcome, spent)
    }
}

fn sample(name: &str, outcome: &Outcome, spent: Spent) -> Result<Sample> {
    let failed = outcome.refused + outcome.lost;
    if failed > 0 || outcome.all() == 0 {
        let (all, lost) = (outcome.all(), outcome.lost);
        let first = outcome.first_refused.as_deref().unwrap_or("nothing");
        return Err(format!(
            "{name}: {failed} of {all} requests failed, {lost} of them without an answer; \
             the first answer that was not accepted: {first}"
        )
        .into());
    }
    let each = |time: Duration| time.as_secs_f64() * 1e6 / outcome.all() as f64;
    Ok(Sample {
        rate: outcome.rate(),
        latency: Some(Latency::of(&outcome.latencies())),
        cpu: spent.server.map(each),
        generator: spent.generator.map(each),
    })
}
