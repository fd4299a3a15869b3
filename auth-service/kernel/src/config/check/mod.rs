//! Whether settings make sense together. What only production asks for is in `production`.

mod guessing;
mod keys;
mod servers;
mod tokens;

use std::fmt;
use std::time::Duration;

use super::durations::text;
use super::issuer::Issuer;
use super::{Mode, Settings, housekeeping, production, tls};
pub use tokens::TOKEN_SHARE;

/// What is wrong with one setting, in a sentence that says what to set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The setting's dotted name.
    pub key: &'static str,
    /// What it must be, and why where that is not plain.
    pub advice: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.key, self.advice)
    }
}

/// Problems as they are found.
#[derive(Default)]
pub(super) struct Findings(Vec<Problem>);

impl Findings {
    fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// Notes a problem unless `holds`.
    pub(super) fn expect(&mut self, holds: bool, key: &'static str, advice: impl Into<String>) {
        if !holds {
            let advice = advice.into();
            self.push(Problem { key, advice });
        }
    }

    pub(super) fn at_least(
        &mut self,
        key: &'static str,
        span: Duration,
        least: Duration,
        why: &str,
    ) {
        let advice = format!(
            "is {}, but must be at least {}{why}",
            text(span),
            text(least)
        );
        self.expect(span >= least, key, advice);
    }

    pub(super) fn at_most(&mut self, key: &'static str, span: Duration, most: Duration, why: &str) {
        let advice = format!("is {}, but must be at most {}{why}", text(span), text(most));
        self.expect(span <= most, key, advice);
    }
}

const SECOND: Duration = Duration::from_secs(1);
pub(super) const MINUTE: Duration = Duration::from_secs(60);
pub(super) const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Settings {
    /// What is wrong with one setting, if anything is.
    pub fn problem_of(&self, key: &str) -> Option<Problem> {
        let problems = self.validate().err().unwrap_or_default();
        problems.into_iter().find(|problem| problem.key == key)
    }

    /// Every problem of these settings; those that only matter for real users count in production
    /// alone.
    pub fn validate(&self) -> Result<(), Vec<Problem>> {
        let mut found = Findings::default();
        if let Err(advice) = Issuer::parse(&self.issuer) {
            found.expect(false, "issuer", advice);
        }
        servers::connections(self, &mut found);
        tokens::tokens(self, &mut found);
        tokens::size(self, &mut found);
        tokens::step_up(self, &mut found);
        tokens::forward_auth(self, &mut found);
        tokens::refresh(self, &mut found);
        keys::check(self, &mut found);
        tokens::revocation(self, &mut found);
        guessing::passwords(self, &mut found);
        servers::telemetry(self, &mut found);
        guessing::limits(self, &mut found);
        housekeeping::check(self, &mut found);
        tls::check(self, &mut found);
        if self.mode == Mode::Production {
            production::check(self, &mut found);
        }
        if found.0.is_empty() {
            Ok(())
        } else {
            Err(found.0)
        }
    }
}
