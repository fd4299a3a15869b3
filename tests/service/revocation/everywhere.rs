//! Two replicas: what one revokes, the other refuses at once.

use std::time::Instant;

use serde_json::json;

use super::{Pair, claim, logout, patch_user, sessions};

// L1: a revocation is known at every replica when it is answered
#[tokio::test(flavor = "multi_thread")]
async fn whatever_way_a_token_is_revoked_the_other_replica_refuses_it_at_once() {
    let pair = Pair::start().await;
    let (a, b, admin) = (&pair.a, &pair.b, &pair.admin);
    for way in ["logout", "jti", "sid", "sub", "disable", "delete"] {
        let email = format!("{way}@example.org");
        let [revoked, other] = sessions(a, &email, 2).await.try_into().expect("two");
        for tokens in [&revoked, &other] {
            assert_eq!(b.me(&tokens.access).await.status, 200);
        }
        let whole_account = ["sub", "disable", "delete"].contains(&way);
        match way {
            "logout" => logout(a, &revoked).await,
            "jti" => a.revoke(admin, way, &claim(&revoked.access, "jti")).await,
            "sid" => a.revoke(admin, way, &revoked.session).await,
            "sub" => a.revoke(admin, way, &revoked.user).await,
            "disable" => {
                patch_user(a, admin, &revoked.user, json!({ "disabled": true })).await;
            }
            _ => {
                let path = format!("/v1/admin/users/{}", revoked.user);
                let answer = a.bearer(&admin.access).delete(&path).await;
                assert_eq!(answer.status, 204, "{}", answer.text);
            }
        }
        let acknowledged = Instant::now();
        let first = b.me(&revoked.access).await;
        println!(
            "{way}: refused on the other replica {:?} after the answer",
            acknowledged.elapsed()
        );
        first.expect(401, "token_revoked");
        a.me(&revoked.access).await.expect(401, "token_revoked");
        match whole_account {
            true => drop(b.me(&other.access).await.expect(401, "token_revoked")),
            false => assert_eq!(b.me(&other.access).await.status, 200, "{way}"),
        }
        let refreshed = b.refresh(&revoked.refresh).await;
        match way {
            "jti" => assert_eq!(refreshed.status, 200, "a token is not its session"),
            _ => drop(refreshed.expect(401, "refresh_token_revoked")),
        }
    }
}

// Every protected call checks for revocation.
#[tokio::test(flavor = "multi_thread")]
async fn every_protected_route_refuses_a_revoked_token() {
    let pair = Pair::start().await;
    let revoked = pair.a.admin().await;
    logout(&pair.a, &revoked).await;
    let signed_in = pair.b.bearer(&revoked.access);
    for (path, method) in auth_service::http::routes::TABLE {
        let is_public = ["/.well-known", "/openapi", "/oauth"]
            .iter()
            .any(|start| path.starts_with(start))
            || ["/v1/signup", "/v1/login", "/v1/refresh", "/v1/logout"].contains(path);
        if !is_public {
            let path = path.replace("{id}", &revoked.user).replace("{kid}", "none");
            let answer = signed_in
                .send(method.parse().expect("a method"), &path, Some(json!({})))
                .await;
            assert_eq!(
                (answer.status, answer.code()),
                (401, "token_revoked"),
                "{method} {path}: {}",
                answer.text
            );
        }
    }
}
