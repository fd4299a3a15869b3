//! An actix service that trusts auth-service: `cargo run -p actix-api`, beside `make run`.
//! What to ask it then is in `shared-claims/README.md`.

use std::env;
use std::error::Error;

use actix_web::web::{Data, Json, get, post, scope};
use actix_web::{App, HttpResponse, HttpServer};
use serde_json::{Value, json};
use shared_claims::{Authenticated, Freshness, Guard, Verifier};

/// Whoever has a valid token that was not revoked.
async fn notes(user: Authenticated) -> Json<Value> {
    Json(json!({ "user": user.sub, "scope": user.scope, "notes": ["buy milk"] }))
}

/// Whoever was granted the scope `notes:write`.
async fn write_note(user: Authenticated) -> Json<Value> {
    Json(json!({ "written_by": user.sub }))
}

/// Whoever is an admin.
async fn audit(user: Authenticated) -> Json<Value> {
    Json(json!({ "read_by": user.sub }))
}

async fn readyz(verifier: Data<Verifier>) -> HttpResponse {
    let lag = verifier.lag().map(|lag| lag.as_secs_f64());
    let mut response = match verifier.ready() {
        true => HttpResponse::Ok(),
        false => HttpResponse::ServiceUnavailable(),
    };
    response.json(json!({ "revocations": verifier.revocations(), "lag": lag }))
}

fn setting(name: &str, default: &str) -> String {
    env::var(name).unwrap_or_else(|_| default.into())
}

// Not `actix_web::main`: its own threads serve within tokio's runtime as well.
#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt::init();
    let verifier: Verifier = Verifier::builder(setting("ISSUER", "http://localhost:8080"))
        .audience(setting("AUDIENCE", "api"))
        .feed(setting("FEED", "http://127.0.0.1:9090/v1/revocations"))
        .build()
        .await?;
    let server = HttpServer::new(move || {
        let signed_in = Guard::new(verifier.clone());
        // Reading may go on for a while without the feed; what admins do may not.
        let readers = signed_in.clone().freshness(Freshness::BestEffort);
        let writers = signed_in.clone().scope("notes:write");
        let admins = signed_in.role("admin");
        App::new()
            .app_data(Data::new(verifier.clone()))
            .route("/readyz", get().to(readyz))
            .route("/notes", get().to(notes).wrap(readers))
            .route("/notes", post().to(write_note).wrap(writers))
            .service(scope("/audit").wrap(admins).route("", get().to(audit)))
    });
    let address = setting("LISTEN", "127.0.0.1:8081");
    Ok(server.bind(address)?.run().await?)
}
