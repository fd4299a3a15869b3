//! Settings as TOML: the commented reference made from the types, and what is in effect.

use serde_json::Value as Json;
use utoipa::PartialSchema;

use super::Settings;
use super::entries::entries;
use super::secrets::{is_secret, redact};

const HEADER: &str = "\
# Every setting of auth-service, with its default. Made from the types by `make config`; a test
# fails when it is out of date.
#
# A file of yours needs only what differs. The environment overrules files: `tokens.access_ttl` is
# AUTH__TOKENS__ACCESS_TTL, and lists are comma-separated.
";

/// The reference as `make config` wrote it: what makes it is in no binary. A test holds that both
/// say the same.
pub const DEFAULT_TOML: &str = include_str!("../../../../config/default.toml");

const WIDTH: usize = 96;

/// `config/default.toml`, made anew: each setting with its doc comment and its default.
pub fn default_toml() -> String {
    let schema = serde_json::to_value(Settings::schema()).expect("a schema is plain data");
    let title = |table: &str| comment(&description(&schema, table));
    let line = |key: &str, name: &str, value: &Json| {
        let node = property(&schema, key);
        let value = match (value, node.get("example")) {
            (Json::Null, example) => format!("# {name} = {}", example.unwrap_or(&Json::from(""))),
            (value, _) => format!("{name} = {value}"),
        };
        format!("\n{}{value}\n", comment(&description(&schema, key)))
    };
    HEADER.to_owned() + &render(&Settings::default(), title, line)
}

/// The settings in effect, for people to read: no passwords and no keys.
pub fn effective_toml(settings: &Settings) -> String {
    let line = |key: &str, name: &str, value: &Json| match value {
        Json::Null => format!("# {name} is not set\n"),
        Json::Array(keys) if is_secret(key) => format!("# {name}: {} not shown\n", keys.len()),
        Json::String(url) if is_secret(key) => format!("{name} = {}\n", Json::from(redact(url))),
        value => format!("{name} = {value}\n"),
    };
    render(settings, |_| String::new(), line)
}

/// Tables in declared order. JSON's texts, numbers, booleans and lists of these are TOML's too.
fn render(
    settings: &Settings,
    title: impl Fn(&str) -> String,
    line: impl Fn(&str, &str, &Json) -> String,
) -> String {
    let mut out = String::new();
    let mut current = String::new();
    for (key, value) in entries(settings) {
        let (table, name) = key.rsplit_once('.').unwrap_or(("", &key));
        if table != current {
            out += &format!("\n{}[{table}]\n", title(table));
            current = table.to_owned();
        }
        out += &line(&key, name, &value);
    }
    out
}

/// The schema of the setting or section named `key`.
fn property<'a>(schema: &'a Json, key: &str) -> &'a Json {
    key.split('.')
        .fold(schema, |node, name| &member(node, "properties")[name])
}

/// The doc comment of the field named `key`.
fn description(schema: &Json, key: &str) -> String {
    let text = member(property(schema, key), "description");
    text.as_str().unwrap_or_default().to_owned()
}

/// A member of a schema, or of what it is put together from: the field's own part comes last.
fn member<'a>(node: &'a Json, name: &str) -> &'a Json {
    let parts = node["allOf"].as_array().into_iter().flatten().rev();
    let mut found = std::iter::once(node)
        .chain(parts)
        .filter_map(|part| part.get(name));
    found.next().unwrap_or(&Json::Null)
}

fn comment(text: &str) -> String {
    let mut out = String::new();
    let mut width = WIDTH;
    for word in text.split_whitespace() {
        if width + 1 + word.len() > WIDTH {
            out += if out.is_empty() { "#" } else { "\n#" };
            width = 1;
        }
        out += &format!(" {word}");
        width += 1 + word.len();
    }
    out + if text.is_empty() { "" } else { "\n" }
}
