//! Signing up, in and out.

use std::time::Duration;

use serde_json::json;

use crate::support::{Answer, Backend, PASSWORD, Service, Sql, both, recorded};

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

    async fn a_sign_in_whose_audit_row_is_refused_did_not_happen(backend: Backend) {
        let service = Service::start(backend).await;
        let ada = service.signup("ada@example.org").await;
        let (forbid, allow) = match backend {
            Backend::Postgres => (
                "ALTER TABLE audit_events ADD CONSTRAINT none CHECK (event <> 'login') NOT VALID",
                "ALTER TABLE audit_events DROP CONSTRAINT none",
            ),
            Backend::Sqlite => (
                "CREATE TRIGGER none BEFORE INSERT ON audit_events WHEN NEW.event = 'login' \
                 BEGIN SELECT RAISE(ABORT, 'none'); END",
                "DROP TRIGGER none",
            ),
        };
        service.execute(forbid).await;
        let body = json!({ "email": ada.email, "password": PASSWORD });
        service.post("/v1/login", body).await.expect(503, "unavailable");
        let mut sql = Sql::of(&service.database).await;
        assert_eq!(sql.count("sessions").await, 1, "the one of the sign-up");
        service.execute(allow).await;
        let again = service.login("ada@example.org").await;
        assert_eq!(service.refresh(&again.refresh).await.status, 200);
        let trail = service.audit().await;
        let row = trail.first().expect("an audit row");
        assert_eq!((row.event.as_str(), row.outcome.as_str()), ("login", "success"));
        assert_eq!(row.session_id.map(|id| id.to_string()), Some(again.session));
        assert_eq!(row.actor_id.map(|id| id.to_string()), Some(again.user.clone()));
        assert_eq!(row.subject_id.map(|id| id.to_string()), Some(again.user));
        assert!(row.address.is_some() && row.request_id.is_some(), "{row:?}");
        assert_eq!(sql.count("sessions").await, 2);
        assert_eq!(sql.count("audit_events WHERE event = 'login'").await, 2);
    }
}

/// Somebody else changes the account after the password was proved and before the session is
/// there: the sign-in waits for them at the row's lock, and is judged by what they did.
async fn overtaken_by(change: &str) -> (Service, Answer) {
    let service = Service::start(Backend::Postgres).await;
    service.signup("ada@example.org").await;
    let (mut holder, mut sql) = (
        Sql::of(&service.database).await,
        Sql::of(&service.database).await,
    );
    holder
        .run(&format!("BEGIN; UPDATE users SET {change}"))
        .await;
    let client = service.client();
    let body = json!({ "email": "ada@example.org", "password": PASSWORD });
    let login = tokio::spawn(async move { client.post("/v1/login", body).await });
    let blocked = "SELECT count(*) AS n FROM pg_stat_activity \
         WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while sql.number(blocked).await == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    holder.run("COMMIT").await;
    (service, login.await.unwrap())
}

async fn sessions_and_sign_ins(service: &Service) -> (i64, i64) {
    let mut sql = Sql::of(&service.database).await;
    let sign_ins = "audit_events WHERE event = 'login' AND outcome = 'success'";
    (sql.count("sessions").await, sql.count(sign_ins).await)
}

// I4, I6
#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_a_disabling_overtakes_leaves_neither_a_session_nor_its_row() {
    let (service, answer) = overtaken_by("disabled_at = now()").await;
    answer.expect(401, "invalid_credentials");
    assert_eq!(sessions_and_sign_ins(&service).await, (1, 1));
}

// I4
#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_another_password_overtakes_is_judged_by_that_one() {
    let (service, answer) = overtaken_by(
        "credentials = credentials + 1, \
         password_hash = '$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
         AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'",
    )
    .await;
    answer.expect(401, "invalid_credentials");
    assert_eq!(sessions_and_sign_ins(&service).await, (1, 1));
}

// I4
#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_a_log_out_everywhere_overtakes_is_a_new_one_of_the_new_version() {
    let (service, answer) = overtaken_by("ver = ver + 1").await;
    let tokens = answer.tokens();
    assert_eq!(service.refresh(&tokens.refresh).await.status, 200);
    assert_eq!(sessions_and_sign_ins(&service).await, (2, 2));
}

// I4
#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_whose_stored_hash_is_raised_keeps_the_new_one_and_its_row() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let service = Service::start(backend).await;
        service.signup("ada@example.org").await;
        let before = recorded::password_hash(&service.database, "ada@example.org").await;
        let stronger = Service::on(
            service.database.clone(),
            service.clock.clone(),
            |settings| {
                settings.data_dir = service.ctx.settings.data_dir.clone();
                settings.passwords.argon2_iterations = 2;
            },
        )
        .await;
        let tokens = stronger.login("ada@example.org").await;
        let after = recorded::password_hash(&service.database, "ada@example.org").await;
        assert!(after != before && after.contains("t=2"), "{after}");
        assert_eq!(stronger.refresh(&tokens.refresh).await.status, 200);
        assert_eq!(sessions_and_sign_ins(&service).await, (2, 2));
    }
}
