//! Taking turns: limit, subject, limit, subject, limit.

use std::time::Duration;

use serde::Serialize;

use crate::statistics::{Summary, ratios};
use crate::subject::{Result, Sample, Subject};

/// How many rounds of which length.
#[derive(Clone, Copy)]
pub struct Rounds {
    /// How many.
    pub count: usize,
    /// How long each subject is measured in each.
    pub time: Duration,
}

/// What one subject was measured at, a sample a round; a limit has one more.
#[derive(Serialize)]
pub struct Series {
    /// What it is.
    pub name: String,
    /// The rounds.
    pub samples: Vec<Sample>,
}

/// Limits, and what was measured between them.
#[derive(Serialize)]
pub struct Raced {
    /// What bounds the subjects.
    pub limits: Vec<Series>,
    /// What is measured.
    pub subjects: Vec<Series>,
}

/// Measures everything in turn, limits first and last. `progress` hears of each step.
///
/// # Errors
/// When a measurement fails.
pub fn race(
    rounds: Rounds,
    limits: &mut [&mut dyn Subject],
    subjects: &mut [&mut dyn Subject],
    mut progress: impl FnMut(usize, &str),
) -> Result<Raced> {
    let mut raced = Raced {
        limits: limits.iter().map(|one| Series::of(&**one)).collect(),
        subjects: subjects.iter().map(|one| Series::of(&**one)).collect(),
    };
    let mut all = |round, subjects: &mut [&mut dyn Subject], series: &mut [Series]| -> Result<()> {
        for (subject, series) in subjects.iter_mut().zip(series) {
            progress(round, subject.name());
            series.samples.push(subject.measure(rounds.time)?);
        }
        Ok(())
    };
    all(0, limits, &mut raced.limits)?;
    for round in 1..=rounds.count {
        all(round, subjects, &mut raced.subjects)?;
        all(round, limits, &mut raced.limits)?;
    }
    Ok(raced)
}

impl Series {
    fn of(subject: &dyn Subject) -> Self {
        Self {
            name: subject.name().to_owned(),
            samples: Vec::new(),
        }
    }

    /// Over the rounds, what `of` reads from each; nothing where no round has it.
    pub fn summary(&self, of: impl Fn(&Sample) -> Option<f64>) -> Option<Summary> {
        Summary::of(self.samples.iter().filter_map(of))
    }

    /// How often a second.
    pub fn rate(&self) -> Summary {
        self.summary(|sample| Some(sample.rate))
            .unwrap_or(Summary::once(0.0))
    }
}

impl Raced {
    /// How fast a subject was beside a limit, round by round; each by its number.
    pub fn ratio(&self, subject: usize, limit: usize) -> Option<Summary> {
        self.ratio_of(subject, limit, |sample| Some(sample.rate))
    }

    /// As [`ratio`](Self::ratio), of something else that a sample tells.
    pub fn ratio_of(
        &self,
        subject: usize,
        limit: usize,
        of: impl Fn(&Sample) -> Option<f64>,
    ) -> Option<Summary> {
        let all = |series: &Series| series.samples.iter().map(&of).collect::<Option<Vec<_>>>();
        let (subject, limit) = (self.subjects.get(subject)?, self.limits.get(limit)?);
        Summary::of(ratios(&all(subject)?, &all(limit)?))
    }

    /// Everything, limits first.
    pub fn series(&self) -> impl Iterator<Item = &Series> {
        self.limits.iter().chain(&self.subjects)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts down, to tell the order.
    struct Counts<'a>(&'a std::cell::Cell<u32>, &'static str);

    impl Subject for Counts<'_> {
        fn name(&self) -> &str {
            self.1
        }
        fn measure(&mut self, _: Duration) -> Result<Sample> {
            self.0.set(self.0.get() + 1);
            Ok(Sample::of_rate(f64::from(self.0.get())))
        }
    }

    #[test]
    fn limits_come_before_and_after_each_subject() {
        let count = std::cell::Cell::new(0);
        let (mut limit, mut subject) = (Counts(&count, "limit"), Counts(&count, "subject"));
        let rounds = Rounds {
            count: 2,
            time: Duration::ZERO,
        };
        let raced = race(rounds, &mut [&mut limit], &mut [&mut subject], |_, _| {}).unwrap();
        let rates = |series: &Series| -> Vec<f64> {
            series.samples.iter().map(|sample| sample.rate).collect()
        };
        assert_eq!(rates(&raced.limits[0]), [1.0, 3.0, 5.0]);
        assert_eq!(rates(&raced.subjects[0]), [2.0, 4.0]);
        assert_eq!(raced.ratio(0, 0), Some(Summary::once(1.0)));
        assert_eq!(raced.ratio(1, 0), None);
    }
}
