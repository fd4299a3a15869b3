//! Several reasons against one token, and tokens of one kind where another is asked for.

use auth_service::accounts::Patch;
use auth_service::ctx::Ctx;
use auth_service::tokens::{self, Demand, TokenError};
use auth_service::{accounts, app, sessions};
use kernel::{audit::Actor, caller::Caller};
use reqwest::Method;
use serde_json::json;

use super::{claim, logout};
use crate::support::{Service, Tokens, both};

const KINDS: [&str; 5] = ["sub", "stale", "sid", "jti", "kid"];

fn kid(access: &str) -> String {
    use base64::Engine;
    let header = access.split('.').next().expect("a header");
    let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(header);
    let header: serde_json::Value =
        serde_json::from_slice(&header.expect("base64url")).expect("JSON");
    header["kid"].as_str().expect("a kid").to_owned()
}

/// Revokes `tokens` in one of the five ways.
async fn revoke(ctx: &Ctx, kind: &str, tokens: &Tokens) {
    let (actor, origin) = (Actor::Operator, Caller::default());
    let id = |text: &str| text.parse().expect("an identifier");
    let (user, session) = (id(&tokens.user), id(&tokens.session));
    match kind {
        "sub" => sessions::end_all(ctx, user, actor, &origin)
            .await
            .expect(kind),
        "sid" => drop(
            sessions::end(ctx, user, session, actor, &origin)
                .await
                .expect(kind),
        ),
        "jti" => {
            let jti = id(&claim(&tokens.access, "jti"));
            tokens::revoke(ctx, jti, actor, &origin).await.expect(kind);
        }
        "kid" => ctx
            .keyring
            .remove(&kid(&tokens.access), actor, &origin)
            .await
            .expect(kind),
        _ => {
            let roles = Some(vec!["editor".into()]);
            let patch = Patch {
                roles,
                ..Patch::default()
            };
            accounts::update(ctx, user, patch, actor, &origin)
                .await
                .expect(kind);
        }
    }
}

async fn verdict(ctx: &Ctx, tokens: &Tokens) -> &'static str {
    let demand = Demand {
        audience: &ctx.settings.tokens.audience,
        scope: None,
        role: None,
        proved_within: None,
    };
    match tokens::authenticate(ctx, &tokens.access, &demand).await {
        Ok(_) => "accepted",
        Err(TokenError::Revoked | TokenError::Invalid("unknown_key")) => "revoked",
        Err(TokenError::Stale) => "stale",
        Err(other) => panic!("{other}"),
    }
}

both! {
    // I28: no reason hides another, in either order, in the mirror and in the database alike.
    async fn every_pair_of_reasons_in_both_orders(backend: Backend) {
        let service = Service::start(backend).await;
        // Opened and not run, so its mirror is soon too old to be believed.
        let settings = service.ctx.settings.clone();
        let lone = app::open(settings, service.clock.clone(), kernel::entropy::Entropy::system()).await.expect("opens");
        tokio::time::sleep(lone.settings.revocation.max_lag).await;
        for first in KINDS {
            for second in KINDS {
                // What was removed, or ended, is so once.
                if first == second && ["kid", "sid"].contains(&first) {
                    continue;
                }
                let email = format!("{first}-{second}@example.org");
                service.advance(2);
                let old = service.signup(&email).await;
                revoke(&service.ctx, first, &old).await;
                let between = service.login(&email).await;
                revoke(&service.ctx, second, &old).await;
                let new = service.login(&email).await;

                let only_stale = (first, second) == ("stale", "stale");
                let one_key = first != "kid" && second == "kid";
                let expected = [
                    (&old, if only_stale { "stale" } else { "revoked" }),
                    (&between, match second {
                        "sub" => "revoked",
                        _ if one_key => "revoked",
                        "stale" => "stale",
                        _ => "accepted",
                    }),
                    (&new, "accepted"),
                ];
                for (at, (tokens, expected)) in expected.into_iter().enumerate() {
                    let what = format!("{first}, then {second}: token {at}");
                    assert_eq!(verdict(&service.ctx, tokens).await, expected, "{what}, by the mirror");
                    assert!(!lone.revocations.is_fresh());
                    assert_eq!(verdict(&lone, tokens).await, expected, "{what}, by the database");
                }
            }
        }
    }

    // I5
    async fn nothing_is_accepted_where_something_else_is_asked_for(backend: Backend) {
        let service = Service::start(backend).await;
        let (admin, tokens) = (service.admin().await, service.signup("ada@example.org").await);
        let jti = claim(&tokens.access, "jti");
        let refresh_alone = tokens.refresh.trim_start_matches("rt_");
        for bearer in [&tokens.refresh, &tokens.session, &tokens.user, &jti, refresh_alone] {
            service.me(bearer).await.expect(401, "token_invalid");
            let signed_in = service.bearer(bearer);
            signed_in.send(Method::POST, "/v1/logout", None).await.expect(401, "token_invalid");
        }
        for refresh in [&tokens.access, &tokens.session, &tokens.user, &jti, refresh_alone] {
            service.refresh(refresh).await.expect(401, "refresh_token_invalid");
            let body = json!({ "refresh_token": refresh });
            service.post("/v1/logout", body).await.expect(401, "refresh_token_invalid");
        }
        // An identifier revokes only what it was given as.
        for (kind, value) in [
            ("jti", &tokens.session), ("jti", &tokens.user),
            ("sid", &jti), ("sid", &tokens.user),
            ("sub", &jti), ("sub", &tokens.session),
        ] {
            service.revoke(&admin, kind, value).await;
        }
        let path = format!("/v1/me/sessions/{jti}");
        assert_eq!(service.bearer(&tokens.access).delete(&path).await.status, 204);
        service.me(&tokens.access).await.expect(200, "");
        service.refresh(&tokens.refresh).await.expect(200, "");
        for (kind, value) in [("jti", &tokens.refresh), ("sid", &tokens.refresh), ("sub", &tokens.access)] {
            let body = json!({ kind: value });
            let answer = service.bearer(&admin.access).post("/v1/admin/revocations", body).await;
            assert_eq!(answer.status, 422, "{}", answer.text);
        }
        // Nobody ends a session that is not theirs.
        let other = service.signup("grace@example.org").await;
        let path = format!("/v1/me/sessions/{}", tokens.session);
        assert_eq!(service.bearer(&other.access).delete(&path).await.status, 204);
        service.me(&tokens.access).await.expect(200, "");
        logout(&service, &tokens).await;
        service.me(&tokens.access).await.expect(401, "token_revoked");
    }
}
