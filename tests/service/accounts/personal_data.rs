//! What is kept about one person: given out whole, and erased; the audit trail as JSON lines.

use serde_json::{Value, json};

use super::command_line::run;
use super::{at, behind_proxy, credentials};
use crate::revocation::eventually;
use crate::support::database::Database;
use crate::support::process::command;
use crate::support::{Answer, PASSWORD, Process, Service, Sql, Tokens, both, recorded, secrets};

/// An account that has left traces: sessions, failures, and what an admin did to it.
async fn ada(service: &Service, admin: &Tokens) -> Vec<Tokens> {
    let client = at(service, "198.51.100.7").with("user-agent", "Teller/1.0");
    let first = client.signup("ada@example.org").await;
    let second = client.login("ada@example.org").await;
    crate::revocation::logout(&client, &second).await;
    let stranger = at(service, "203.0.113.9");
    let wrong = credentials("ada@example.org", "eleven quiet herons wade");
    stranger
        .post("/v1/login", wrong)
        .await
        .expect(401, "invalid_credentials");
    let path = format!("/v1/admin/users/{}", first.user);
    let claims = json!({ "claims": { "plan": "gold" }, "name": "Ada" });
    let by_admin = at(service, "192.0.2.77").bearer(&admin.access);
    assert_eq!(by_admin.patch(&path, claims).await.status, 200);
    let first = client.refresh(&first.refresh).await.tokens();
    vec![first, second]
}

async fn export(service: &Service, admin: &Tokens, user: &str) -> Answer {
    let admin = service.bearer(&admin.access);
    admin.get(&format!("/v1/admin/users/{user}/export")).await
}

async fn erase(service: &Service, admin: &Tokens, user: &str) -> Answer {
    let admin = service.bearer(&admin.access);
    admin
        .post(&format!("/v1/admin/users/{user}/erase"), Value::Null)
        .await
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().expect("a list")
}

both! {
    async fn an_export_holds_everything_about_one_account_and_no_secret(backend: Backend) {
        let service = behind_proxy(backend).await;
        let admin = service.admin().await;
        let tokens = ada(&service, &admin).await;
        service.signup("grace@example.org").await;
        let data = export(&service, &admin, &tokens[0].user).await;
        assert_eq!((data.status, data.header("cache-control")), (200, "no-store"), "{}", data.text);
        let account = &data.body["account"];
        assert_eq!((&account["email"], &account["name"], &account["claims"]["plan"]), (&json!("ada@example.org"), &json!("Ada"), &json!("gold")));
        let sessions = list(&data.body["sessions"]);
        assert_eq!(sessions.len(), 2);
        for (session, tokens) in sessions.iter().rev().zip(&tokens) {
            assert_eq!(session["id"], json!(tokens.session));
            assert_eq!((&session["address"], &session["user_agent"]), (&json!("198.51.100.7"), &json!("Teller/1.0")));
        }
        assert!(sessions[0]["ended_at"].is_string() && sessions[1]["ended_at"].is_null());
        let events: Vec<_> = list(&data.body["audit"]).iter().map(|row| row["event"].as_str().expect("a name")).collect();
        assert_eq!(events, ["account.exported", "account.updated", "login", "session.ended", "login", "login", "account.created"]);
        let hash = recorded::password_hash(&service.database, "ada@example.org").await;
        for secret in [hash.as_str(), "argon2", PASSWORD, "grace", tokens[0].refresh.as_str(), tokens[0].access.as_str()] {
            assert!(!data.text.contains(secret), "{secret}");
        }
        export(&service, &admin, &admin.session).await.expect(404, "not_found");
        service.bearer(&tokens[0].access).get(&format!("/v1/admin/users/{}/export", tokens[0].user)).await.expect(403, "forbidden");
    }

    async fn erasing_leaves_what_happened_and_not_from_where(backend: Backend) {
        let service = behind_proxy(backend).await;
        let admin = service.admin().await;
        let tokens = ada(&service, &admin).await;
        let grace = at(&service, "198.51.100.7").signup("grace@example.org").await;
        let user = tokens[0].user.clone();
        erase(&service, &tokens[0], &user).await.expect(403, "forbidden");
        assert_eq!(erase(&service, &admin, &user).await.status, 204);
        service.me(&tokens[0].access).await.expect(401, "token_revoked");
        service.refresh(&tokens[0].refresh).await.expect(401, "refresh_token_revoked");
        let body = credentials("ada@example.org", PASSWORD);
        service.post("/v1/login", body).await.expect(401, "invalid_credentials");

        let mut sql = Sql::of(&service.database).await;
        for gone in [
            "users WHERE email LIKE 'ada@%'".to_owned(),
            "sessions WHERE user_agent = 'Teller/1.0'".to_owned(),
            "audit_events WHERE user_agent = 'Teller/1.0' OR address = '203.0.113.9'".to_owned(),
        ] {
            assert_eq!(sql.count(&gone).await, 0, "{gone}");
        }
        let trail = service.audit().await;
        let about: Vec<_> = trail.iter().filter(|row| row.subject_id.is_some_and(|id| id.to_string() == user)).collect();
        let events: Vec<_> = about.iter().map(|row| row.event.as_str()).collect();
        assert_eq!(events, ["account.erased", "account.updated", "login", "session.ended", "login", "login", "account.created"]);
        for row in &about {
            // The admin's own stay: they are not this account's.
            let by_admin = row.actor_id.is_some_and(|id| id.to_string() == admin.user);
            assert_eq!(row.address.is_some(), by_admin, "{row:?}");
            assert_eq!(row.request_id.is_some(), by_admin, "{row:?}");
        }
        let others = trail.iter().find(|row| row.subject_id.is_some_and(|id| id.to_string() == grace.user));
        assert_eq!(others.expect("hers stay").address.as_deref(), Some("198.51.100.7"));
        erase(&service, &admin, &user).await.expect(404, "not_found");
        erase(&service, &admin, &grace.session).await.expect(404, "not_found");
    }

    async fn an_account_that_was_deleted_before_and_an_admin_can_be_erased_too(backend: Backend) {
        let service = behind_proxy(backend).await;
        let admin = service.admin().await;
        let tokens = ada(&service, &admin).await;
        let own = service.bearer(&tokens[0].access);
        let deleted = own.send(reqwest::Method::DELETE, "/v1/me", Some(json!({ "password": PASSWORD }))).await;
        assert_eq!(deleted.status, 204, "{}", deleted.text);
        assert_eq!(erase(&service, &admin, &tokens[0].user).await.status, 204);
        let mut sql = Sql::of(&service.database).await;
        assert_eq!(sql.count("audit_events WHERE address = '198.51.100.7'").await, 0);
        // What an admin did to others is theirs, too.
        assert_eq!(sql.count("audit_events WHERE address = '192.0.2.77'").await, 1);
        // What they did to others and to the service keeps its origin when they are erased (I41).
        let key = at(&service, "192.0.2.77").bearer(&admin.access).send(reqwest::Method::POST, "/v1/admin/keys/rotate", None).await;
        assert_eq!(key.status, 200, "{}", key.text);
        at(&service, "192.0.2.78").login(&admin.email).await;
        let other = service.admin().await;
        assert_eq!(erase(&service, &other, &admin.user).await.status, 204);
        assert_eq!(sql.count("audit_events WHERE address = '192.0.2.77'").await, 2);
        assert_eq!(sql.count("audit_events WHERE address = '192.0.2.78'").await, 0, "a sign-in is their own");
    }

    async fn the_command_line_exports_and_erases_by_address_or_identifier(backend: Backend) {
        let database = Database::new(backend).await;
        secrets::note(PASSWORD);
        let cli = |arguments: &[&str]| run(command(&database, arguments), "");
        let server = Process::start(&database, &[]).await;
        let tokens = server.signup("ada@example.org").await;
        for name in ["ADA@example.org", tokens.user.as_str()] {
            let exported = cli(&["users", "export", name]);
            let data: Value = serde_json::from_str(&exported.out).unwrap_or_else(|_| panic!("{}", exported.err));
            assert_eq!(data["account"]["id"], json!(tokens.user));
            assert_eq!(list(&data["sessions"]).len(), 1);
            assert_eq!(data["audit"][0]["event"], "account.exported");
            assert!(!exported.out.contains("argon2"));
        }
        let erased = cli(&["users", "erase", "ada@example.org"]);
        assert_eq!((erased.code, erased.out), (0, format!("erased {}\n", tokens.user)), "{}", erased.err);
        eventually("the server knows", async || server.me(&tokens.access).await.code() == "token_revoked").await;
        for (name, why) in [("ada@example.org", "there is no account with this address"), (tokens.user.as_str(), "there is no such account"), ("x", "this is not an email address")] {
            for verb in ["export", "erase"] {
                let ended = cli(&["users", verb, name]);
                assert_eq!((ended.code, ended.err), (1, format!("auth-service: {why}\n")), "{verb} {name}");
            }
        }
    }

    async fn the_audit_trail_is_exported_whole_as_json_lines(backend: Backend) {
        let database = Database::new(backend).await;
        let server = Process::start(&database, &[]).await;
        let ada = server.signup("ada@example.org").await;
        crate::housekeeping::plant_old_rows(&database, "ada@example.org", 1234).await;
        let export = |arguments: &[&str]| {
            let ended = run(command(&database, &[&["audit", "export"], arguments].concat()), "");
            assert_eq!((ended.code, ended.err.as_str()), (0, ""));
            let lines = ended.out.lines().map(|line| serde_json::from_str(line).expect("JSON"));
            lines.collect::<Vec<Value>>()
        };
        let whole = export(&[]);
        let stored = Sql::of(&database).await.count("audit_events").await;
        assert_eq!((whole.len() as i64, stored), (1234 + 4, 1234 + 4));
        assert!(whole.is_sorted_by_key(|event| event["id"].as_str().expect("an id").to_owned()));
        let last = whole.last().expect("an event");
        assert_eq!((&last["event"], &last["subject_id"]), (&json!("login"), &json!(ada.user)));

        // The planted ones all happened at this moment.
        let (moment, next) = ("2022-04-15T05:20:00Z", "2022-04-15T05:20:00.000001Z");
        assert_eq!(export(&["--until", moment]).len(), 0);
        assert_eq!(export(&["--until", next]).len(), 1234);
        assert_eq!(export(&["--since", moment]).len(), 1238);
        assert_eq!(export(&["--since", next]).len(), 4);
        let at = last["at"].as_str().expect("a time");
        let (before, since) = (export(&["--until", at]), export(&["--since", at]));
        assert_eq!([before, since].concat(), whole);
        // One that broke off goes on behind its last line, in the middle of a page or at its end.
        for printed in [1, 500, 700, 1238] {
            let after = whole[printed - 1]["id"].as_str().expect("an id");
            assert_eq!([whole[..printed].to_vec(), export(&["--after", after])].concat(), whole);
        }
        let bad = run(command(&database, &["audit", "export", "--since", "yesterday"]), "");
        assert!(bad.code == 2 && bad.err.contains("--since"), "{}", bad.err);
    }
}
