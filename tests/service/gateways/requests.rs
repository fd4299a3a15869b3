//! What passes stays as it was: method, target, body. And a browser's first question.

use reqwest::Method;
use serde_json::json;

use super::upstream::values;
use super::{Kind, Scene};
use crate::support::raw;

every_gateway! {
    async fn method_target_and_body_arrive_as_they_were_sent(kind: Kind) {
        let scene = Scene::start(kind).await;
        let (_, ada) = scene.ada().await;
        for size in [0, 1, 16 * 1024, 300 * 1024] {
            let body: String = "0123456789".chars().cycle().take(size).collect();
            for method in ["POST", "PUT", "PATCH", "DELETE"] {
                let target = "/things/a%20b?q=%2F&q=ä".replace('ä', "%C3%A4");
                let answer = raw::send(&ada, method, &target, Some("text/plain"), body.clone()).await;
                assert_eq!(answer.status, 200, "{method} {size}: {}", answer.text);
                assert_eq!(answer.body["method"], method);
                assert_eq!(answer.body["target"], target);
                assert!(answer.body["body"] == body, "{method}: {size} bytes arrived changed");
            }
        }
        assert_eq!(ada.send(Method::HEAD, "/things", None).await.status, 200);
    }

    async fn a_body_of_unknown_length_arrives(kind: Kind) {
        let scene = Scene::start(kind).await;
        let (ada, _) = scene.ada().await;
        let request = format!(
            "POST /things HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\
             Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
            ada.access
        );
        let (status, told) = scene.talk(&request).await;
        if kind == Kind::Haproxy {
            assert_eq!((status, scene.upstream.reached()), (411, 0), "{told}");
            return;
        }
        assert_eq!((status, &told["body"]), (200, &json!("hello world")), "{told}");
    }

    async fn a_refused_body_is_not_handed_on(kind: Kind) {
        let scene = Scene::start(kind).await;
        let answer = raw::send(&scene.client, "POST", "/things", None, "hello").await;
        scene.stops(0, &answer, &[401], "a body without a token");
    }

    async fn a_browsers_preflight_passes_as_nobodys(kind: Kind) {
        let scene = Scene::start(kind).await;
        let browser = scene.client.with("origin", "https://app.example.org");
        let asks = browser.with("access-control-request-method", "DELETE");
        for path in ["/things", "/admin/users"] {
            let answer = asks.send(Method::OPTIONS, path, None).await;
            assert_eq!((answer.status, &answer.body["method"]), (200, &json!("OPTIONS")));
            assert_eq!(values(&answer.body, "x-auth-subject"), [""; 0]);
        }
        // Nothing else does so by looking similar.
        let other = browser.send(Method::OPTIONS, "/things", None).await;
        scene.stops(2, &other, &[401], "OPTIONS that is no preflight");
        let nobodys = scene.client.with("access-control-request-method", "DELETE");
        let other = nobodys.send(Method::OPTIONS, "/things", None).await;
        scene.stops(2, &other, &[401], "a preflight from nowhere");
        scene.stops(2, &asks.get("/things").await, &[401], "GET with its headers");
    }
}
