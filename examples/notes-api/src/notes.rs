//! Notes by owner and number, in memory. Whose they are, the access token says.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde_json::{Value, json};
use shared_claims::Authenticated;
use tokio::sync::Mutex;

#[derive(Clone, Default)]
pub struct Notes(Arc<Mutex<HashMap<String, BTreeMap<u64, String>>>>);

pub async fn list(user: Authenticated, notes: Extension<Notes>) -> Json<Value> {
    let all = notes.0.0.lock().await;
    let notes = all.get(&user.sub).into_iter().flatten().rev();
    let notes = notes.map(|(id, text)| json!({ "id": id, "text": text }));
    Json(json!({ "user": user.sub, "scope": user.scope, "notes": notes.collect::<Vec<_>>() }))
}

pub async fn add(
    user: Authenticated,
    notes: Extension<Notes>,
    Json(note): Json<Value>,
) -> Result<(StatusCode, Json<Value>), StatusCode> {
    let text = note["text"].as_str().map(str::trim).unwrap_or_default();
    if !(1..=500).contains(&text.chars().count()) {
        return Err(StatusCode::UNPROCESSABLE_ENTITY);
    }
    let mut all = notes.0.0.lock().await;
    let notes = all.entry(user.sub.clone()).or_default();
    let id = notes.last_key_value().map_or(1, |(last, _)| last + 1);
    notes.insert(id, text.into());
    Ok((StatusCode::CREATED, Json(json!({ "id": id, "text": text }))))
}

pub async fn remove(
    user: Authenticated,
    notes: Extension<Notes>,
    Path(id): Path<u64>,
) -> StatusCode {
    let mut all = notes.0.0.lock().await;
    all.get_mut(&user.sub).and_then(|notes| notes.remove(&id));
    StatusCode::NO_CONTENT
}
