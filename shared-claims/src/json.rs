//! JSON without ambiguity: an object that names a member twice, at any depth, is refused
//! (RFC 7515 §4, RFC 7517 §4, RFC 7519 §4).

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Why bytes are not one unambiguous JSON object.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Malformed,
    DuplicateMember,
}

/// One JSON object, kept whole.
pub(crate) fn object(bytes: &[u8]) -> Result<Map<String, Value>, Fault> {
    match read(bytes)? {
        Unambiguous(Value::Object(members)) => Ok(members),
        Unambiguous(_) => Err(Fault::Malformed),
    }
}

/// The members of one JSON object, of which only strings keep their value.
pub(crate) fn members(bytes: &[u8]) -> Result<Members<'_>, Fault> {
    match read(bytes)? {
        Distinct::Object(members) => Ok(Members(members)),
        Distinct::Text(_) | Distinct::Other => Err(Fault::Malformed),
    }
}

/// For a `T` that takes every type, so that its one complaint is a repeated member.
fn read<'j, T: Deserialize<'j>>(bytes: &'j [u8]) -> Result<T, Fault> {
    // Looked at as a whole once, which takes less time than each string by itself.
    let text = str::from_utf8(bytes).map_err(|_| Fault::Malformed)?;
    serde_json::from_str(text).map_err(|error| match error.is_data() {
        true => Fault::DuplicateMember,
        false => Fault::Malformed,
    })
}

/// Members sorted by their distinct names.
#[derive(Debug)]
pub(crate) struct Members<'j>(Vec<(Cow<'j, str>, Distinct<'j>)>);

impl<'j> Members<'j> {
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The first of `names` that a member bears, of the members in their order.
    pub(crate) fn any_of(&self, names: &[&'static str]) -> Option<&'static str> {
        let known = |own: &str| names.iter().copied().find(|name| *name == own);
        self.0.iter().find_map(|(own, _)| known(own))
    }

    /// A member's value, if it is a string.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Distinct::Text(text)) => Some(text),
            _ => None,
        }
    }

    fn get(&self, name: &str) -> Option<&Distinct<'j>> {
        let at = self.0.binary_search_by(|(own, _)| (**own).cmp(name)).ok()?;
        Some(&self.0[at].1)
    }
}

/// Any JSON value without repeated members.
#[derive(Debug)]
enum Distinct<'j> {
    Object(Vec<(Cow<'j, str>, Distinct<'j>)>),
    Text(Cow<'j, str>),
    Other,
}

impl<'de> Deserialize<'de> for Distinct<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DistinctVisitor)
    }
}

struct DistinctVisitor;

impl<'de> Visitor<'de> for DistinctVisitor {
    type Value = Distinct<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON whose objects have distinct members")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Distinct::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Distinct::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Distinct::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Distinct::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Distinct::Other)
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Distinct::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Distinct::Text(Cow::Borrowed(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<Distinct<'_>>()?.is_some() {}
        Ok(Distinct::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::with_capacity(16);
        while let Some((Name(name), value)) = entries.next_entry()? {
            members.push((name, value));
        }
        members.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        if members.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(A::Error::custom("duplicate member"));
        }
        Ok(Distinct::Object(members))
    }
}

/// A member's name, borrowed unless it is escaped.
#[derive(serde::Deserialize)]
pub(crate) struct Name<'n>(#[serde(borrow)] pub(crate) Cow<'n, str>);

/// Any JSON value, kept whole, without repeated members.
pub(crate) struct Unambiguous(pub(crate) Value);

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UnambiguousVisitor).map(Self)
    }
}

struct UnambiguousVisitor;

impl<'de> Visitor<'de> for UnambiguousVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON whose objects have distinct members")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Unambiguous(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, Unambiguous(value))) = entries.next_entry::<String, _>()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("duplicate member"));
            }
        }
        Ok(members.into())
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, members};

    // R3
    #[test]
    fn a_member_named_twice_is_refused_at_any_depth_and_however_it_is_escaped() {
        for (text, expected) in [
            (r#"{"a":1,"b":[{"c":null}]}"#, None),
            (r#"{"a":1,"a":1}"#, Some(Fault::DuplicateMember)),
            (r#"{"a":1,"\u0061":1}"#, Some(Fault::DuplicateMember)),
            (r#"{"a":[{"b":1,"b":2}]}"#, Some(Fault::DuplicateMember)),
            (r#"["a"]"#, Some(Fault::Malformed)),
            (r#"{"a":1} "#, None),
            (r#"{"a":1}{"#, Some(Fault::Malformed)),
            (r#"{"a":1e999}"#, Some(Fault::Malformed)),
            ("", Some(Fault::Malformed)),
        ] {
            assert_eq!(members(text.as_bytes()).err(), expected, "{text}");
        }
        let deep = format!("{}{}", r#"{"a":"#.repeat(1000), "}".repeat(1000));
        assert_eq!(members(deep.as_bytes()).err(), Some(Fault::Malformed));
    }
}
