//! Settings as a flat list: `tokens.access_ttl` and its value, in the order of the types.

use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::Settings;

/// Each setting's dotted name and its value, in declared order.
pub(super) fn entries(settings: &impl Serialize) -> Vec<(String, Json)> {
    let text = serde_json::to_string(settings).expect("settings are plain data");
    let members = serde_json::from_str(&text).expect("what was just written is JSON");
    let mut out = Vec::new();
    flatten("", members, &mut out);
    out
}

/// The dotted name of every setting.
pub fn setting_names() -> Vec<String> {
    let all = entries(&Settings::default());
    all.into_iter().map(|(name, _)| name).collect()
}

impl Settings {
    /// The names of the settings in which these and `other` differ.
    pub fn differing(&self, other: &Self) -> Vec<String> {
        let pairs = entries(self).into_iter().zip(entries(other));
        pairs
            .filter(|(here, there)| here.1 != there.1)
            .map(|(here, _)| here.0)
            .collect()
    }
}

fn flatten(prefix: &str, Members(members): Members, out: &mut Vec<(String, Json)>) {
    for (name, node) in members {
        match node {
            Node::Section(inner) => flatten(&format!("{prefix}{name}."), inner, out),
            Node::Value(value) => out.push((format!("{prefix}{name}"), value)),
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Node {
    Section(Members),
    Value(Json),
}

/// The members of a JSON object in the order they are written, which `serde_json::Map` loses.
struct Members(Vec<(String, Node)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        from.deserialize_map(InOrder)
    }
}
