//! The OpenAPI document, made from the handlers, and what all of them have in common.

use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, Response, ResponseBuilder};
use utoipa::{Modify, OpenApi as _};

use super::problem::Problem;
use super::routes::Paths;
use crate::config::Settings;

/// The document of this service.
pub fn document(settings: &Settings) -> OpenApi {
    let mut document = Description::openapi();
    document.merge(Paths::openapi());
    document.servers = Some(vec![utoipa::openapi::Server::new(&settings.issuer)]);
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
        (name = "Admin", description = "What an account with the role `admin` does"),
        (name = "Discovery", description = "What verifiers and tools read"),
    ),
)]
struct Description;

/// Adds to each operation the answers that its parts bring along.
struct Common;

impl Modify for Common {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_default();
        let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        components.add_security_scheme("bearer", bearer);
        for (path, item) in &mut document.paths.paths {
            let is_admin = path.starts_with("/v1/admin/");
            let has_path_id = path.contains('{');
            let operations = [
                &mut item.get,
                &mut item.post,
                &mut item.patch,
                &mut item.delete,
            ];
            for operation in operations.into_iter().flatten() {
                describe(operation, is_admin, has_path_id);
            }
        }
    }
}

fn describe(operation: &mut Operation, is_admin: bool, has_path_id: bool) {
    let is_optional =
        |operation: &Operation| operation.security.as_ref().is_some_and(|all| all.len() > 1);
    let add = |operation: &mut Operation, status: &str, codes: &str| {
        let responses = &mut operation.responses.responses;
        if !responses.contains_key(status) {
            responses.insert(status.into(), problem(codes).into());
        }
    };
    if operation.request_body.is_some() {
        add(operation, "400", "`malformed`");
        add(operation, "413", "`payload_too_large`");
        add(operation, "415", "`unsupported_media_type`");
        add(
            operation,
            "422",
            "`validation_failed`; `errors` names the fields",
        );
    }
    if operation
        .parameters
        .as_ref()
        .is_some_and(|all| !all.is_empty())
    {
        add(operation, "400", "`malformed`");
    }
    if has_path_id && is_admin {
        add(operation, "404", "`not_found`");
    }
    if operation.security.is_some() && !is_optional(operation) {
        add(
            operation,
            "401",
            "`token_missing`, `token_invalid`, `token_expired`, `token_revoked`, `claims_stale`",
        );
        add(
            operation,
            "503",
            "`unavailable`, and `busy` where a password is hashed",
        );
    }
    if is_admin {
        add(operation, "403", "`forbidden`");
    }
}

fn problem(codes: &str) -> Response {
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .build();
    ResponseBuilder::new()
        .description(codes)
        .content("application/problem+json", content)
        .build()
}
