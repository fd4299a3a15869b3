//! One list of paths and headers that get past gateways elsewhere. Every recipe answers it alike.

use super::upstream::values;
use super::{Kind, Scene};
use crate::support::raw;

/// Paths that some server reads as another path: without dot segments, with `\` as `/`, without
/// what stands behind a `;`, decoded twice.
const READ_IN_TWO_WAYS: [&str; 40] = [
    "/public/../things",
    "/public/..",
    "/public/.",
    "/public/...",
    "/public/a/../..",
    "/public/a/../../admin/x",
    "/public/..?x",
    "/public/%2e%2e/admin/x",
    "/public/.%2E/admin",
    "/public/%2E%2E?x=1",
    "/public/..%2fadmin",
    "/public%2f..%2fadmin",
    "/public%2Fx",
    "/public/..;/admin/x",
    "/public/..;a=b/admin/x",
    "/public;/../admin",
    "/admin;x/users",
    "/admin%3bx/users",
    "/public/..\\admin",
    "/public/..%5cadmin",
    "/public/..%5Cadmin",
    "/public/%252e%252e/admin",
    "/public/..%252fadmin",
    "/public/%c0%ae%c0%ae/admin",
    "/public/..%c0%afadmin",
    "/public/%00",
    "/public/x%0a",
    "/public/%0d%0ax",
    "/public/%",
    "/public/a%2",
    "/public/%zz",
    "/public/%u002e",
    "/public/x#/../admin",
    "//admin/x",
    "/public//x",
    "/./admin/x",
    "/x/../admin/x",
    "/x/..%2fadmin/x",
    "/../.well-known/jwks.json",
    "/..%2f..%2f.well-known/jwks.json",
];

/// Paths, and what nobody, Ada and somebody with the role `admin` are answered.
const DEMANDS: [(&str, [u16; 3]); 19] = [
    ("/public/", [200, 200, 200]),
    ("/public/page", [200, 200, 200]),
    ("/public/a/b.c/d~e/a..b/.well-known", [200, 200, 200]),
    ("/public/a%20b/%C3%A4?q=/../%2f%5c", [200, 200, 200]),
    ("/public/a+b@c,d=e!$'()*:&", [200, 200, 200]),
    // Public is what is written so, and nothing that looks like it.
    ("/public", [401, 200, 200]),
    ("/PUBLIC/x", [401, 200, 200]),
    ("/Public/", [401, 200, 200]),
    ("/publicity", [401, 200, 200]),
    ("/", [401, 200, 200]),
    ("/things", [401, 200, 200]),
    ("/administrators", [401, 200, 200]),
    ("/admin", [401, 403, 200]),
    ("/admin?x=1", [401, 403, 200]),
    ("/admin/", [401, 403, 200]),
    ("/admin/users", [401, 403, 200]),
    ("/ADMIN", [401, 403, 200]),
    ("/aDmin/users", [401, 403, 200]),
    ("/orders", [401, 200, 200]),
];

/// What a browser's first question has in it.
const PREFLIGHT: &str = "origin: https://app.example.org\r\naccess-control-request-method: PUT\r\n";

/// Headers by which a client says of the request what only a gateway may say.
const SAID_BY_GATEWAYS: [&str; 24] = [
    "Forwarded",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Method",
    "X-Forwarded-Port",
    "X-Forwarded-Prefix",
    "X-Forwarded-Proto",
    "X-Forwarded-Server",
    "X-Forwarded-Uri",
    "X-HTTP-Method",
    "X-HTTP-Method-Override",
    "X-Method-Override",
    "X-Original-Host",
    "X-Original-Method",
    "X-Original-URI",
    "X-Original-URL",
    "X-Real-IP",
    "X-Rewrite-URL",
    "X_Forwarded_For",
    "X.Forwarded.Host",
    "X-Forwarded_Proto",
    "X_HTTP_Method_Override",
    "X.Original-URL",
    "X_Real_IP",
];

fn bearer(access: &str) -> String {
    format!("authorization: Bearer {access}\r\n")
}

fn request(line: &str, lines: &str) -> String {
    format!("{line} HTTP/1.1\r\nhost: app.example.com\r\n{lines}connection: close\r\n\r\n")
}

/// Preflights of protected paths: the controller of ingress-nginx answers them itself.
fn preflight_status(kind: Kind) -> u16 {
    match kind {
        Kind::IngressNginx => 204,
        _ => 200,
    }
}

every_recipe! {
    async fn a_path_that_can_be_read_in_two_ways_is_refused(kind: Kind) {
        let scene = Scene::start(kind).await;
        let root = bearer(&scene.root().await.access);
        for path in READ_IN_TWO_WAYS {
            for (method, who) in [("GET", ""), ("GET", root.as_str()), ("OPTIONS", PREFLIGHT)] {
                let sent = request(&format!("{method} {path}"), who);
                let status = raw::status(&scene.client, sent.as_bytes()).await;
                assert_eq!(status, 400, "{method} {path}");
            }
        }
        assert_eq!(scene.upstream.reached(), 0);
    }

    // Refused, or what the decoded path demands.
    async fn a_letter_that_is_encoded_changes_no_demand(kind: Kind) {
        let scene = Scene::start(kind).await;
        let (ada, _) = scene.ada().await;
        let ada = bearer(&ada.access);
        for path in ["/%61dmin/x", "/%41DMIN/x", "/adm%69n", "/a%64min?x"] {
            for (who, statuses) in [("", [400, 401]), (ada.as_str(), [400, 403])] {
                let (status, told) = scene.talk(&request(&format!("GET {path}"), who)).await;
                assert!(statuses.contains(&status), "{path}: {status} {told}");
            }
        }
        assert_eq!(scene.upstream.reached(), 0);
    }

    async fn each_path_demands_the_same(kind: Kind) {
        let scene = Scene::start(kind).await;
        let (ada, root) = (scene.ada().await.0, scene.root().await);
        let who = [String::new(), bearer(&ada.access), bearer(&root.access)];
        for (path, statuses) in DEMANDS {
            for (who, expected) in std::iter::zip(&who, statuses) {
                let before = scene.upstream.reached();
                let (status, told) = scene.talk(&request(&format!("GET {path}"), who)).await;
                assert_eq!(status, expected, "{path}: {told}");
                assert_eq!(scene.upstream.reached() - before, usize::from(expected == 200), "{path}");
                if expected == 200 {
                    assert_eq!(told["target"], path);
                }
            }
        }
        let other = scene.other(&[("AUTH__TOKENS__SCOPE", "account")]).await;
        let less = bearer(&other.login(&ada.email).await.access);
        for path in ["/orders", "/orders/1", "/ORDERS/1"] {
            for (who, expected) in [("", 401), (less.as_str(), 403), (who[1].as_str(), 200)] {
                let (status, told) = scene.talk(&request(&format!("GET {path}"), who)).await;
                assert_eq!(status, expected, "{path}: {told}");
            }
        }
    }

    async fn a_preflight_is_answered_to_nobody(kind: Kind) {
        let scene = Scene::start(kind).await;
        for path in ["/things", "/admin/users", "/orders/1", "/public/page"] {
            let claim = format!("{PREFLIGHT}x-auth-subject: mallory\r\n");
            let (status, told) = scene.talk(&request(&format!("OPTIONS {path}"), &claim)).await;
            let expected = if path.starts_with("/public/") { 200 } else { preflight_status(kind) };
            assert_eq!(status, expected, "{path}");
            if status == 200 {
                assert_eq!(values(&told, "x-auth-subject"), [""; 0]);
            }
        }
    }

    // R3: what `Bearer T` has besides is no token, for whoever looks at it.
    async fn a_token_with_something_behind_it_is_none(kind: Kind) {
        let scene = Scene::start(kind).await;
        let (ada, _) = scene.ada().await;
        let good = &ada.access;
        for line in [
            format!("authorization: Bearer {good}, junk"), format!("authorization: Bearer {good},"),
            format!("authorization: Bearer {good} junk"), format!("authorization: junk, Bearer {good}"),
            format!("authorization: Bearer {good}, Bearer {good}"), format!("authorization: bearer\t{good}"),
        ] {
            let (status, told) = scene.talk(&request("GET /things", &format!("{line}\r\n"))).await;
            assert_eq!(status, 401, "{line}: {told}");
        }
        assert_eq!(scene.upstream.reached(), 0);
        for scheme in ["bearer", "BEARER", "Bearer "] {
            let line = format!("authorization: {scheme} {good}\r\n");
            assert_eq!(scene.talk(&request("GET /things", &line)).await.0, 200, "{scheme}");
        }
    }

    async fn a_client_takes_no_identity_away(kind: Kind) {
        let (scene, tap) = Scene::tapped(kind).await;
        let root = scene.root().await;
        let who = bearer(&root.access);
        for names in [
            "X-Auth-Subject, X-Auth-Roles", "close, x-auth-subject", "x-auth-roles, te",
            "X-Auth-Session\r\nconnection: X-Auth-Scope",
        ] {
            let lines = format!("{who}te: trailers\r\nconnection: {names}\r\n");
            let (status, told) = scene.talk(&request("GET /admin/x", &lines)).await;
            assert_eq!(status, 200, "{names}: {told}");
            assert_eq!(values(&told, "x-auth-subject"), [root.user.as_str()], "{names}");
            assert_eq!(values(&told, "x-auth-session"), [root.session.as_str()], "{names}");
            assert_eq!(values(&told, "x-auth-roles"), ["admin"], "{names}");
            assert_eq!(values(&told, "x-auth-scope"), ["account orders:write"], "{names}");
            // Nor at the next server.
            let connection = values(&told, "connection").join(",").to_lowercase();
            assert!(!connection.contains("x-"), "{names}: {connection}");
        }
        drop(tap);
    }

    // Another protocol on the connection would be past the gateway: h2c is how that is done elsewhere.
    async fn no_request_becomes_another_protocol(kind: Kind) {
        let (scene, tap) = Scene::tapped(kind).await;
        let (ada, _) = scene.ada().await;
        let h2c = "upgrade: h2c\r\nhttp2-settings: AAMAAABkAAQCAAAAAAIAAAAA\r\nconnection: upgrade, http2-settings\r\n";
        let socket = "upgrade: websocket\r\nsec-websocket-version: 13\r\n\
            sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nconnection: upgrade\r\n";
        for (path, who) in [("/public/page", String::new()), ("/things", bearer(&ada.access))] {
            for upgrade in [h2c, socket] {
                let lines = format!("{who}{upgrade}");
                let (status, _) = scene.talk(&request(&format!("GET {path}"), &lines)).await;
                assert!([200, 400, 403].contains(&status), "{path} {upgrade}: {status}");
                let heard = tap.heard().to_lowercase();
                assert!(!heard.contains("upgrade:"), "{heard}");
            }
        }
    }

    // I10, I18
    async fn a_client_says_nothing_in_the_gateways_name(kind: Kind) {
        let (scene, tap) = Scene::tapped(kind).await;
        let (ada, _) = scene.ada().await;
        let said: String = SAID_BY_GATEWAYS.iter().map(|name| format!("{name}: mallory\r\n")).collect();
        let who = bearer(&ada.access);
        for (line, who) in [("GET /things", who.as_str()), ("GET /public/page", ""), ("OPTIONS /public/page", PREFLIGHT)] {
            let (status, _) = scene.talk(&request(line, &format!("{who}{said}"))).await;
            assert_eq!(status, 200, "{line}");
            let heard = tap.heard();
            assert!(heard.contains(line) && !heard.contains("mallory"), "{heard}");
        }
    }

    async fn a_trailer_does_not_arrive(kind: Kind) {
        let (scene, tap) = Scene::tapped(kind).await;
        let (ada, _) = scene.ada().await;
        for announced in ["", "trailer: X-Auth-Subject\r\n"] {
            let lines = format!("{}{announced}transfer-encoding: chunked\r\n", bearer(&ada.access));
            let sent = request("POST /things", &lines);
            let sent = format!("{sent}5\r\nhello\r\n0\r\nX-Auth-Subject: mallory\r\n\r\n");
            let (status, told) = scene.talk(&sent).await;
            // HAProxy 2.6 can't drop trailers, so it takes no body that may have some.
            let expected = if kind == Kind::Haproxy { 411 } else { 200 };
            assert_eq!(status, expected, "{told}");
            let heard = tap.heard();
            assert!(!heard.contains("mallory"), "{heard}");
        }
    }

    async fn a_body_is_a_mebibyte_at_most(kind: Kind) {
        let scene = Scene::start(kind).await;
        let (ada, _) = scene.ada().await;
        let long = |length: usize| {
            let lines = format!("{}content-length: {length}\r\n", bearer(&ada.access));
            request("POST /things", &lines)
        };
        let whole = long(1 << 20) + &"x".repeat(1 << 20);
        assert_eq!(scene.talk(&whole).await.0, 200);
        let (status, told) = scene.talk(&long((1 << 20) + 1)).await;
        assert_eq!((status, scene.upstream.reached()), (413, 1), "{told}");
    }
}
