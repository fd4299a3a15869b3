//! Tokens in a cookie: for browsers, and so only for requests that their own site makes. // R19

use crate::support::{Client, raw};

use super::upstream::values;
use super::{Kind, Scene};

const SETTINGS: [(&str, &str); 2] = [
    ("AUTH__FORWARD_AUTH__COOKIE", "__Host-access"),
    ("AUTH__FORWARD_AUTH__ORIGINS", "https://app.example.org"),
];

/// A browser that holds the token.
fn browser(scene: &Scene, access: &str) -> Client {
    scene
        .client
        .with("cookie", &format!("theme=dark; __Host-access={access}"))
}

async fn post(client: &Client) -> crate::support::Answer {
    raw::send(client, "POST", "/things", Some("text/plain"), "hello").await
}

asking_gateways! {
    async fn a_cookie_is_taken_where_it_is_set_up(kind: Kind) {
        let scene = Scene::with(kind, &SETTINGS).await;
        let (ada, bearer) = scene.ada().await;
        let browser = browser(&scene, &ada.access);
        let answer = browser.get("/things").await;
        assert_eq!((answer.status, values(&answer.body, "x-auth-subject")), (200, vec![ada.user.as_str()]));
        assert_eq!(bearer.get("/things").await.status, 200);

        let both = browser.bearer("x").get("/things").await;
        scene.stops(2, &both, &[401], "a bad header beside a good cookie");
        let twice = browser.with("cookie", &format!("__Host-access={}", ada.access));
        scene.stops(2, &twice.get("/things").await, &[401], "two cookies");
    }

    async fn a_cookie_is_nothing_where_it_is_not_set_up(kind: Kind) {
        let scene = Scene::start(kind).await;
        let (ada, _) = scene.ada().await;
        let answer = browser(&scene, &ada.access).get("/things").await;
        scene.stops(0, &answer, &[401], "a cookie");
    }

    async fn another_site_can_not_act_with_it(kind: Kind) {
        let scene = Scene::with(kind, &SETTINGS).await;
        let (ada, bearer) = scene.ada().await;
        let browser = browser(&scene, &ada.access);
        let foreign = browser.with("origin", "https://evil.example");
        let other_site = foreign.with("sec-fetch-site", "cross-site");
        let pretends = other_site
            .with("x-forwarded-method", "GET")
            .with("x-original-method", "GET")
            .with("x-http-method-override", "GET");
        let refused = [
            ("nothing", browser.clone()),
            ("a foreign origin", foreign.clone()),
            ("a foreign origin and Sec-Fetch-Site", other_site),
            ("the same with GET in other headers", pretends),
            ("a neighbour", browser.with("sec-fetch-site", "same-site")),
            ("no origin", browser.with("origin", "null")),
        ];
        for (what, client) in refused {
            scene.stops(0, &post(&client).await, &[403], what);
        }
        for (what, client) in [
            ("its own site", browser.with("sec-fetch-site", "same-origin")),
            ("its own origin", browser.with("origin", "https://app.example.org")),
            ("no cookie", bearer.with("origin", "https://evil.example")),
        ] {
            let answer = post(&client).await;
            assert_eq!((answer.status, &answer.body["body"]), (200, &"hello".into()), "{what}: {}", answer.text);
        }
    }
}
