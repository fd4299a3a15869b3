//! One run of the benchmark: how long it may take, what it says while it runs, what it found.

use std::io::{IsTerminal, Write, stderr};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::report::Report;
use crate::rounds::{Raced, Rounds, race};
use crate::subject::{Result, Subject};

/// A run.
pub struct Bench {
    /// What it found so far.
    pub report: Report,
    /// Whether it is the quick one.
    pub quick: bool,
    began: Instant,
    terminal: bool,
}

impl Bench {
    /// Begins a run that writes into `folder`.
    ///
    /// # Errors
    /// When the folder can't be made.
    pub fn begin(folder: &Path, quick: bool) -> Result<Self> {
        Ok(Self {
            report: Report::new(folder, quick)?,
            quick,
            began: Instant::now(),
            terminal: stderr().is_terminal(),
        })
    }

    /// Rounds of which each takes about `time` a subject; the quick run has fewer and shorter ones.
    pub fn rounds(&self, time: Duration) -> Rounds {
        match self.quick {
            true => Rounds {
                count: 2,
                time: time.min(Duration::from_millis(400)),
            },
            false => Rounds { count: 5, time },
        }
    }

    /// How long the run has taken.
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// The progress line: on a terminal the same line again and again.
    pub fn say(&self, what: &str) {
        let seconds = self.elapsed().as_secs();
        let (before, after) = match self.terminal {
            true => ("\r\x1b[K", ""),
            false => ("", "\n"),
        };
        let mut out = stderr().lock();
        // Nobody reads it, then.
        let _ = write!(out, "{before}[{seconds:4} s] {what}{after}");
        let _ = out.flush();
    }

    /// Measures in turns, saying what is measured.
    ///
    /// # Errors
    /// When a measurement fails.
    pub fn race(
        &self,
        title: &str,
        time: Duration,
        limits: &mut [&mut dyn Subject],
        subjects: &mut [&mut dyn Subject],
    ) -> Result<Raced> {
        let rounds = self.rounds(time);
        self.say(title);
        race(rounds, limits, subjects, |round, name| {
            if self.terminal {
                self.say(&format!(
                    "{title}: round {round} of {}, {name}",
                    rounds.count
                ));
            }
        })
    }

    /// Runs a suite. One that fails is written down, and the others go on.
    pub fn suite(&mut self, name: &str, suite: impl FnOnce(&mut Self) -> Result<()>) {
        if let Err(error) = suite(self) {
            self.say(&format!("{name} failed: {error}"));
            self.report.failures.push(format!("{name}: {error}"));
        }
    }
}
