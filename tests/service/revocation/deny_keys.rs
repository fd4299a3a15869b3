//! What stands in Redis for verifiers that look there.

use std::time::Duration;

use kernel::{audit::Actor, caller::Caller};
use serde_json::json;

use super::{Pair, claim, eventually, logout, patch_user};
use crate::support::redis::Redis;

async fn ttl(redis: &Redis, key: &str) -> Duration {
    let left: i64 = redis.command(redis::cmd("PTTL").arg(key).to_owned()).await;
    Duration::from_millis(left.try_into().expect("the key is there and ends"))
}

// L8: an entry lives as long as a token that it matches can, and the largest leeway.
#[tokio::test(flavor = "multi_thread")]
async fn each_kind_has_its_key_for_as_long_as_a_token_can_live() {
    let pair = Pair::start().await;
    let user = pair.a.signup("ada@example.org").await;
    let jti = claim(&user.access, "jti");
    pair.a.revoke(&pair.admin, "jti", &jti).await;
    patch_user(
        &pair.a,
        &pair.admin,
        &user.user,
        json!({ "roles": ["editor"] }),
    )
    .await;
    logout(&pair.a, &user).await;
    patch_user(
        &pair.a,
        &pair.admin,
        &user.user,
        json!({ "disabled": true }),
    )
    .await;
    let kid = pair
        .a
        .ctx
        .keyring
        .list(kernel::keyring::Purpose::Signing)
        .await
        .expect("keys")[0]
        .kid
        .clone();
    pair.a
        .ctx
        .keyring
        .remove(&kid, Actor::Operator, &Caller::default())
        .await
        .expect("the key goes");

    let settings = &pair.a.ctx.settings;
    let least = settings.tokens.access_ttl + settings.revocation.max_leeway;
    let most = least + settings.database.statement_timeout;
    for (key, value) in [
        (format!("deny:jti:{jti}"), None),
        (format!("deny:sid:{}", user.session), None),
        (format!("deny:stale:{}", user.user), Some("2")),
        (format!("deny:sub:{}", user.user), Some("3")),
        (format!("deny:kid:{kid}"), None),
    ] {
        let kept = pair.redis.value(&key).await.expect(&key);
        assert!(value.is_none_or(|value| value == kept), "{key} {kept}");
        let left = ttl(&pair.redis, &key).await;
        // Seconds are rounded down, and the test takes some.
        assert!(
            left <= most && left > least - Duration::from_secs(30),
            "{key} {left:?}"
        );
    }

    // Filled again later, they live for what is left.
    pair.a.advance(300);
    pair.redis.flush().await;
    let key = format!("deny:sub:{}", user.user);
    eventually("it is filled", async || {
        pair.redis.value(&key).await.is_some()
    })
    .await;
    let left = ttl(&pair.redis, &key).await;
    assert!(
        left <= most - Duration::from_secs(300) && left > least - Duration::from_secs(330),
        "{left:?}"
    );

    // Nothing is put there that can match no token, and the mirror forgets it.
    pair.a.advance(left.as_secs() + 1);
    pair.redis.flush().await;
    pair.is_settled().await;
    let mut keys = pair.redis.keys("deny:*").await;
    // It comes and goes.
    keys.retain(|key| key != "deny:whole");
    assert_eq!(keys, ["deny:epoch"]);
    for replica in [&pair.a, &pair.b] {
        assert!(replica.ctx.revocations.size() > 0);
        replica.ctx.revocations.forget_dead();
        assert_eq!(replica.ctx.revocations.size(), 0);
        let snapshot = replica.get_internal("/v1/revocations").await;
        assert_eq!(snapshot.body["entries"], json!([]));
    }
}

// I28: whatever the order in which they arrive, the highest version and the latest end stay.
#[tokio::test(flavor = "multi_thread")]
async fn the_highest_version_stays_whatever_the_order() {
    let pair = Pair::start().await;
    let user = pair.a.signup("ada@example.org").await.user;
    let key = format!("deny:stale:{user}");
    for (there, expected) in [
        ("1", "2"),
        ("70", "70"),
        ("9007199254740991", "9007199254740991"),
        ("x", "5"),
    ] {
        let mut set = redis::cmd("SET");
        let _: String = pair
            .redis
            .command(set.arg(&[&key, there, "PX", "90000000"]).to_owned())
            .await;
        patch_user(&pair.a, &pair.admin, &user, json!({ "roles": ["editor"] })).await;
        assert_eq!(pair.redis.value(&key).await.as_deref(), Some(expected));
        assert!(
            ttl(&pair.redis, &key).await > Duration::from_secs(80_000),
            "the later end stays"
        );
    }
    // Filled in the order of the table, the highest of several entries stands there.
    pair.redis.flush().await;
    eventually("the highest is there", async || {
        pair.redis.value(&key).await.as_deref() == Some("5")
    })
    .await;
}
