//! The OpenAPI document, made from the handlers, and what all of them have in common.

use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{AllOfBuilder, ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Header, OpenApi, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{Modify, OpenApi as _};

use super::problem::{Code, Problem};
use super::routes::Paths;

/// The document as `make openapi` wrote it, and as it is served: what makes it is in no binary, for
/// it would be a megabyte of it. A test holds that both say the same.
pub const DOCUMENT: &str = include_str!("../../../docs/openapi.json");

/// The document of this service, made anew. Its server is wherever it was read from.
pub fn document() -> OpenApi {
    let mut document = Description::openapi();
    document.merge(Paths::openapi());
    document.servers = Some(vec![utoipa::openapi::Server::new(".")]);
    Common.modify(&mut document);
    document
}

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "auth-service",
        description = "Sign-in as one small service. Errors are `application/problem+json` (RFC 9457) with a stable `code`.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    components(schemas(Problem)),
    tags(
        (name = "Sign-in", description = "Accounts, sessions and their tokens"),
        (name = "Account", description = "What somebody does with their own account"),
        (name = "Forward-auth", description = "What gateways ask before they pass a request on"),
        (name = "Admin", description = "What an administrator of this service does: with the role `auth:admin`, by a token of the scope `admin`"),
        (name = "Discovery", description = "What verifiers and tools read"),
    ),
)]
struct Description;

/// Adds to each operation the answers that its parts bring along, and to each error its codes.
struct Common;

impl Modify for Common {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_default();
        let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        components.add_security_scheme("bearer", bearer);
        if let Some(RefOr::T(Schema::Object(code))) = components.schemas.get_mut("Code") {
            code.description = Some(meanings());
        }
        for (path, item) in &mut document.paths.paths {
            let operations = [
                ("get", &mut item.get),
                ("post", &mut item.post),
                ("patch", &mut item.patch),
                ("delete", &mut item.delete),
            ];
            for (method, operation) in operations {
                let Some(operation) = operation else { continue };
                describe(operation, path, method);
                for (status, response) in &mut operation.responses.responses {
                    if let (RefOr::T(response), true) = (response, status.as_str() >= "400") {
                        describe_problem(response, status);
                    }
                }
            }
        }
    }
}

fn describe(operation: &mut Operation, path: &str, method: &str) {
    let none = || vec![SecurityRequirement::default()];
    let security = operation.security.get_or_insert_with(none);
    let needs_bearer = !security.contains(&SecurityRequirement::default());
    let is_admin = path.starts_with("/v1/admin/");
    let has_parameters = operation
        .parameters
        .as_ref()
        .is_some_and(|all| !all.is_empty());
    if operation.request_body.is_some() {
        add(operation, "400", &[Code::Malformed]);
        add(operation, "413", &[Code::PayloadTooLarge]);
        add(operation, "415", &[Code::UnsupportedMediaType]);
        add(operation, "422", &[Code::ValidationFailed]);
    }
    if has_parameters {
        add(operation, "400", &[Code::Malformed]);
    }
    if path.contains('{') && is_admin {
        add(operation, "404", &[Code::NotFound]);
    }
    if needs_bearer {
        let refused = [
            Code::TokenMissing,
            Code::TokenInvalid,
            Code::TokenExpired,
            Code::TokenRevoked,
            Code::ClaimsStale,
        ];
        add(operation, "401", &refused);
        add(operation, "429", &[Code::RateLimited]);
        add(operation, "503", &[Code::Unavailable]);
        add(operation, "403", &[Code::Forbidden]);
    }
    if is_admin && method != "get" {
        add(operation, "401", &[Code::InsufficientUserAuthentication]);
    }
}

/// Names the codes in the description of the status, beside those that the handler names.
fn add(operation: &mut Operation, status: &str, codes: &[Code]) {
    let responses = &mut operation.responses.responses;
    let empty = || RefOr::T(ResponseBuilder::new().build());
    if let RefOr::T(response) = responses.entry(status.into()).or_insert_with(empty) {
        for code in codes.iter().map(|code| quoted(*code)) {
            let text = &mut response.description;
            if !text.contains(&code) {
                *text = format!("{text}{}{code}", if text.is_empty() { "" } else { ", " });
            }
        }
    }
}

/// The body of an error: a problem with one of the codes that the description names.
fn describe_problem(response: &mut Response, status: &str) {
    let named = |code: &&(Code, &str)| response.description.contains(&quoted(code.0));
    let codes = Code::ALL.iter().filter(named).map(|(code, _)| word(*code));
    let code = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(codes));
    let body = AllOfBuilder::new()
        .item(Ref::from_schema_name("Problem"))
        .item(ObjectBuilder::new().property("code", code));
    let content = ContentBuilder::new().schema(Some(body)).build();
    response
        .content
        .insert("application/problem+json".into(), content.into());
    let headers: &[&str] = match status {
        "401" => &["WWW-Authenticate"],
        "429" => &["Retry-After", "RateLimit", "RateLimit-Policy"],
        "503" => &["Retry-After"],
        _ => &[],
    };
    for header in headers {
        let name = header.to_string();
        response.headers.insert(name, Header::default().into());
    }
}

/// Every code and what it means, as a list.
fn meanings() -> String {
    let lines = Code::ALL
        .iter()
        .map(|(code, meaning)| format!("\n- {}:{meaning}", quoted(*code)));
    format!(
        "What went wrong, in a word that does not change.\n{}",
        lines.collect::<String>()
    )
}

fn quoted(code: Code) -> String {
    format!("`{}`", word(code))
}

pub(super) fn word(code: Code) -> String {
    match serde_json::to_value(code) {
        Ok(serde_json::Value::String(word)) => word,
        other => unreachable!("a code is a word, not {other:?}"),
    }
}
