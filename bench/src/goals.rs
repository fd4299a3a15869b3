//! The goals, as issue 5 sets them. A row of the report's first table is a [`Goal`].

use std::fmt;

use crate::statistics::Summary;

/// One row: a path, and the figures that tell whether it is reached.
pub struct Goal {
    /// What is measured.
    pub path: &'static str,
    /// Its figures.
    pub figures: &'static [Figure],
}

/// One figure of a goal.
pub struct Figure {
    /// The name under which a suite reports it.
    pub key: &'static str,
    /// What tells it apart within its row.
    pub label: &'static str,
    /// What it must reach.
    pub bound: Bound,
    /// What it is counted in; nothing for ratios.
    pub unit: &'static str,
}

/// What a figure's median must reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
}

impl Bound {
    /// Whether a measurement reaches it.
    pub fn holds(self, measured: &Summary) -> bool {
        match self {
            Self::AtLeast(least) => measured.median >= least,
            Self::AtMost(most) => measured.median <= most,
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(least) => write!(f, "≥ {least}"),
            Self::AtMost(most) => write!(f, "≤ {most}"),
        }
    }
}

use Bound::{AtLeast, AtMost};

const fn ratio(key: &'static str, label: &'static str, bound: Bound) -> Figure {
    Figure {
        key,
        label,
        bound,
        unit: "",
    }
}

const fn amount(
    key: &'static str,
    label: &'static str,
    bound: Bound,
    unit: &'static str,
) -> Figure {
    Figure {
        key,
        label,
        bound,
        unit,
    }
}

/// Every goal, in the order of the issue.
pub const GOALS: &[Goal] = &[
    Goal {
        path: "refresh ÷ pgbench's one-row statement",
        figures: &[
            ratio("refresh.on.8", "fsync, 8 connections", AtLeast(0.75)),
            ratio("refresh.on.32", "fsync, 32", AtLeast(0.75)),
            ratio("refresh.off.8", "synchronous_commit=off, 8", AtLeast(0.55)),
            ratio("refresh.off.32", "off, 32", AtLeast(0.55)),
        ],
    },
    Goal {
        path: "refresh ÷ pgbench's bare five-statement transaction, off",
        figures: &[
            ratio("refresh.five.8", "8 connections", AtLeast(2.0)),
            ratio("refresh.five.32", "32", AtLeast(2.0)),
        ],
    },
    Goal {
        path: "server CPU a refresh with ES256",
        figures: &[amount("refresh.cpu", "", AtMost(120.0), "µs")],
    },
    Goal {
        path: "refresh p99 while logins saturate hashing ÷ its quiet p99",
        figures: &[
            ratio("busy.full", "8 connections at full speed", AtMost(2.0)),
            ratio("busy.paced", "200 a second", AtMost(2.0)),
        ],
    },
    Goal {
        path: "login ÷ raw argon2id on as many threads, memory reused; overload",
        figures: &[
            ratio("login.argon", "login", AtLeast(0.9)),
            // The deadline is 2 s; a tenth more for the way there and back.
            amount("overload.slowest", "slowest 503", AtMost(2.1), "s"),
            amount("overload.lost", "lost", AtMost(0.0), ""),
        ],
    },
    Goal {
        path: "encode ÷ raw signature (time)",
        figures: &[
            ratio("encode.ES256", "ES256", AtMost(1.1)),
            ratio("encode.RS256", "RS256", AtMost(1.1)),
            ratio("encode.EdDSA", "EdDSA", AtMost(1.1)),
        ],
    },
    Goal {
        path: "verify ÷ raw verification (time)",
        figures: &[
            ratio("verify.ES256", "ES256", AtMost(1.1)),
            ratio("verify.RS256", "RS256", AtMost(1.25)),
            ratio("verify.EdDSA", "EdDSA", AtMost(1.1)),
        ],
    },
    Goal {
        path: "`/v1/verify` warm ÷ empty handler · JWKS ÷ static route",
        figures: &[
            ratio("web.verify", "verify", AtLeast(0.8)),
            ratio("web.jwks", "JWKS", AtLeast(0.95)),
        ],
    },
    Goal {
        path: "SQLite refresh ÷ its single-commit rate",
        figures: &[
            ratio("sqlite.1", "1 connection", AtLeast(0.6)),
            ratio("sqlite.32", "32", AtLeast(2.0)),
        ],
    },
    Goal {
        path: "10 million families ÷ 10 thousand, refresh p50",
        figures: &[ratio("growth.refresh", "", AtMost(1.2))],
    },
    Goal {
        path: "cold start to the first 200, migrated database",
        figures: &[
            amount("start.sqlite", "SQLite", AtMost(50.0), "ms"),
            amount("start.postgres", "Postgres", AtMost(150.0), "ms"),
        ],
    },
    Goal {
        path: "resident memory",
        figures: &[
            amount("memory.idle", "idle", AtMost(20.0), "MiB"),
            amount(
                "memory.load",
                "after load, beyond idle and 19 MiB a hashing thread",
                AtMost(20.0),
                "MiB",
            ),
        ],
    },
    Goal {
        path: "release binary, stripped",
        figures: &[amount("binary", "", AtMost(20.0), "MiB")],
    },
    Goal {
        path: "each peer, same work, same run",
        figures: &[
            ratio(
                "peers.refresh.better-auth",
                "refresh ÷ better-auth on PostgreSQL",
                AtLeast(8.0),
            ),
            ratio(
                "peers.refresh.oidc-provider",
                "refresh ÷ oidc-provider in memory",
                AtLeast(4.0),
            ),
            ratio(
                "peers.login.better-auth",
                "login ÷ better-auth",
                AtLeast(1.05),
            ),
            ratio(
                "peers.memory.better-auth",
                "memory ÷ better-auth",
                AtMost(0.333),
            ),
            ratio(
                "peers.memory.oidc-provider",
                "memory ÷ oidc-provider",
                AtMost(0.333),
            ),
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_figure_has_a_key_of_its_own() {
        let keys: Vec<_> = GOALS
            .iter()
            .flat_map(|goal| goal.figures.iter().map(|figure| figure.key))
            .collect();
        assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), keys.len());
    }

    #[test]
    fn a_bound_is_reached_by_the_median() {
        let measured = Summary {
            median: 0.8,
            low: 0.1,
            high: 0.9,
        };
        assert!(AtLeast(0.8).holds(&measured) && !AtLeast(0.81).holds(&measured));
        assert!(AtMost(0.8).holds(&measured) && !AtMost(0.79).holds(&measured));
        assert_eq!(AtLeast(2.0).to_string(), "≥ 2");
    }
}
