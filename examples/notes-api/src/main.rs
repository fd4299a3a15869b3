//! The API behind the SvelteKit example, in axum. Beside `make run`:
//!
//! ```text
//! cargo run -p notes-api
//! curl -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8083/notes
//! ```

mod notes;

use std::env;
use std::error::Error;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{delete, get, post};
use axum::{Extension, Json, Router};
use notes::Notes;
use serde_json::{Value, json};
use shared_claims::{Authenticated, Freshness, Guard, Verifier};
use tokio::net::TcpListener;

/// Only admins.
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
    // Reading may go on for a while without the feed; writing and what admins do may not.
    let readers = signed_in.clone().freshness(Freshness::BestEffort);
    let admins = signed_in.clone().role("admin");
    let app = Router::new()
        .route("/notes", get(notes::list).layer(readers))
        .route("/notes", post(notes::add).layer(signed_in.clone()))
        .route("/notes/{id}", delete(notes::remove).layer(signed_in))
        .route("/audit", get(audit).layer(admins))
        .route("/readyz", get(readyz))
        .layer(Extension(Notes::default()))
        .with_state(verifier);
    let listener = TcpListener::bind(setting("LISTEN", "127.0.0.1:8083")).await?;
    Ok(axum::serve(listener, app).await?)
}
