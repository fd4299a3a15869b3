//! The key changes, and nobody notices. // L5

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::gateway::update_keys;
use super::{Kind, Scene};
use crate::support::Tokens;

/// As short as the rules of the configuration let them be.
pub const SETTINGS: [(&str, &str); 4] = [
    ("AUTH__REVOCATION__MAX_LEEWAY", "1s"),
    ("AUTH__KEYS__JWKS_MAX_AGE", "2s"),
    ("AUTH__KEYS__PUBLISH_AHEAD", "4s"),
    ("AUTH__KEYS__ROTATION_INTERVAL", "1d"),
];

fn header(access: &str) -> &str {
    access.split('.').next().unwrap_or_default()
}

/// Signs in until another key signs.
pub async fn until_another_key_signs(scene: &Scene, before: &Tokens) -> Tokens {
    let began = Instant::now();
    loop {
        let now = scene.service.login(&before.email).await;
        if header(&now.access) != header(&before.access) {
            return now;
        }
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "no other key signs"
        );
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Asks for another key, as an operator does, and lets HAProxy's timer run.
pub async fn rotate(scene: &Scene, kind: Kind) -> Value {
    let admin = scene.service.bearer(&scene.administrator().await.access);
    let next = admin.post("/v1/admin/keys/rotate", json!(null)).await;
    assert_eq!(next.body["state"], "next", "{}", next.text);
    if kind == Kind::Haproxy {
        let reload = scene.gateway.reload();
        update_keys(scene.port, &scene.gateway.keys(), &["--reload", &reload]).expect("new keys");
    }
    next.body
}

every_gateway! {
    async fn old_and_new_tokens_pass_through_a_rotation(kind: Kind) {
        let scene = Scene::with(kind, &SETTINGS).await;
        let (ada, old) = scene.ada().await;
        assert_eq!(old.get("/things").await.status, 200);
        rotate(&scene, kind).await;
        let ada = until_another_key_signs(&scene, &ada).await;
        assert_eq!(scene.client.bearer(&ada.access).get("/things").await.status, 200);
        assert_eq!(old.get("/things").await.status, 200);
    }
}
