//! The snapshot, and where the feed can be had.

use serde_json::json;

use super::{claim, logout, patch_user, sessions};
use crate::support::{Service, both};

both! {
    // The snapshot has a position to follow from.
    async fn the_snapshot_holds_what_counts_and_where_to_go_on(backend: Backend) {
        let service = Service::start(backend).await;
        let admin = service.admin().await;
        let before = service.get_internal("/v1/revocations").await.body["position"].clone();
        let user = service.signup("ada@example.org").await;
        let jti = claim(&user.access, "jti");
        service.revoke(&admin, "jti", &jti).await;
        patch_user(&service, &admin, &user.user, json!({ "roles": ["editor"] })).await;
        logout(&service, &user).await;

        let snapshot = service.get_internal("/v1/revocations").await.expect(200, "");
        assert_eq!(snapshot.body["position"].as_i64(), before.as_i64().map(|position| position + 3));
        let entries = snapshot.body["entries"].as_array().expect("a list");
        let settings = &service.ctx.settings;
        let life = settings.tokens.access_ttl + settings.revocation.max_leeway + settings.database.statement_timeout;
        let expires_at = service.clock.now().plus(life).as_secs();
        for entry in [
            json!({ "kind": "jti", "value": jti, "expires_at": expires_at }),
            json!({ "kind": "stale", "value": user.user, "ver": 2, "expires_at": expires_at }),
            json!({ "kind": "sid", "value": user.session, "expires_at": expires_at }),
        ] {
            assert!(entries.contains(&entry), "{entry} in {}", snapshot.text);
        }
    }

    // L8: the feed is bounded by the life of an access token.
    async fn dead_entries_leave_the_feed_and_the_mirror(backend: Backend) {
        let service = Service::start(backend).await;
        let [first, second] = sessions(&service, "ada@example.org", 2).await.try_into().expect("two");
        logout(&service, &first).await;
        service.advance(400);
        let late = service.refresh(&second.refresh).await.tokens();
        logout(&service, &late).await;
        let entries = async || {
            let body = service.get_internal("/v1/revocations").await.body;
            service.ctx.revocations.forget_dead();
            let listed = body["entries"].as_array().map(Vec::len);
            assert_eq!(listed, Some(service.ctx.revocations.size()));
            (service.ctx.revocations.size(), body["position"].as_i64())
        };
        assert_eq!(entries().await, (2, Some(2)));
        // 10 min, a leeway of 1 min and 5 s for what was in flight.
        service.advance(664 - 400);
        assert_eq!(entries().await, (2, Some(2)));
        service.advance(1);
        assert_eq!(entries().await, (1, Some(2)));
        service.me(&late.access).await.expect(401, "token_revoked");
        service.advance(400);
        assert_eq!(entries().await, (0, Some(2)));
        service.me(&late.access).await.expect(401, "token_expired");
    }

    async fn each_listener_has_its_own_routes_alone(backend: Backend) {
        let service = Service::start(backend).await;
        for path in ["/v1/revocations", "/v1/revocations/stream", "/livez", "/readyz", "/metrics"] {
            service.get(path).await.expect(404, "not_found");
        }
        for path in ["/v1/me", "/v1/admin/users", "/.well-known/jwks.json", "/openapi.json", "/docs"] {
            service.get_internal(path).await.expect(404, "not_found");
        }
        assert_eq!(service.get_internal("/livez").await.status, 200);
        assert_eq!(service.get_internal("/v1/revocations").await.status, 200);
    }

    async fn a_malformed_position_is_a_problem(backend: Backend) {
        let service = Service::start(backend).await;
        for bad in ["x", "1.5", "0x10", "99999999999999999999", "1 2", "-", "\u{e9}"] {
            let client = service.with("last-event-id", bad);
            let answer = client.get_internal("/v1/revocations/stream").await.expect(422, "validation_failed");
            assert_eq!(answer.body["errors"][0]["field"], "last-event-id");
            assert_eq!(answer.header("content-type"), "application/problem+json");
        }
    }
}
