//! The environment as a layer of settings: `AUTH__TOKENS__ACCESS_TTL` is `tokens.access_ttl`.

use std::collections::BTreeMap;

use ::config::{Value, ValueKind};
use serde_json::Value as Json;

use super::ConfigError;
use super::load::{Known, unknown};

/// Variables that everybody knows. `AUTH__…` is stronger, as it can only mean this service.
const ALIASES: [(&str, &str); 3] = [
    ("DATABASE_URL", "database.url"),
    ("REDIS_URL", "redis.url"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "telemetry.otlp_endpoint"),
];

/// The environment of this process. Bytes that are not Unicode become `U+FFFD`, so that a broken
/// variable is refused where it matters and harms nothing elsewhere.
pub fn environment() -> Vec<(String, String)> {
    std::env::vars_os()
        .map(|(name, text)| {
            let lossy = |part: std::ffi::OsString| part.to_string_lossy().into_owned();
            (lossy(name), lossy(text))
        })
        .collect()
}

/// The settings among the variables. An empty variable counts as not set, but for lists: there it
/// is the empty list.
pub(super) fn layer(
    env: impl Iterator<Item = (String, String)>,
    known: &Known,
) -> Result<BTreeMap<String, Value>, ConfigError> {
    let mut layer = BTreeMap::new();
    for (name, text) in env {
        let alias = ALIASES.iter().find(|(alias, _)| *alias == name);
        let key = match (alias, name.strip_prefix("AUTH__")) {
            (Some((_, key)), _) => (*key).to_owned(),
            (None, Some(rest)) => rest.to_lowercase().replace("__", "."),
            (None, None) => continue,
        };
        let place = format!("the environment ({name})");
        let Some(default) = known.get(&key) else {
            return Err(unknown(&key, &place, known));
        };
        if text.is_empty() && !default.is_array() {
            continue;
        }
        let value = Value::new(Some(&place), typed(&text, default));
        if alias.is_some() {
            layer.entry(key).or_insert(value);
        } else {
            layer.insert(key, value);
        }
    }
    Ok(layer)
}

/// Refuses variables that were meant as settings and would be ignored: with one underscore where
/// there must be two, or in small letters. One that says what counts anyway may be another program's.
pub(super) fn refuse_misspelt(
    env: &[(String, String)],
    settings: &[(String, Json)],
) -> Result<(), ConfigError> {
    for (name, text) in env {
        let upper = name.to_uppercase();
        let Some(rest) = upper.strip_prefix("AUTH_") else {
            continue;
        };
        if text.is_empty() || name.starts_with("AUTH__") {
            continue;
        }
        let meant = rest.trim_start_matches('_').replace("__", "_");
        let same = |key: &str| key.replace('.', "_").to_uppercase() == meant;
        let Some((key, value)) = settings.iter().find(|(key, _)| same(key)) else {
            continue;
        };
        let counts = match value {
            Json::String(value) => value.clone(),
            other => other.to_string(),
        };
        if counts != *text {
            let right = key.replace('.', "__").to_uppercase();
            return Err(ConfigError::Unknown {
                key: name.clone(),
                place: "the environment".into(),
                hint: format!("did you mean `AUTH__{right}`?"),
            });
        }
    }
    Ok(())
}

/// Text as the type that the setting has; where it does not parse it stays text, to be refused.
fn typed(text: &str, default: &Json) -> ValueKind {
    let plain = || ValueKind::String(text.to_owned());
    match default {
        Json::Number(number) if number.is_f64() => text
            .trim()
            .parse()
            .map_or_else(|_| plain(), ValueKind::Float),
        Json::Number(_) => text.trim().parse().map_or_else(|_| plain(), ValueKind::U64),
        Json::Bool(_) => (text.trim().parse()).map_or_else(|_| plain(), ValueKind::Boolean),
        Json::Array(_) => {
            let items = text
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty());
            items.map(str::to_owned).collect::<Vec<_>>().into()
        }
        _ => plain(),
    }
}
