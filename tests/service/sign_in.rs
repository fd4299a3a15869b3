//! Signing up, in and out.

use serde_json::json;

use crate::support::{PASSWORD, Service, both};

both! {
    async fn an_account_is_made_and_signed_in(backend: Backend) {
        let service = Service::start(backend).await;
        let body = json!({ "email": "Ada@Example.org", "password": PASSWORD, "name": "Ada" });
        let answer = service.post("/v1/signup", body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        assert_eq!(answer.header("cache-control"), "no-store");
        let tokens = answer.tokens();
        let me = service.me(&tokens.access).await;
        assert_eq!(me.status, 200);
        assert_eq!(me.body["email"], "Ada@Example.org");
        assert_eq!(me.body["name"], "Ada");
        assert_eq!(me.body["id"], tokens.user.as_str());

        let again = json!({ "email": "ada@example.ORG", "password": PASSWORD });
        service.post("/v1/signup", again).await.expect(409, "email_taken");
        let login = service.login("ADA@example.org").await;
        assert_ne!(login.session, tokens.session, "R20: a new session at each sign-in");
    }

    async fn logging_out_kills_the_access_token_now_and_works_again(backend: Backend) {
        let service = Service::start(backend).await;
        let tokens = service.signup("ada@example.org").await;
        for _ in 0..2 {
            let answer = service.bearer(&tokens.access).send(reqwest::Method::POST, "/v1/logout", None).await;
            assert_eq!(answer.status, 204);
            service.me(&tokens.access).await.expect(401, "token_revoked");
            service.refresh(&tokens.refresh).await.expect(401, "refresh_token_revoked");
        }
        let by_refresh = service.login("ada@example.org").await;
        let body = json!({ "refresh_token": by_refresh.refresh });
        assert_eq!(service.post("/v1/logout", body).await.status, 204);
        service.me(&by_refresh.access).await.expect(401, "token_revoked");
    }
}
