//! Durations as people write them: `30s`, `10m`, `14d`, `1h30m`.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serializer, de::Error};

/// Units and their nanoseconds. Months and years are left out: they have no one length.
const UNITS: [(&str, u128); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// The shortest way to write `span` that reads back as the same.
pub(super) fn text(span: Duration) -> String {
    let mut rest = span.as_nanos();
    let mut out = String::new();
    for (unit, nanos) in UNITS {
        if rest >= nanos {
            out += &format!("{}{unit}", rest / nanos);
            rest %= nanos;
        }
    }
    if out.is_empty() { "0s".into() } else { out }
}

/// `humantime` does the reading; what it calls a month or a year is refused.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let calendar = text
        .split(|c: char| !c.is_alphabetic())
        .any(|unit| unit == "M" || unit.starts_with("mon") || unit.starts_with('y'));
    let span = humantime::parse_duration(text).ok()?;
    (!calendar).then_some(span)
}

pub(super) fn serialize<S: Serializer>(span: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&text(*span))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let written = String::deserialize(from)?;
    parse(&written).ok_or_else(|| {
        D::Error::custom(format!(
            "`{written}` is not a duration such as 30s, 10m or 14d"
        ))
    })
}
