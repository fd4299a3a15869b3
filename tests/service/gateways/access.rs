//! Who gets through, and as whom.

use crate::support::{Tokens, secrets};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::upstream::values;
use super::{Kind, Scene};

/// The token with another header, without a signature.
fn unsigned(access: &str, alg: &str) -> String {
    let claims = access.split('.').nth(1).expect("a JWT");
    let header = format!(r#"{{"alg":"{alg}","typ":"at+jwt"}}"#);
    format!("{}.{claims}.", URL_SAFE_NO_PAD.encode(header))
}

/// The token with another first byte of its signature.
fn forged(access: &str) -> String {
    let (signed, signature) = access.rsplit_once('.').expect("a JWT");
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    format!("{signed}.{first}{}", &signature[1..])
}

/// The token with another subject under the same signature.
fn altered(access: &str, tokens: &Tokens) -> String {
    let parts: Vec<&str> = access.split('.').collect();
    let claims = URL_SAFE_NO_PAD.decode(parts[1]).expect("base64url");
    let claims = String::from_utf8(claims).expect("JSON");
    let other = claims.replace(&tokens.user, "00000000-0000-7000-8000-000000000000");
    format!(
        "{}.{}.{}",
        parts[0],
        URL_SAFE_NO_PAD.encode(other),
        parts[2]
    )
}

every_gateway! {
    async fn a_good_token_passes_and_the_upstream_learns_whose_it_is(kind: Kind) {
        let scene = Scene::start(kind).await;
        let (ada, client) = scene.ada().await;
        let answer = client.get("/things?page=2").await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.body["target"], "/things?page=2");
        let told = |name| values(&answer.body, name);
        assert_eq!(told("x-auth-subject"), [ada.user.as_str()]);
        assert_eq!(told("x-auth-session"), [ada.session.as_str()]);
        assert_eq!(told("x-auth-scope"), ["account orders:write"]);
        let roles = told("x-auth-roles");
        assert!(roles.is_empty() || roles == [""], "{roles:?}");

        let root = scene.root().await;
        let answer = scene.client.bearer(&root.access).get("/things").await;
        assert_eq!(values(&answer.body, "x-auth-subject"), [root.user.as_str()]);
        assert_eq!(values(&answer.body, "x-auth-roles"), ["admin"]);
    }

    async fn without_a_token_there_is_a_challenge(kind: Kind) {
        let scene = Scene::start(kind).await;
        for path in ["/", "/things", "/admin/users", "/orders/1"] {
            let answer = scene.client.get(path).await;
            scene.stops(0, &answer, &[401], path);
            assert!(answer.header("www-authenticate").starts_with("Bearer"), "{:?}", answer.headers);
        }
    }

    // R1, R2, R3, R4
    async fn a_bad_token_is_stopped(kind: Kind) {
        let scene = Scene::start(kind).await;
        let (ada, _) = scene.ada().await;
        let elsewhere = scene.other(&[("AUTH__TOKENS__AUDIENCE", "other")]).await;
        let stranger = elsewhere.login(&ada.email).await.access;
        let good = &ada.access;
        let mut bad = vec![
            ("altered", altered(good, &ada)),
            ("forged", forged(good)),
            ("for another audience", stranger),
            ("a refresh token", ada.refresh.clone()),
            ("not a token", "x".into()),
            ("two of them", format!("{good} {good}")),
            ("cut short", good[..good.len() - 2].into()),
            ("without a signature", good[..=good.rfind('.').unwrap()].into()),
        ];
        for alg in ["none", "None", "NONE", "nOnE"] {
            bad.push((alg, unsigned(good, alg)));
        }
        for (what, token) in bad {
            secrets::note(&token);
            let answer = scene.client.bearer(&token).get("/things").await;
            scene.stops(0, &answer, &[401], what);
        }
        let twice = scene.client.bearer(good).bearer(good).get("/things").await;
        scene.stops(0, &twice, &[400, 401], "two headers");
        let other_scheme = scene.client.with("authorization", &format!("Basic {good}"));
        scene.stops(0, &other_scheme.get("/things").await, &[401], "another scheme");
    }

    // R4
    async fn an_expired_token_is_stopped(kind: Kind) {
        let scene = Scene::start(kind).await;
        let brief = scene.other(&[("AUTH__TOKENS__ACCESS_TTL", "10s")]).await;
        let token = brief.signup("ada@example.org").await.access;
        let client = scene.client.bearer(&token);
        assert_eq!(client.get("/things").await.status, 200);
        // Its life, the leeway of a second, and one for the clocks.
        tokio::time::sleep(Duration::from_secs(12)).await;
        scene.stops(1, &client.get("/things").await, &[401], "an expired token");
    }
}
