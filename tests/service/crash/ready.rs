//! A replica that can't load its keys again is not ready, and lives on.

use base64::Engine;

use super::line::on_a_line;
use crate::support::proxy::Flow;
use crate::support::{Client, Service, both};

fn key(byte: u8) -> String {
    base64::engine::general_purpose::STANDARD.encode([byte; 32])
}

/// The status of `/readyz`, and whether it says that the keys are there.
async fn ready(replica: &Client) -> (u16, bool) {
    assert_eq!(replica.get_internal("/livez").await.status, 200);
    let answer = replica.get_internal("/readyz").await;
    (answer.status, answer.body["keys"].as_bool().expect("keys"))
}

/// What the Service `auth-service-keys` and the ingress ask of pods that are not ready.
async fn hands_out_keys(replica: &Client) {
    for path in [
        "jwks.json",
        "oauth-authorization-server",
        "openid-configuration",
    ] {
        let answer = replica.get(&format!("/.well-known/{path}")).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    }
}

// L6, L9
#[tokio::test(flavor = "multi_thread")]
async fn when_the_database_was_away_for_a_minute() {
    let (proxy, service, ..) = on_a_line().await;
    assert_eq!(ready(&service).await, (200, true));
    proxy.set(Flow::Cut);
    assert_eq!(ready(&service).await, (503, true));
    hands_out_keys(&service).await;
    service.advance(61);
    service
        .ctx
        .keyring
        .tick()
        .await
        .expect_err("the database is away");
    assert_eq!(ready(&service).await, (503, false));
    hands_out_keys(&service).await;
    proxy.set(Flow::Open);
    service
        .ctx
        .keyring
        .tick()
        .await
        .expect("the database is back");
    assert_eq!(ready(&service).await, (200, true));
}

both! {
    // L6, L9
    async fn when_the_next_key_was_sealed_with_a_key_that_it_does_not_have(backend: Backend) {
        let old = Service::with(backend, |settings| {
            settings.keys.encryption_keys = vec![key(1)];
        })
        .await;
        let ada = old.signup("ada@example.org").await;
        let new = Service::on(old.database.clone(), old.clock.clone(), |settings| {
            settings.keys.encryption_keys = vec![key(2), key(1)];
        })
        .await;
        let admin = new.admin().await;
        let admin = new.bearer(&admin.access);
        let rotated = admin.post("/v1/admin/keys/rotate", serde_json::json!({})).await;
        assert_eq!(rotated.status, 200);

        old.advance(61);
        new.ctx.keyring.tick().await.expect("it has both keys");
        old.ctx.keyring.tick().await.expect_err("it has the old key alone");
        assert_eq!(ready(&new).await, (200, true));
        assert_eq!(ready(&old).await, (503, false));
        assert_eq!(old.me(&ada.access).await.status, 200, "what it has still works");
    }
}
