//! A refresh gives what the account is now, and an access token says no more than that.

use std::time::Duration;

use serde_json::{Value, json};

use super::{claims, eventually, patch_user, sessions};
use crate::support::{PASSWORD, Service, both};

both! {
    // I6, R20
    async fn disabling_ends_everything_and_enabling_brings_nothing_back(backend: Backend) {
        let service = Service::start(backend).await;
        let admin = service.admin().await;
        let all = sessions(&service, "ada@example.org", 2).await;
        let user = all[0].user.clone();
        let refused = async |when: &str| {
            for tokens in &all {
                let me = service.me(&tokens.access).await;
                assert_eq!((me.status, me.code()), (401, "token_revoked"), "{when}");
                let refreshed = service.refresh(&tokens.refresh).await;
                assert_eq!((refreshed.status, refreshed.code()), (401, "refresh_token_revoked"), "{when}");
            }
        };
        patch_user(&service, &admin, &user, json!({ "disabled": true })).await;
        refused("disabled").await;
        let body = json!({ "email": "ada@example.org", "password": PASSWORD });
        service.post("/v1/login", body).await.expect(401, "invalid_credentials");

        patch_user(&service, &admin, &user, json!({ "disabled": false })).await;
        refused("enabled again").await;
        let new = service.login("ada@example.org").await;
        service.me(&new.access).await.expect(200, "");
        let refreshed = service.refresh(&new.refresh).await.tokens();
        service.me(&refreshed.access).await.expect(200, "");
        refused("signed in again").await;
    }

    // I6: stale claims take a refresh, not a sign-in
    async fn changed_roles_make_old_tokens_stale_everywhere_and_end_no_session(backend: Backend) {
        let a = Service::start(backend).await;
        let b = a.replica().await;
        let admin = a.admin().await;
        let all = sessions(&a, "ada@example.org", 2).await;
        for (patch, roles) in [
            (json!({ "roles": ["editor"] }), json!(["editor"])),
            (json!({ "roles": [] }), Value::Null),
            (json!({ "claims": { "plan": "gold" } }), Value::Null),
        ] {
            let before = a.login("ada@example.org").await;
            patch_user(&a, &admin, &all[0].user, patch).await;
            let stale = a.me(&before.access).await.expect(401, "claims_stale");
            assert_eq!(stale.header("www-authenticate"), r#"Bearer error="invalid_token""#);
            eventually("it is stale there", async || b.me(&before.access).await.code() == "claims_stale").await;
            let after = b.refresh(&before.refresh).await.tokens();
            assert_eq!(claims(&after.access)["roles"], roles);
            a.me(&after.access).await.expect(200, "");
            b.me(&after.access).await.expect(200, "");
            let admin_route = a.bearer(&after.access).get("/v1/admin/users").await;
            admin_route.expect(403, "forbidden");
        }
        for tokens in &all {
            a.me(&tokens.access).await.expect(401, "claims_stale");
            let after = a.refresh(&tokens.refresh).await.tokens();
            assert_eq!(claims(&after.access)["plan"], "gold");
            a.me(&after.access).await.expect(200, "");
        }
        // A name is no claim.
        let patch = json!({ "name": "Ada" });
        let tokens = a.login("ada@example.org").await;
        patch_user(&a, &admin, &tokens.user, patch).await;
        a.me(&tokens.access).await.expect(200, "");
    }

    // I6: a role that was taken away opens nothing, not even for what the token still has to live.
    async fn an_admin_who_is_one_no_more_is_refused_at_once(backend: Backend) {
        let service = Service::start(backend).await;
        let (admin, former) = (service.admin().await, service.admin().await);
        patch_user(&service, &admin, &former.user, json!({ "roles": [] })).await;
        let signed_in = service.bearer(&former.access);
        signed_in.get("/v1/admin/users").await.expect(401, "claims_stale");
        let refreshed = service.refresh(&former.refresh).await.tokens();
        service.bearer(&refreshed.access).get("/v1/admin/users").await.expect(403, "forbidden");
    }

    // Issue item 6: log out everywhere
    async fn logging_out_everywhere_is_one_entry_for_all_sessions(backend: Backend) {
        let service = Service::start(backend).await;
        let all = sessions(&service, "ada@example.org", 5).await;
        let other = service.signup("grace@example.org").await;
        let signed_in = service.bearer(&all[0].access);
        assert_eq!(signed_in.delete("/v1/me/sessions").await.status, 204);
        for tokens in &all {
            service.me(&tokens.access).await.expect(401, "token_revoked");
            service.refresh(&tokens.refresh).await.expect(401, "refresh_token_revoked");
        }
        service.me(&other.access).await.expect(200, "");
        let snapshot = service.get_internal("/v1/revocations").await;
        assert_eq!(snapshot.body["entries"].as_array().map(Vec::len), Some(1), "{}", snapshot.text);
        let again = service.login("ada@example.org").await;
        service.me(&again.access).await.expect(200, "");
    }

    // R20, I6: an access token can outlive its session's absolute end; a change of password
    // still ends it.
    async fn a_changed_password_ends_the_tokens_of_sessions_that_expired_a_moment_ago(backend: Backend) {
        let service = Service::with(backend, |settings| {
            settings.refresh.absolute_ttl = Duration::from_secs(3600);
            settings.refresh.idle_ttl = Duration::from_secs(3600);
        })
        .await;
        let old = service.signup("ada@example.org").await;
        service.advance(3599);
        let last = service.refresh(&old.refresh).await.tokens();
        let kept = service.login("ada@example.org").await;
        service.advance(2);
        service.refresh(&last.refresh).await.expect(401, "refresh_token_expired");
        service.me(&last.access).await.expect(200, "");
        let body = json!({ "current_password": PASSWORD, "new_password": "another lovelace entirely" });
        let changed = service.bearer(&kept.access).post("/v1/me/password", body).await;
        assert_eq!(changed.status, 204, "{}", changed.text);
        service.me(&last.access).await.expect(401, "token_revoked");
        service.me(&kept.access).await.expect(200, "");
    }
}
