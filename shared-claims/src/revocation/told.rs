//! An entry as a feed tells it. A later version may tell of kinds that this one does not know.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::{Entry, Kind};

/// What a feed tells of in one entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Told {
    /// A revocation.
    Entry(Entry),
    /// Something of a kind that this version does not know.
    Unknown(Unknown),
}

/// An entry of a kind that this version does not know: it is passed over, unless it is critical.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unknown {
    /// The kind.
    pub kind: String,
    /// Whether who does not know the kind must not trust the feed while the entry lives.
    pub critical: bool,
    /// When it ceases to matter, in seconds since the Unix epoch, if it says so.
    pub expires_at: Option<i64>,
}

impl<'de> Deserialize<'de> for Told {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Wire::deserialize(deserializer)?.told()
    }
}

/// What of an entry matters here. What an unknown kind makes of a member is its own affair.
#[derive(Deserialize)]
struct Wire<'w> {
    #[serde(borrow)]
    kind: Scalar<'w>,
    #[serde(borrow, default)]
    value: Scalar<'w>,
    #[serde(borrow, default)]
    ver: Scalar<'w>,
    #[serde(borrow, default)]
    expires_at: Scalar<'w>,
    critical: Option<bool>,
}

impl Wire<'_> {
    fn told<E: Error>(self) -> Result<Told, E> {
        let Scalar::Text(kind) = self.kind else {
            return Err(E::custom("`kind` is no text"));
        };
        let expires_at = match self.expires_at {
            Scalar::Integer(at) => Some(at),
            _ => None,
        };
        let Some(kind) = Kind::named(&kind) else {
            return Ok(Told::Unknown(Unknown {
                kind: kind.into_owned(),
                critical: self.critical.unwrap_or_default(),
                expires_at,
            }));
        };
        let Scalar::Text(value) = self.value else {
            return Err(E::custom("`value` is no text"));
        };
        let ver = match self.ver {
            Scalar::Absent => None,
            Scalar::Integer(ver) => Some(ver),
            _ => return Err(E::custom("`ver` is no whole number")),
        };
        Ok(Told::Entry(Entry {
            kind,
            value: value.into_owned(),
            ver,
            expires_at: expires_at.ok_or_else(|| E::custom("`expires_at` is no whole number"))?,
        }))
    }
}

/// The value of a member, if it is of a type that we have a use for.
#[derive(Debug, Default)]
enum Scalar<'w> {
    /// Not there, or null.
    #[default]
    Absent,
    Text(Cow<'w, str>),
    Integer(i64),
    Other,
}

impl<'de: 'w, 'w> Deserialize<'de> for Scalar<'w> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Scalar::Absent)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Scalar::Integer(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(number).map_or(Scalar::Other, Scalar::Integer))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Scalar::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Scalar::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Self::Value, A::Error> {
        IgnoredAny.visit_seq(items).map(|_| Scalar::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Self::Value, A::Error> {
        IgnoredAny.visit_map(entries).map(|_| Scalar::Other)
    }
}
