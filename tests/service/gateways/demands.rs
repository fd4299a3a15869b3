//! What a path demands: a role, a scope, or nothing.

use super::upstream::values;
use super::{Kind, Scene};

every_gateway! {
    async fn a_role_is_demanded(kind: Kind) {
        let scene = Scene::start(kind).await;
        let (_, ada) = scene.ada().await;
        let root = scene.client.bearer(&scene.root().await.access);
        scene.stops(0, &ada.get("/admin/users").await, &[403], "nobody's role");
        let answer = root.get("/admin/users").await;
        assert_eq!((answer.status, values(&answer.body, "x-auth-roles")), (200, vec!["admin"]));
    }

    async fn a_scope_is_demanded(kind: Kind) {
        let scene = Scene::start(kind).await;
        let (ada, client) = scene.ada().await;
        assert_eq!(client.get("/orders/1").await.status, 200);
        for scope in ["account", "orders:write.all", "xorders:write account"] {
            let other = scene.other(&[("AUTH__TOKENS__SCOPE", scope)]).await;
            let less = other.login(&ada.email).await.access;
            let answer = scene.client.bearer(&less).get("/orders/1").await;
            scene.stops(1, &answer, &[403], scope);
        }
    }

    async fn a_request_does_not_change_what_is_demanded_of_it(kind: Kind) {
        let scene = Scene::start(kind).await;
        let (_, ada) = scene.ada().await;
        let generous = ada
            .with("x-auth-require-role", "")
            .with("x-auth-require-scope", "account")
            .with("x-forwarded-uri", "/things")
            .with("x-original-url", "/things");
        for path in ["/admin/users?role=", "/admin/users?role=user&scope=account", "/admin/users?"] {
            scene.stops(0, &generous.get(path).await, &[400, 403], path);
        }
        // Nor does its own query count as a demand.
        for query in ["role=admin", "scope=x&scope=y", "unknown=1", "role="] {
            let answer = ada.get(&format!("/things?{query}")).await;
            assert_eq!(answer.status, 200, "{query}: {}", answer.text);
            assert_eq!(answer.body["target"], format!("/things?{query}"));
        }
    }

    async fn what_is_public_needs_no_token(kind: Kind) {
        let scene = Scene::start(kind).await;
        let answer = scene.client.get("/public/page").await;
        assert_eq!((answer.status, &answer.body["target"]), (200, &"/public/page".into()));
        let with_a_bad_one = scene.client.bearer("x").get("/public/page").await;
        assert_eq!(with_a_bad_one.status, 200);
    }

    // A path that leads out of /public/ for the upstream is not public for the gateway.
    async fn a_path_does_not_climb_over_the_demands(kind: Kind) {
        let scene = Scene::start(kind).await;
        let (ada, _) = scene.ada().await;
        let paths = [
            "/public/../things", "/public/%2e%2e/things", "/public/.%2E/things",
            "/public/..%2fthings", "/public%2f..%2fthings", "/public%2F%2e%2e%2Fthings",
            "/public/./../things", "/public//../../things", "//things", "/./things",
            "/../.well-known/jwks.json", "/../../.well-known/jwks.json",
            "/%2e%2e/%2e%2e/.well-known/jwks.json", "/..%2f..%2f.well-known/jwks.json",
        ];
        for path in paths {
            let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
            let (status, told) = scene.talk(&request).await;
            assert!([400, 401, 404].contains(&status), "{path}: {status} {told}");
        }
        for path in ["/public/../admin/x", "/x/../admin/x", "//admin/x", "/%61dmin/x", "/x/..%2fadmin/x"] {
            let token = &ada.access;
            let request = format!(
                "GET {path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
            );
            let (status, told) = scene.talk(&request).await;
            assert!([400, 403].contains(&status), "{path}: {status} {told}");
        }
        assert_eq!(scene.upstream.reached(), 0);
    }
}
