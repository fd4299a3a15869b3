//! Signing keys: published, rotated, removed, sealed.

mod jwks;
mod life;
mod mac;
mod rewrap;
mod sealing;
mod several;
mod unknown;

use serde_json::Value;

use crate::support::Service;

/// The `kid` of each published key.
async fn published(service: &Service) -> Vec<String> {
    let answer = service.get("/.well-known/jwks.json").await;
    let keys = answer.body["keys"].as_array().cloned().expect("a key set");
    keys.iter().map(|key| text(&key["kid"])).collect()
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

/// The `kid` of the key that signed.
fn kid_of(token: &str) -> String {
    use base64::Engine;
    let header = token.split('.').next().unwrap_or_default();
    let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(header);
    let header: Value = serde_json::from_slice(&header.expect("a JWT")).expect("a JWT");
    text(&header["kid"])
}

/// What every replica does on its own every few seconds.
async fn tick(service: &Service) {
    service.ctx.keyring.tick().await.expect("the keys load");
}
