//! HAProxy verifies by itself, with the keys that `haproxy-keys` brings.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use reqwest::Method;

use super::gateway::update_keys;
use super::rotation::{SETTINGS, rotate, until_another_key_signs};
use super::{Kind, Scene};

fn held(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let files = entries.map(|entry| entry.expect("an entry").path());
    let named = |path: &Path| {
        path.file_name()
            .map(|name| name.to_string_lossy().into_owned())
    };
    files
        .filter_map(|path| Some((named(&path)?, std::fs::read(&path).ok()?)))
        .collect()
}

// What the README says of it: it knows of no revocation, and needs no service.
#[tokio::test(flavor = "multi_thread")]
async fn it_knows_of_no_revocation_and_needs_no_service() {
    let mut scene = Scene::start(Kind::Haproxy).await;
    let (ada, client) = scene.ada().await;
    let out = scene.service.bearer(&ada.access);
    assert_eq!(out.send(Method::POST, "/v1/logout", None).await.status, 204);
    assert_eq!(client.get("/things").await.status, 200);
    scene.service.signal("KILL");
    scene.service.wait(Duration::from_secs(10)).await;
    assert_eq!(client.get("/things").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_removed_ends_with_the_next_run_of_the_timer() {
    let scene = Scene::with(Kind::Haproxy, &SETTINGS).await;
    let (ada, client) = scene.ada().await;
    rotate(&scene, Kind::Haproxy).await;
    let now = until_another_key_signs(&scene, &ada).await;
    assert_eq!(client.get("/things").await.status, 200);

    let admin = (scene.service.login_as_admin(super::scene::ADMINISTRATOR)).await;
    let admin = scene.service.bearer(&admin.access);
    let keys = admin.get("/v1/admin/keys").await;
    let mut old = keys.body.as_array().expect("keys").iter();
    let old = old.rfind(|key| key["state"] == "retiring");
    let old = old.expect("the old key");
    let path = format!("/v1/admin/keys/{}", old["kid"].as_str().expect("a kid"));
    let removed = admin.delete(&path).await;
    assert!(removed.status < 300, "{}", removed.text);

    let (keys, reload) = (scene.gateway.keys(), scene.gateway.reload());
    update_keys(scene.port, &keys, &["--reload", &reload]).expect("fewer keys");
    let mut answer = client.get("/things").await;
    for _ in 0..100 {
        if answer.status != 200 {
            break;
        }
        // The old workers serve on until the new ones listen.
        tokio::time::sleep(Duration::from_millis(100)).await;
        answer = client.get("/things").await;
    }
    assert_eq!(answer.status, 401);
    assert_eq!(
        scene.client.bearer(&now.access).get("/things").await.status,
        200
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_stay_as_they_are_when_there_are_no_better_ones() {
    let mut scene = Scene::start(Kind::Haproxy).await;
    let (keys, log) = (
        scene.gateway.keys(),
        scene.database.folder.path().join("told"),
    );
    let note = format!("echo told >>'{}'", log.display());
    let before = held(&keys);
    assert_eq!(
        before.len(),
        4,
        "a key, two maps, what loads it: {:?}",
        before.keys()
    );

    update_keys(scene.port, &keys, &["--reload", &note]).expect("the same keys");
    assert!(!log.exists(), "nothing changed, so nothing is told");

    let elsewhere = Scene::start(Kind::Haproxy).await;
    let refused = update_keys(
        elsewhere.port,
        &keys,
        &["--check", "false", "--reload", &note],
    );
    assert!(refused.is_err_and(|said| said.contains("stay as they are")));
    assert_eq!(
        held(&keys),
        before,
        "a check that fails brings the old keys back"
    );
    assert!(!log.exists());

    scene.service.signal("KILL");
    scene.service.wait(Duration::from_secs(10)).await;
    assert!(update_keys(scene.port, &keys, &["--reload", &note]).is_err());
    assert_eq!(held(&keys), before);

    update_keys(
        elsewhere.port,
        &keys,
        &["--check", "true", "--reload", &note],
    )
    .expect("other keys");
    assert_ne!(held(&keys), before);
    assert!(log.exists(), "what changed is told");
}

// R5, R6: HAProxy can't verify EdDSA, and is told so rather than started without a key.
#[tokio::test(flavor = "multi_thread")]
async fn rs256_works_and_eddsa_is_named() {
    let settings = [("AUTH__KEYS__ALGORITHM", "RS256")];
    let scene = Scene::with(Kind::Haproxy, &settings).await;
    let (_, client) = scene.ada().await;
    assert_eq!(client.get("/things").await.status, 200);

    let other = Scene::with(Kind::Nginx, &[("AUTH__KEYS__ALGORITHM", "EdDSA")]).await;
    let refused = update_keys(other.port, &scene.gateway.keys(), &[]);
    assert!(refused.is_err_and(|said| said.contains("EdDSA")));
}
