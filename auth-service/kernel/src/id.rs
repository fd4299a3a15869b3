//! The identifier of a row: an account, a session, an audit event.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, schema::Type};
use uuid::Uuid;

use crate::clock::Instant;

/// A UUID (RFC 9562). Those of rows are version 7: they sort by the time they were made.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Id(Uuid);

impl Id {
    /// Before every other identifier: where a listing begins.
    pub const FIRST: Self = Self(Uuid::nil());
    /// After every other identifier: where a listing from the newest begins.
    pub const LAST: Self = Self(Uuid::max());

    /// Before every version 7 identifier that is made at `at` or later, and after those that were
    /// made a millisecond earlier: where a walk by time begins or ends.
    pub fn first_at(at: Instant) -> Self {
        let millis = u128::from(at.as_micros().max(0).unsigned_abs() / 1000);
        Self(Uuid::from_u128(millis << 80))
    }

    /// The 16 bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// Its text, written where the caller has room for it.
    pub fn write(self, room: &mut [u8; 36]) -> &str {
        self.0.hyphenated().encode_lower(room)
    }

    /// From 16 bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }
}

impl From<Uuid> for Id {
    fn from(uuid: Uuid) -> Self {
        Self(uuid)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Id {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl utoipa::PartialSchema for Id {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)))
            .into()
    }
}

impl utoipa::ToSchema for Id {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Entropy;
    use std::time::Duration;

    #[test]
    fn a_walk_by_time_begins_and_ends_between_what_was_made_before_and_after() {
        let entropy = Entropy::seeded(1);
        let at = Instant::from_micros(1_767_225_600_123_000);
        let [before, same, later] = [
            entropy.id(at.minus(Duration::from_millis(1))),
            entropy.id(at),
            entropy.id(at.plus(Duration::from_micros(999))),
        ];
        let first = Id::first_at(at);
        assert!(before < first && first < same && same < later);
        assert_eq!(first, Id::first_at(at.plus(Duration::from_micros(999))));
        assert_eq!(Id::first_at(Instant::from_micros(-1)), Id::FIRST);
    }
}
