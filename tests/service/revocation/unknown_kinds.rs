//! Revocations of a later release, of kinds that this one does not know (I38).

use serde_json::json;

use super::{Pair, eventually, logout, sessions, sql};
use crate::support::{Service, both};

both! {
    // A row of an unknown kind hides nothing, and does not hold the feed back.
    async fn a_row_of_an_unknown_kind_is_passed_over(backend: Backend) {
        let service = Service::start(backend).await;
        let [first, second] = sessions(&service, "ada@example.org", 2).await.try_into().expect("two");
        let insert = "INSERT INTO revocations (kind, value, ver, created_at, expires_at) \
                      SELECT 'planet', 'mars', ver, created_at, expires_at FROM revocations LIMIT 1";
        logout(&service, &first).await;
        sql(&service.ctx, insert).await;
        let position = async || service.get_internal("/v1/revocations").await.body["position"].as_i64();
        eventually("it is seen", async || position().await == Some(2)).await;
        service.me(&first.access).await.expect(401, "token_revoked");
        service.me(&second.access).await.expect(200, "");
        logout(&service, &second).await;
        let snapshot = service.get_internal("/v1/revocations").await.expect(200, "");
        assert_eq!(snapshot.body["entries"].as_array().map(Vec::len), Some(2), "{}", snapshot.text);
        assert_eq!(snapshot.body["position"], 3);
        // After a start it is there from the beginning.
        let restarted = service.replica().await;
        restarted.me(&first.access).await.expect(401, "token_revoked");
        let snapshot = restarted.get_internal("/v1/revocations").await.expect(200, "");
        assert_eq!(snapshot.body["position"], 3);
    }
}

// A message of an unknown kind is passed over; while a critical one lives, nobody is let in, and no
// verifier is told that all is known.
#[tokio::test(flavor = "multi_thread")]
async fn a_critical_message_of_an_unknown_kind_ends_the_trust_for_its_life() {
    let pair = Pair::start().await;
    let [first, second] = sessions(&pair.a, "ada@example.org", 2)
        .await
        .try_into()
        .expect("two");
    let now = pair.b.clock.now().as_secs();
    let publish = async |message: serde_json::Value| {
        let mut publish = redis::cmd("PUBLISH");
        publish.arg("deny:feed").arg(message.to_string());
        let heard: i64 = pair.redis.command(publish).await;
        assert_eq!(heard, 2);
    };
    publish(json!({ "kind": "planet", "value": [7] })).await;
    publish(json!({ "kind": "planet", "critical": false, "expires_at": now + 100 })).await;
    logout(&pair.a, &first).await;
    for replica in [&pair.a, &pair.b] {
        replica.me(&first.access).await.expect(401, "token_revoked");
        replica.me(&second.access).await.expect(200, "");
    }

    publish(json!({ "kind": "planet", "critical": true, "expires_at": now + 100 })).await;
    for replica in [&pair.a, &pair.b] {
        eventually("it is not trusted", async || {
            replica.me(&second.access).await.status == 503
        })
        .await;
        let answer = replica.me(&second.access).await;
        let answer = answer.expect(503, "unavailable");
        assert!(!answer.header("retry-after").is_empty());
        replica.me(&first.access).await.expect(401, "token_revoked");
    }
    let reader = pair.b.ctx.revocations.stream_from(None).await;
    let reader = reader.expect("the database answers");
    assert_eq!(reader.position(&pair.b.ctx.revocations), None);

    pair.b.advance(100);
    eventually("it has died", async || {
        pair.b.me(&second.access).await.status == 200
    })
    .await;
    eventually("readers are told again", async || {
        reader.position(&pair.b.ctx.revocations).is_some()
    })
    .await;
}

// Whoever writes into Redis can't end the trust for longer than a token lives.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_ends_the_trust_for_no_longer_than_a_token_lives() {
    let pair = Pair::start().await;
    let ada = pair.a.signup("ada@example.org").await;
    let mut publish = redis::cmd("PUBLISH");
    publish
        .arg("deny:feed")
        .arg(r#"{"kind":"planet","critical":true}"#);
    let _: i64 = pair.redis.command(publish).await;
    eventually("it is not trusted", async || {
        pair.b.me(&ada.access).await.status == 503
    })
    .await;
    let settings = &pair.b.ctx.settings;
    let life = settings.tokens.access_ttl
        + settings.revocation.max_leeway
        + settings.database.statement_timeout;
    pair.b.advance(life.as_secs());
    let fresh = pair.b.login("ada@example.org").await;
    eventually("it has died", async || {
        pair.b.me(&fresh.access).await.status == 200
    })
    .await;
}
