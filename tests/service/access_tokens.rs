//! What an access token says, where libraries of others stumble over it.

use kernel::clock::Clock;
use kernel::config::{KeyAlgorithm, TokenType};
use serde_json::{Value, json};
use std::sync::Arc;

use crate::revocation::claims;
use crate::support::database::Database;
use crate::support::service::START;
use crate::support::{PASSWORD, Service, both};

fn typ(access: &str) -> Value {
    use base64::Engine;
    let header = access.split('.').next().expect("a header");
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(header);
    let header: Value = serde_json::from_slice(&bytes.expect("base64url")).expect("JSON");
    header["typ"].clone()
}

both! {
    // Some readers refuse an empty list; all take what is absent for empty.
    async fn an_account_without_roles_has_no_such_claim(backend: Backend) {
        let service = Service::start(backend).await;
        let ada = service.signup("ada@example.org").await;
        let said = claims(&ada.access);
        let names: Vec<_> = said.as_object().expect("an object").keys().map(String::as_str).collect();
        assert!(!names.contains(&"roles"), "{said}");
        for (name, claim) in said.as_object().expect("an object") {
            let is_empty = claim.as_array().is_some_and(Vec::is_empty) || claim == "" || claim.is_null();
            assert!(!is_empty, "{name} is empty");
        }
        let me = service.me(&ada.access).await.expect(200, "");
        assert_eq!(me.body["roles"], json!([]));
        let verified = service.bearer(&ada.access).get("/v1/verify").await.expect(200, "");
        assert_eq!(verified.header("x-auth-roles"), "", "so that a gateway overwrites what a client sent");
        let demanded = service.bearer(&ada.access).get("/v1/verify?role=editor").await;
        demanded.expect(403, "forbidden");
    }

    // An address that nobody has proved shuts people out at readers that look, and is believed by those that do not.
    async fn only_a_proved_address_is_in_a_token(backend: Backend) {
        let service = Service::with(backend, |settings| settings.tokens.include_email = true).await;
        let admin = service.admin().await;
        for (email, proved) in [("ada@example.org", false), ("grace@example.org", true)] {
            let body = json!({ "email": email, "password": PASSWORD, "email_verified": proved });
            let made = service.bearer(&admin.access).post("/v1/admin/users", body).await;
            assert_eq!(made.status, 201, "{}", made.text);
            let tokens = service.login(email).await;
            let refreshed = service.refresh(&tokens.refresh).await.tokens();
            for access in [&tokens.access, &refreshed.access] {
                let said = claims(access);
                let told = (said.get("email").cloned(), said.get("email_verified").cloned());
                let expected = proved.then(|| (json!(email), json!(true))).unzip();
                assert_eq!(told, expected, "{said}");
            }
        }
    }

    // What libraries go by that accept RS256 alone unless they are told otherwise.
    async fn the_metadata_names_the_algorithms_of_the_published_keys(backend: Backend) {
        let service = Service::with(backend, |settings| {
            settings.keys.further_algorithms = vec![KeyAlgorithm::RS256];
        }).await;
        let keys = service.get("/.well-known/jwks.json").await.body["keys"].clone();
        let mut published: Vec<_> = keys.as_array().expect("a list").iter().map(|key| key["alg"].clone()).collect();
        published.sort_by_key(Value::to_string);
        assert_eq!(published, ["ES256", "RS256"]);
        for name in ["oauth-authorization-server", "openid-configuration"] {
            let metadata = service.get(&format!("/.well-known/{name}")).await.expect(200, "");
            assert_eq!(metadata.body["id_token_signing_alg_values_supported"], json!(published), "{name}");
        }
        // One without such a key names it not.
        let one = Service::start(backend).await;
        let metadata = one.get("/.well-known/openid-configuration").await;
        assert_eq!(metadata.body["id_token_signing_alg_values_supported"], json!(["ES256"]));
    }

    // R4: the type is what is set, and a change of it refuses no token that was made before.
    async fn a_change_of_the_type_refuses_nothing_that_was_minted_before(backend: Backend) {
        let database = Arc::new(Database::new(backend).await);
        let clock = Clock::manual(START);
        let with = async |typ, also: &[TokenType]| {
            let also = also.to_vec();
            clock.advance(std::time::Duration::from_secs(1));
            Service::on(database.clone(), clock.clone(), move |settings| {
                settings.tokens.typ = typ;
                settings.tokens.also_accepted_typ = also;
            }).await
        };
        let doors = async |service: &Service, access: &str| {
            let me = service.me(access).await;
            let verify = service.bearer(access).get("/v1/verify").await;
            assert_eq!(me.status, verify.status);
            (me.status, me.code().to_owned())
        };
        let ok = (200, String::new());

        let plain = with(TokenType::AccessToken, &[]).await;
        let first = plain.signup("ada@example.org").await;
        assert_eq!(typ(&first.access), "at+jwt");
        assert_eq!(doors(&plain, &first.access).await, ok);

        let changed = with(TokenType::Jwt, &[]).await;
        let second = changed.login("ada@example.org").await;
        assert_eq!(typ(&second.access), "JWT");
        assert_eq!(doors(&changed, &first.access).await, ok, "minted before");
        assert_eq!(doors(&changed, &second.access).await, ok);
        // A replica that has not changed yet refuses what it never made, unless it was told before.
        assert_eq!(doors(&plain, &second.access).await, (401, "token_invalid".into()));
        let prepared = with(TokenType::AccessToken, &[TokenType::Jwt]).await;
        let third = changed.login("ada@example.org").await;
        assert_eq!(doors(&prepared, &third.access).await, ok);
        assert_eq!(typ(&prepared.login("ada@example.org").await.access), "at+jwt");

        // Back again.
        clock.advance(std::time::Duration::from_secs(1));
        let fourth = changed.login("ada@example.org").await;
        let back = with(TokenType::AccessToken, &[]).await;
        assert_eq!(doors(&back, &fourth.access).await, ok, "minted before");
        let fifth = changed.login("ada@example.org").await;
        for _ in 0..2 {
            assert_eq!(doors(&back, &fifth.access).await, (401, "token_invalid".into()), "and not after");
        }
        // It can be revoked as any other.
        let refresh = json!({ "refresh_token": fourth.refresh });
        back.post("/v1/logout", refresh).await.expect(204, "");
        assert_eq!(doors(&back, &fourth.access).await, (401, "token_revoked".into()));
    }
}
