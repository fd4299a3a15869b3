//! The OpenAPI document for people who read: `docs/API.md`.

use serde_json::Value;
use std::fmt::Write;
use utoipa::openapi::OpenApi;

use super::openapi::word;
use super::problem::Code;
use super::routes::TABLE;

const PREFACE: &str = "\
# API

Written by `make openapi` from the code; a running service shows the same at `/docs` and
`/openapi.json`. The internal listener (probes, metrics, the revocation feed) is in
[OPERATIONS.md](OPERATIONS.md).

Bodies are JSON. Errors are `application/problem+json` (RFC 9457) with a stable `code`. What many
calls have in common stands here and not in the tables:

- a bearer token that is missing or not accepted: 401 `token_missing`, `token_invalid`,
  `token_expired`, `token_revoked`, `claims_stale`; one that does not allow the call: 403 `forbidden`
- calls marked `bearer` need a token for this service (its `aud` has the issuer) of the scope
  `account`; `/v1/verify` takes a token for any service of `tokens.audience`, and `/v1/logout` any
  token of this service's own client
- calls marked `admin` need a token for this service alone, of the scope `admin` (ask for it at
  sign-in), of an account with the role `auth:admin`; to change something, its owner must have
  signed in within `step_up.max_age`, or the answer is 401 `insufficient_user_authentication`
- a body, a query or a path that can't be used: 400 `malformed`, 413 `payload_too_large`,
  415 `unsupported_media_type`, 422 `validation_failed`
- asked too often: 429 `rate_limited` with `Retry-After`, which signs nobody out. Answers say how
  the caller stands with the limit that is closest to the call: `RateLimit: \"name\";r=left;t=seconds`
  until all are left again, `RateLimit-Policy: \"name\";q=at once;w=seconds` (draft-ietf-httpapi-
  ratelimit-headers-10); the names are the settings of `[limits]`
- the database is away: 503 `unavailable`
- nothing here: 404 `not_found`; not by this method: 405 `method_not_allowed`
";

/// The codes of [`PREFACE`].
const COMMON: &[Code] = &[
    Code::TokenMissing,
    Code::TokenInvalid,
    Code::TokenExpired,
    Code::TokenRevoked,
    Code::ClaimsStale,
    Code::Forbidden,
    Code::Malformed,
    Code::PayloadTooLarge,
    Code::UnsupportedMediaType,
    Code::ValidationFailed,
    Code::RateLimited,
    Code::Unavailable,
    Code::NotFound,
    Code::MethodNotAllowed,
];

/// One table for each group of calls, then the codes and the shapes.
pub fn markdown(document: &OpenApi) -> String {
    let document = serde_json::to_value(document).expect("the document is plain JSON");
    let mut text = PREFACE.to_owned();
    for tag in document["tags"].as_array().into_iter().flatten() {
        let (name, about) = (plain(&tag["name"]), plain(&tag["description"]));
        text += &format!("\n## {name}\n\n{about}.\n\n");
        text += "| call | needs | does | answers |\n| --- | --- | --- | --- |\n";
        for (path, method) in TABLE {
            let operation = &document["paths"][path][method.to_lowercase()];
            if operation["tags"][0] == tag["name"] {
                text += &row(&document, path, method, operation);
            }
        }
    }
    text += "\n## Codes\n\n| code | means |\n| --- | --- |\n";
    for (code, meaning) in Code::ALL {
        text += &format!("| `{}` |{meaning} |\n", word(*code));
    }
    text + &shapes(&document)
}

fn row(document: &Value, path: &str, method: &str, operation: &Value) -> String {
    let body = &operation["requestBody"]["content"]["application/json"]["schema"];
    let body = match named(body).or_else(|| body["oneOf"].as_array()?.iter().find_map(named)) {
        Some(name) => format!(" `{}`", fields(&document["components"]["schemas"][name])),
        None => String::new(),
    };
    let needs = match &operation["security"] {
        _ if path.starts_with("/v1/admin/") => "`admin`",
        all if all[0]["bearer"].is_null() && all[1].is_null() => "",
        all if all[1].is_null() => "bearer",
        _ => "bearer or body",
    };
    let does = [&operation["summary"], &operation["description"]].map(plain);
    let does = does.join(". ").replace('\n', " ");
    let does = does.trim_end_matches([' ', '.']);
    let answers = answers(&operation["responses"]);
    format!("| `{method} {path}`{body} | {needs} | {does} | {answers} |\n")
}

/// The statuses with what they carry, without what the preface says.
fn answers(responses: &Value) -> String {
    let mut all = Vec::new();
    for (status, response) in responses.as_object().into_iter().flatten() {
        let about = plain(&response["description"]);
        let mut content = response["content"].as_object().into_iter().flatten();
        let schema = content.next().map(|(_, content)| &content["schema"]);
        let own = |code: &&str| !COMMON.iter().any(|common| word(*common) == **code);
        match schema.map(|schema| &schema["allOf"][1]["properties"]["code"]["enum"]) {
            Some(Value::Array(codes)) => {
                let codes = codes.iter().map(plain).filter(own);
                let codes: Vec<_> = codes.map(|code| format!("`{code}`")).collect();
                if !codes.is_empty() {
                    all.push(format!("{status} {}", codes.join(", ")));
                }
            }
            _ => match schema.and_then(shape) {
                Some(shape) => all.push(format!("{status} {shape}")),
                None => all.push(format!("{status}: {about}")),
            },
        }
    }
    all.join("; ")
}

/// Every shape that a call answers with.
fn shapes(document: &Value) -> String {
    let mut text = "\n## Shapes\n\nA `?` marks what may be `null` or left out.\n\n".to_owned();
    let schemas = document["components"]["schemas"].as_object();
    for (name, schema) in schemas.into_iter().flatten() {
        let fields = fields(schema);
        if !fields.is_empty() && !name.ends_with("Request") {
            let _ = writeln!(text, "- **{name}** `{fields}`");
        }
    }
    text
}

/// `{email, password, name?}`; nothing where the schema has no fields.
fn fields(schema: &Value) -> String {
    let choices = schema["oneOf"].as_array().into_iter().flatten();
    let choices: Vec<_> = choices.map(fields).filter(|it| !it.is_empty()).collect();
    if !choices.is_empty() {
        return choices.join(" or ");
    }
    let parts = schema["allOf"].as_array().into_iter().flatten();
    let inherited = parts
        .clone()
        .filter_map(named)
        .map(|name| format!("…{name}"));
    let own = parts.chain([schema]).flat_map(|part| {
        let required = part["required"].as_array().cloned().unwrap_or_default();
        let names = part["properties"].as_object().into_iter().flatten();
        names.map(move |(name, _)| {
            let always = required.iter().any(|one| one == name);
            format!("{name}{}", if always { "" } else { "?" })
        })
    });
    match inherited.chain(own).collect::<Vec<_>>() {
        none if none.is_empty() => String::new(),
        fields => format!("{{{}}}", fields.join(", ")),
    }
}

fn shape(schema: &Value) -> Option<String> {
    match named(schema) {
        Some(name) => Some(format!("**{name}**")),
        None => named(&schema["items"]).map(|name| format!("a list of **{name}**")),
    }
}

fn named(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.rsplit('/').next()
}

fn plain(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
