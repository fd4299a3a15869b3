//! An axum service that trusts auth-service: `cargo run -p axum-api`, beside `make run`.
//! What to ask it then is in `shared-claims/README.md`.

use std::env;
use std::error::Error;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use shared_claims::{Authenticated, Freshness, Guard, Verifier};
use tokio::net::TcpListener;

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

async fn readyz(State(verifier): State<Verifier>) -> (StatusCode, Json<Value>) {
    let lag = verifier.lag().map(|lag| lag.as_secs_f64());
    let status = match verifier.ready() {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    let known = verifier.revocations();
    (status, Json(json!({ "revocations": known, "lag": lag })))
}

fn setting(name: &str, default: &str) -> String {
    env::var(name).unwrap_or_else(|_| default.into())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt::init();
    let verifier: Verifier = Verifier::builder(setting("ISSUER", "http://localhost:8080"))
        .audience(setting("AUDIENCE", "api"))
        .feed(setting("FEED", "http://127.0.0.1:9090/v1/revocations"))
        .build()
        .await?;
    let signed_in = Guard::new(verifier.clone());
    // Reading may go on for a while without the feed; what admins do may not.
    let readers = signed_in.clone().freshness(Freshness::BestEffort);
    let writers = signed_in.clone().scope("notes:write");
    let admins = signed_in.role("admin");
    let app = Router::new()
        .route("/notes", get(notes).layer(readers))
        .route("/notes", post(write_note).layer(writers))
        .route("/audit", get(audit).layer(admins))
        .route("/readyz", get(readyz))
        .with_state(verifier);
    let listener = TcpListener::bind(setting("LISTEN", "127.0.0.1:8082")).await?;
    Ok(axum::serve(listener, app).await?)
}
