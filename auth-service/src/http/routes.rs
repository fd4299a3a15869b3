//! Every route of the public listener, in one table. The OpenAPI document is made from the same
//! table; a test holds that both say the same.

use actix_web::http::{Method, StatusCode, header};
use actix_web::{HttpResponse, ResponseError, web};
use tracing_actix_web::TracingLogger;

use kernel::metrics::Requests;

use super::admin::{personal_data, security, users};
use super::api::{docs, forward_auth, me, my_sessions, sign_in, well_known};
use super::problem::{Code, Problem};
use super::span::RequestSpan;

macro_rules! routes {
    ($($part:ident {
        $($path:literal { $($method:ident => $($handler:ident)::+),+ $(,)? })+
    })+) => {
        /// The handlers, as the OpenAPI document describes them.
        #[derive(utoipa::OpenApi)]
        #[openapi(paths($($($($($handler)::+),+),+),+))]
        pub struct Paths;

        /// Each path and method, for the test that compares them with the document.
        pub const TABLE: &[(&str, &str)] = &[$($($(($path, stringify!($method))),+),+),+];

        $(
            fn $part(config: &mut web::ServiceConfig, requests: &Requests) {
                $(
                    config.service(
                        web::resource($path)
                            .app_data(requests.route($path))
                            $(.route(web::method(Method::$method).to($($handler)::+)))+
                            .default_service(web::to(|| {
                                method_not_allowed(&[$(Method::$method),+])
                            })),
                    );
                )+
            }
        )+
    };
}

routes! {
    asked_again_and_again {
        "/v1/verify"            { GET => forward_auth::verify }
        "/.well-known/jwks.json" { GET => well_known::jwks }
    }
    api {
        "/v1/signup"                   { POST => sign_in::signup }
        "/v1/login"                    { POST => sign_in::login }
        "/v1/refresh"                  { POST => sign_in::refresh }
        "/v1/logout"                   { POST => sign_in::logout }

        "/v1/me"                       { GET => me::show, PATCH => me::update, DELETE => me::delete }
        "/v1/me/password"              { POST => me::change_password }
        "/v1/me/sessions"              { GET => my_sessions::list, DELETE => my_sessions::end_all }
        "/v1/me/sessions/{id}"         { DELETE => my_sessions::end }

        "/v1/admin/users"              { GET => users::list, POST => users::create }
        "/v1/admin/users/{id}"         { GET => users::show, PATCH => users::update, DELETE => users::delete }
        "/v1/admin/users/{id}/sessions" { GET => users::list_sessions, DELETE => users::end_sessions }
        "/v1/admin/users/{id}/export"  { GET => personal_data::export }
        "/v1/admin/users/{id}/erase"   { POST => personal_data::erase }
        "/v1/admin/revocations"        { POST => security::revoke }
        "/v1/admin/keys"               { GET => security::list_keys }
        "/v1/admin/keys/rotate"        { POST => security::rotate_keys }
        "/v1/admin/keys/{kid}"         { DELETE => security::remove_key }
        "/v1/admin/audit"              { GET => security::list_audit }

        "/.well-known/oauth-authorization-server" { GET => well_known::oauth_metadata }
        "/.well-known/openid-configuration"       { GET => well_known::openid_configuration }
        "/openapi.json"                { GET => docs::openapi }
    }
}

/// What requests count under whose path the table does not hold.
const UNMATCHED: &str = "unmatched";

/// The whole public listener. Each route carries its own counters, by its template. What gateways
/// and verifiers ask for each request that they see comes first, for actix compares one route
/// after the other, and has no span around it.
pub fn public(config: &mut web::ServiceConfig, requests: &Requests) {
    let counted = |path| web::resource(path).app_data(requests.route(path));
    let logged = TracingLogger::<RequestSpan>::new();
    config
        .app_data(requests.route(UNMATCHED))
        .app_data(web::PayloadConfig::new(super::body::MAX_BODY))
        .app_data(web::PathConfig::default().error_handler(|_, _| {
            Problem::malformed("a part of the path is not of the right type").into()
        }))
        .configure(|config| asked_again_and_again(config, requests))
        .service(
            web::scope("/v1/verify").service(
                web::resource("/{original:.*}")
                    .app_data(requests.route("/v1/verify/{original:.*}"))
                    .to(forward_auth::verify_original),
            ),
        )
        .service(
            web::scope("")
                .wrap(logged)
                .configure(|config| api(config, requests))
                .service(counted("/docs").route(web::get().to(docs::redirect)))
                .service(counted("/docs/{file:.*}").route(web::get().to(docs::page)))
                .default_service(web::to(not_found)),
        );
}

/// 404, for whatever the table does not hold.
pub async fn not_found() -> HttpResponse {
    Problem::not_found().error_response()
}

async fn method_not_allowed(allowed: &[Method]) -> HttpResponse {
    let allow: Vec<&str> = allowed.iter().map(Method::as_str).collect();
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        Code::MethodNotAllowed,
        "this does not take the method",
    )
    .header(header::ALLOW, allow.join(", "))
    .error_response()
}
