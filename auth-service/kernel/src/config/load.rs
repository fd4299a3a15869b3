//! Settings from their layers: built-in defaults, then a file, then the environment.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ::config::{Config, File, FileFormat, Value, ValueKind};
use serde::Deserialize;
use serde_json::Value as Json;

use super::entries::entries;
use super::{ConfigError, Mode, Settings, environment, secrets};

/// Every setting and its default.
pub(super) type Known = BTreeMap<String, Json>;

impl Settings {
    /// Built-in defaults, overruled by `file`, overruled by the variables in `env`.
    ///
    /// An unknown or ill-typed setting is refused by its name and its source. Whether the settings
    /// make sense together is for [`Settings::validate`] to say.
    pub fn load(
        file: Option<&Path>,
        env: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut settings = Self::default();
        let known: Known = entries(&settings).into_iter().collect();
        let text = file.map_or(Ok(String::new()), read)?;
        let name = file.map_or(String::new(), |path| format!("`{}`", path.display()));
        let env: Vec<_> = env.collect();
        let variables = environment::layer(env.iter().cloned(), &known)?;
        let merged = merge(&text, variables).map_err(|why| syntax(&name, &text, &why))?;

        let mut given = BTreeMap::new();
        leaves("", &merged, &mut given);
        let mut tree = serde_json::to_value(&settings).expect("settings are plain data");
        let has_issuer = given.contains_key("issuer");
        for (key, value) in given {
            let place = value.origin().unwrap_or(&name).to_owned();
            let default = known
                .get(&key)
                .ok_or_else(|| unknown(&key, &place, &known))?;
            let value: Json = value.try_deserialize().unwrap_or_default();
            let slot = tree.pointer_mut(&format!("/{}", key.replace('.', "/")));
            *slot.expect("a known setting has its place") = value.clone();
            // One value at a time, so that what serde says can be put down to its setting.
            settings = Self::deserialize(&tree).map_err(|why| ConfigError::Invalid {
                why: expectation(&key, default, &value, &why),
                key,
                place,
            })?;
        }
        let data_dir = settings.data_dir.display().to_string();
        // A line feed at the end comes with a secret that was read from a file.
        let url = settings.database.url.trim();
        settings.database.url = url.replace("{data_dir}", &data_dir);
        if let Some(url) = &mut settings.redis.url {
            *url = url.trim().to_owned();
        }
        if !has_issuer {
            settings.issuer = settings.own_issuer();
        }
        environment::refuse_misspelt(&env, &entries(&settings))?;
        Ok(settings)
    }

    /// The issuer where none is given: in dev mode the address that a browser on this machine
    /// reaches. Production asks for one.
    fn own_issuer(&self) -> String {
        let scheme = match self.tls.certificate {
            Some(_) => "https",
            None => "http",
        };
        match (self.mode, self.listen.port()) {
            (Mode::Production, _) | (Mode::Dev, 0) => self.issuer.clone(),
            (Mode::Dev, port) => format!("{scheme}://localhost:{port}"),
        }
    }
}

fn read(path: &Path) -> Result<String, ConfigError> {
    fs::read_to_string(path).map_err(|why| ConfigError::Unreadable {
        file: path.to_owned(),
        why,
    })
}

fn merge(file: &str, variables: BTreeMap<String, Value>) -> Result<Value, ::config::ConfigError> {
    let mut layers = Config::builder().add_source(File::from_str(file, FileFormat::Toml));
    for (key, value) in variables {
        layers = layers.set_override(key, value)?;
    }
    Ok(layers.build()?.cache)
}

/// The values that were given, by dotted name.
fn leaves(key: &str, value: &Value, out: &mut BTreeMap<String, Value>) {
    let ValueKind::Table(table) = &value.kind else {
        out.insert(key.to_owned(), value.clone());
        return;
    };
    for (name, inner) in table {
        let dot = if key.is_empty() { "" } else { "." };
        leaves(&format!("{key}{dot}{name}"), inner, out);
    }
}

/// The parser's own rendering quotes the line, which may hold a secret.
fn syntax(file: &str, text: &str, error: &::config::ConfigError) -> ConfigError {
    let cause = match error {
        ::config::ConfigError::FileParse { cause, .. } => cause.downcast_ref(),
        _ => None,
    };
    let cause: Option<&toml::de::Error> = cause;
    let start = cause
        .and_then(toml::de::Error::span)
        .map_or(0, |span| span.start);
    ConfigError::Syntax {
        file: file.trim_matches('`').to_owned(),
        line: 1 + text
            .bytes()
            .take(start)
            .filter(|byte| *byte == b'\n')
            .count(),
        why: cause
            .map_or("a value cannot be read", |toml| toml.message())
            .to_owned(),
    }
}

/// The refusal of a setting that does not exist, with the nearest that does.
pub(super) fn unknown(key: &str, place: &str, known: &Known) -> ConfigError {
    // The whole name and its last part count alike, so that a forgotten section is found too.
    let last = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
    let likeness = |other: &str| {
        strsim::normalized_damerau_levenshtein(key, other)
            + strsim::normalized_damerau_levenshtein(&last(key), &last(other))
    };
    let nearest = known
        .keys()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    let section = known
        .keys()
        .find(|other| other.starts_with(&format!("{key}.")));
    let hint = match (section, nearest) {
        (Some(inner), _) => format!("it is a section, with settings such as `{inner}`"),
        (None, Some(nearest)) => format!("did you mean `{nearest}`?"),
        (None, None) => "there are no settings".to_owned(),
    };
    ConfigError::Unknown {
        key: key.to_owned(),
        place: place.to_owned(),
        hint,
    }
}

fn expectation(key: &str, default: &Json, value: &Json, why: &serde_json::Error) -> String {
    let plain = kind(default) != kind(value) || default.is_number() || secrets::is_secret(key);
    let expected = if plain {
        format!("expected {}", kind(default))
    } else {
        why.to_string()
    };
    match default {
        Json::Null => expected,
        default => format!("{expected} (the default is {default})"),
    }
}

fn kind(value: &Json) -> &'static str {
    match value {
        Json::Number(_) => "a whole number from 0 up",
        Json::Bool(_) => "`true` or `false`",
        Json::Array(_) => "a list of texts",
        Json::Object(_) => "a section",
        Json::String(_) | Json::Null => "text",
    }
}
