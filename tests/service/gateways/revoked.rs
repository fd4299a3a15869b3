//! A gateway that asks refuses what was revoked, from the answer of the revocation on.

use reqwest::Method;
use serde_json::json;

use super::{Kind, Scene};

asking_gateways! {
    async fn a_token_ends_with_its_session(kind: Kind) {
        let scene = Scene::start(kind).await;
        let (ada, client) = scene.ada().await;
        assert_eq!(client.get("/things").await.status, 200);
        let out = scene.service.bearer(&ada.access).send(Method::POST, "/v1/logout", None).await;
        assert_eq!(out.status, 204, "{}", out.text);
        scene.stops(1, &client.get("/things").await, &[401], "after the log-out");
    }

    async fn a_token_ends_when_an_admin_says_so(kind: Kind) {
        let scene = Scene::start(kind).await;
        let (ada, client) = scene.ada().await;
        let other = scene.service.login(&ada.email).await;
        let admin = scene.service.bearer(&scene.administrator().await.access);
        assert_eq!(client.get("/things").await.status, 200);

        let body = json!({ "sid": ada.session });
        let done = admin.post("/v1/admin/revocations", body).await;
        assert_eq!(done.status, 204, "{}", done.text);
        scene.stops(1, &client.get("/things").await, &[401], "its session was revoked");

        let elsewhere = scene.client.bearer(&other.access);
        assert_eq!(elsewhere.get("/things").await.status, 200);
        let user = format!("/v1/admin/users/{}", ada.user);
        let done = admin.patch(&user, json!({ "disabled": true })).await;
        assert_eq!(done.status, 200, "{}", done.text);
        scene.stops(2, &elsewhere.get("/things").await, &[401], "its owner was disabled");
    }
}
