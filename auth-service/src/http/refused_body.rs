//! What to say of a body that is not the JSON that was asked for: every field that is wrong, not the
//! first alone. It never repeats a value: that may be a password in the wrong place.

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

use super::problem::Problem;

/// The most fields that are told of.
const MOST: usize = 16;

/// What is wrong with a body that is no `T`.
pub fn refused<T: DeserializeOwned>(bytes: &[u8]) -> Problem {
    // What is ignored is not looked at for UTF-8.
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    if serde_json::from_str::<IgnoredAny>(text).is_err() {
        return Problem::malformed("the body is not JSON");
    }
    if !text.trim_ascii_start().starts_with('{') {
        return Fault::of("", "").problem();
    }
    let Some(first) = fault::<T, _>(&mut serde_json::Deserializer::from_str(text)) else {
        return Problem::internal("a body was refused, and is none to refuse");
    };
    // Not every JSON text has a value in memory: a number can be too large.
    match serde_json::from_str(text) {
        Ok(Value::Object(body)) => Problem::all(all::<T>(first, body)),
        _ => first.problem(),
    }
}

/// One field, and what is wrong with it.
struct Fault {
    field: String,
    code: &'static str,
    message: &'static str,
}

impl Fault {
    /// What serde's `error` at `path` means.
    fn of(path: &str, error: &str) -> Self {
        let named = error.split('`').nth(1).unwrap_or_default();
        let begins = |words: &str| error.starts_with(words);
        let (field, code, message) = match () {
            () if begins("unknown field") || begins("unknown variant") => {
                (named, "unknown", "this field is not known here")
            }
            () if begins("missing field") => (named, "required", "this field is required"),
            () if begins("duplicate field") => (named, "duplicate", "this field is there twice"),
            () => (path, "invalid_type", "this value is not of the right type"),
        };
        Self {
            field: field.to_owned(),
            code,
            message,
        }
    }

    /// The member of the body that holds it.
    fn member(&self) -> &str {
        self.field.split(['.', '[']).next().unwrap_or_default()
    }

    fn problem(self) -> Problem {
        Problem::field(&self.field, self.code, self.message)
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        fault.problem()
    }
}

/// The first fault that serde finds.
fn fault<'de, T: DeserializeOwned, D: serde::Deserializer<'de>>(body: D) -> Option<Fault>
where
    D::Error: std::fmt::Display,
{
    let parsed = serde_path_to_error::deserialize::<_, T>(body);
    let error = parsed.err()?;
    let path = error.path().to_string();
    Some(Fault::of(
        path.trim_start_matches('.'),
        &error.inner().to_string(),
    ))
}

/// What is put where something else is wanted, until one of them passes.
fn candidates() -> [Value; 6] {
    [
        json!(""),
        json!([]),
        json!({}),
        json!(false),
        json!(0),
        Value::Null,
    ]
}

/// Every fault: serde stops at each, so what is wrong is put right by something that passes, and
/// looked at again. It ends where nothing passes.
fn all<T: DeserializeOwned>(first: Fault, body: Map<String, Value>) -> Vec<Fault> {
    let mut body = Value::Object(body);
    let (mut found, mut next) = (Vec::<Fault>::new(), Some(first));
    // Where each member is in the list of candidates.
    let mut tried = BTreeMap::<String, usize>::new();
    while let Some(fault) = next {
        let member = fault.member().to_owned();
        // Of the whole body, now that something was taken out of it.
        if member.is_empty() && !found.is_empty() {
            break;
        }
        let Some(members) = body.as_object_mut() else {
            break;
        };
        match fault.code {
            "unknown" => drop(members.remove(&member)),
            // In memory there is only one of them.
            "duplicate" => {}
            _ => {
                let at = tried.entry(member.clone()).or_default();
                let Some(candidate) = candidates().into_iter().nth(*at) else {
                    break;
                };
                members.insert(member.clone(), candidate);
                *at += 1;
            }
        }
        let is_known = found.iter().any(|known| known.member() == member);
        if !is_known && found.len() == MOST {
            break;
        }
        // A variant that is not known stays, whatever is removed.
        if is_known && fault.code != "invalid_type" {
            break;
        }
        if !is_known {
            found.push(fault);
        }
        next = self::fault::<T, _>(&body);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::body::present;
    use serde::Deserialize;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only its fields' types matter")]
    struct Form {
        email: String,
        password: String,
        #[serde(default, deserialize_with = "present")]
        roles: Option<Vec<String>>,
        #[serde(default)]
        verified: bool,
        age: Option<u8>,
    }

    fn told(body: &str) -> String {
        let problem = serde_json::to_value(refused::<Form>(body.as_bytes())).unwrap();
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        let text = |error: &Value, name: &str| error[name].as_str().unwrap_or_default().to_owned();
        let one = |error: &Value| format!("{}:{}", text(error, "field"), text(error, "code"));
        errors.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn every_field_is_told_of() {
        for (body, expected) in [
            ("{}", "email:required password:required"),
            (r#"{"email":1}"#, "email:invalid_type password:required"),
            (
                r#"{"email":1,"x":2,"y":3}"#,
                "email:invalid_type x:unknown y:unknown password:required",
            ),
            (
                r#"{"email":"a","password":"b","roles":null,"verified":null,"age":"x"}"#,
                "age:invalid_type roles:invalid_type verified:invalid_type",
            ),
            (
                r#"{"email":"a","email":"a","roles":["x",5]}"#,
                "email:duplicate roles[1]:invalid_type password:required",
            ),
            (
                r#"{"email":1,"email":2,"verified":{},"age":-1}"#,
                "age:invalid_type email:invalid_type password:required verified:invalid_type",
            ),
            ("[]", ":invalid_type"),
            ("null", ":invalid_type"),
            ("{", ""),
        ] {
            let sorted = |text: &str| {
                let mut words: Vec<_> = text.split(' ').map(str::to_owned).collect();
                words.sort();
                words
            };
            assert_eq!(sorted(&told(body)), sorted(expected), "{body}");
        }
        let many: Map<String, Value> = (0..100).map(|n| (format!("x{n}"), json!(1))).collect();
        assert_eq!(
            told(&Value::Object(many).to_string()).split(' ').count(),
            MOST
        );
    }
}
