//! A key's life by the clock: next, active, retiring, gone; or removed.

use serde_json::{Value, json};

use super::{kid_of, published, text, tick};
use crate::support::{Service, both};

const MINUTE: u64 = 60;
const DAY: u64 = 24 * 60 * MINUTE;

/// The state of each key, oldest first, as the admin API tells it.
async fn states(service: &Service, admin: &str) -> Vec<String> {
    let admin = service.login_as_admin(admin).await;
    let keys = service.bearer(&admin.access).get("/v1/admin/keys").await;
    let keys = keys.body.as_array().cloned().expect("a list");
    keys.iter().map(|key| text(&key["state"])).collect()
}

/// Asks until the answer is `status`: what another replica does reaches this one within
/// `revocation.max_lag`.
async fn soon(service: &Service, access: &str, status: u16) -> crate::support::Answer {
    for _ in 0..200 {
        let answer = service.me(access).await;
        if answer.status == status {
            return answer;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("not answered {status} in time")
}

both! {
    // R6: by the default settings, rotation every 30 days, published 20 minutes ahead
    async fn a_key_is_published_before_it_signs_and_until_its_tokens_have_expired(backend: Backend) {
        let service = Service::start(backend).await;
        let admin = service.admin().await.email;
        let [first] = published(&service).await.try_into().expect("one key");

        service.advance(30 * DAY - 20 * MINUTE - 1);
        tick(&service).await;
        assert_eq!(states(&service, &admin).await, ["active"]);
        service.advance(1);
        tick(&service).await;
        assert_eq!(states(&service, &admin).await, ["active", "next"]);
        let [old, new] = published(&service).await.try_into().expect("two keys");
        assert_eq!(old, first);

        service.advance(20 * MINUTE - 1);
        tick(&service).await;
        let ada = service.signup("ada@example.org").await;
        assert_eq!(kid_of(&ada.access), old, "to the last second the old key signs");
        service.advance(1);
        let fresh = service.refresh(&ada.refresh).await.tokens();
        assert_eq!(kid_of(&fresh.access), new, "from its time on the new key signs, loaded again or not");
        tick(&service).await;
        assert_eq!(states(&service, &admin).await, ["retiring", "active"]);

        service.advance(9 * MINUTE);
        tick(&service).await;
        assert_eq!(service.me(&ada.access).await.status, 200, "an old token counts until it expires");
        service.advance(2 * MINUTE);
        service.me(&ada.access).await.expect(401, "token_expired");

        // The life of a token, the largest leeway and the JWKS's max-age: 10 + 1 + 10 minutes.
        service.advance(10 * MINUTE - 1);
        tick(&service).await;
        assert_eq!(published(&service).await, [old, new.clone()]);
        service.advance(1);
        tick(&service).await;
        assert_eq!(published(&service).await, [new]);
        assert_eq!(states(&service, &admin).await, ["gone", "active"]);
    }

    async fn a_rotation_by_hand_makes_one_key_however_often_it_is_asked_for(backend: Backend) {
        let service = Service::start(backend).await;
        let admin = service.admin().await;
        let client = service.bearer(&admin.access);
        let next = client.post("/v1/admin/keys/rotate", Value::Null).await;
        let again = client.post("/v1/admin/keys/rotate", Value::Null).await;
        assert_eq!((next.status, &next.body["state"]), (200, &json!("next")), "{}", next.text);
        assert_eq!(next.body, again.body);
        let kid = text(&next.body["kid"]);
        assert!(published(&service).await.contains(&kid));
        assert_ne!(kid_of(&service.login_as_admin(&admin.email).await.access), kid, "it waits");
        service.advance(20 * MINUTE);
        assert_eq!(kid_of(&service.login_as_admin(&admin.email).await.access), kid);
        assert_eq!(states(&service, &admin.email).await, ["retiring", "active"]);
    }

    // R6, L6: nothing that a removed key signed counts anywhere, and nobody is signed out
    async fn a_removed_key_is_refused_everywhere_and_sessions_go_on(backend: Backend) {
        let service = Service::start(backend).await;
        let replica = service.replica().await;
        let admin = service.admin().await;
        let ada = service.signup("ada@example.org").await;
        let kid = kid_of(&ada.access);
        assert_eq!(replica.me(&ada.access).await.status, 200);

        let client = service.bearer(&admin.access);
        assert_eq!(client.delete(&format!("/v1/admin/keys/{kid}")).await.status, 204);
        for token in [&ada.access, &admin.access] {
            assert_eq!(service.me(token).await.status, 401, "at once where it was removed");
        }
        soon(&replica, &ada.access, 401).await;
        let feed = replica.get_internal("/v1/revocations").await;
        let entries = feed.body["entries"].as_array().cloned().expect("entries");
        let of_key = |entry: &Value| entry["kind"] == "kid" && entry["value"] == kid.as_str();
        assert!(entries.iter().any(of_key), "{}", feed.text);

        let fresh = service.refresh(&ada.refresh).await.tokens();
        assert_ne!(kid_of(&fresh.access), kid);
        assert_eq!(fresh.session, ada.session);
        assert_eq!(service.me(&fresh.access).await.status, 200);
        assert_eq!(published(&service).await, [kid_of(&fresh.access)]);
        tick(&replica).await;
        soon(&replica, &fresh.access, 200).await;
        assert_eq!(published(&replica).await, published(&service).await);
        assert_eq!(states(&service, &admin.email).await, ["removed", "active"]);

        let again = service.login_as_admin(&admin.email).await;
        let client = service.bearer(&again.access);
        client.delete(&format!("/v1/admin/keys/{kid}")).await.expect(404, "not_found");
        client.delete("/v1/admin/keys/none").await.expect(404, "not_found");
    }

    // A key that verifiers know already takes over from one that is removed.
    async fn the_key_that_waits_signs_at_once_when_the_active_one_is_removed(backend: Backend) {
        let service = Service::start(backend).await;
        let admin = service.admin().await;
        let client = service.bearer(&admin.access);
        let next = client.post("/v1/admin/keys/rotate", Value::Null).await;
        let removed = client.delete(&format!("/v1/admin/keys/{}", kid_of(&admin.access))).await;
        assert_eq!(removed.status, 204, "{}", removed.text);
        let kid = kid_of(&service.login_as_admin(&admin.email).await.access);
        assert_eq!(kid, text(&next.body["kid"]));
        assert_eq!(states(&service, &admin.email).await, ["removed", "active"]);

        // And a key that has been replaced does not come back.
        service.advance(20 * MINUTE);
        tick(&service).await;
        let client = service.bearer(&service.login_as_admin(&admin.email).await.access);
        client.post("/v1/admin/keys/rotate", Value::Null).await;
        service.advance(20 * MINUTE);
        let client = service.bearer(&service.login_as_admin(&admin.email).await.access);
        let third = kid_of(&service.login_as_admin(&admin.email).await.access);
        assert_eq!(client.delete(&format!("/v1/admin/keys/{third}")).await.status, 204);
        assert_eq!(states(&service, &admin.email).await, ["removed", "retiring", "removed", "active"]);
    }
}
