//! JSON without ambiguity: an object that names a member twice, at any depth, is refused
//! (RFC 7515 §4, RFC 7517 §4, RFC 7519 §4).

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value, map::Entry};

/// Why bytes are not one unambiguous JSON object.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Malformed,
    DuplicateMember,
}

/// Reads one JSON object in a single pass.
pub(crate) fn object(bytes: &[u8]) -> Result<Map<String, Value>, Fault> {
    match serde_json::from_slice(bytes) {
        Ok(Strict(Value::Object(members))) => Ok(members),
        // The visitor takes every type, so its one complaint is a repeated member.
        Err(error) if error.is_data() => Err(Fault::DuplicateMember),
        Ok(_) | Err(_) => Err(Fault::Malformed),
    }
}

struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Strict)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON whose objects have distinct members")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let Strict(value) = members.next_value()?;
            match object.entry(name) {
                Entry::Vacant(free) => free.insert(value),
                Entry::Occupied(_) => return Err(A::Error::custom("duplicate member")),
            };
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, object};

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
            assert_eq!(object(text.as_bytes()).err(), expected, "{text}");
        }
        let deep = format!("{}{}", r#"{"a":"#.repeat(1000), "}".repeat(1000));
        assert_eq!(object(deep.as_bytes()).err(), Some(Fault::Malformed));
    }
}
