//! Administrators: the last one stays, and none erases their own traces.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::command_line::run;
use super::credentials;
use crate::support::database::Database;
use crate::support::{Answer, Backend, Client, PASSWORD, Process, Service, Sql, Tokens, both};

fn path(tokens: &Tokens) -> String {
    format!("/v1/admin/users/{}", tokens.user)
}

fn as_admin(client: &Client, tokens: &Tokens) -> Client {
    client.bearer(&tokens.access)
}

async fn delete_me(client: &Client, access: &str, password: &str) -> Answer {
    let body = Some(json!({ "password": password }));
    client
        .bearer(access)
        .send(Method::DELETE, "/v1/me", body)
        .await
}

async fn erase(client: &Client, path: &str) -> Answer {
    client.post(&format!("{path}/erase"), Value::Null).await
}

both! {
    // I41
    async fn who_administers_or_ever_did_does_not_take_themself_away(backend: Backend) {
        let service = Service::start(backend).await;
        let (root, other) = (service.admin().await, service.admin().await);
        let client = as_admin(&service, &root);
        erase(&client, &path(&root)).await.expect(403, "not_yourself");
        client.delete(&path(&root)).await.expect(403, "not_yourself");
        delete_me(&service, &root.access, "not this one, surely").await.expect(403, "wrong_password");
        delete_me(&service, &root.access, PASSWORD).await.expect(403, "not_yourself");

        // Who had the role neither.
        let none = as_admin(&service, &other).patch(&path(&root), json!({ "roles": [] })).await;
        assert_eq!(none.status, 200, "{}", none.text);
        let former = service.login(&root.email).await;
        delete_me(&service, &former.access, PASSWORD).await.expect(403, "not_yourself");
        assert_eq!(service.me(&former.access).await.status, 200, "nothing has happened");

        // Others may: another administrator, and everybody who never was one.
        assert_eq!(erase(&as_admin(&service, &other), &path(&root)).await.status, 204);
        let ada = service.signup("ada@example.org").await;
        assert_eq!(delete_me(&service, &ada.access, PASSWORD).await.status, 204);
    }

    // I41: a release before this one gave the role, and did not write it down.
    async fn who_got_the_role_before_it_was_written_down_counts_too(backend: Backend) {
        let service = Service::start(backend).await;
        let (root, other) = (service.admin().await, service.admin().await);
        let mut sql = Sql::of(&service.database).await;
        let unset = if backend == Backend::Sqlite { "0" } else { "false" };
        sql.run(&format!("UPDATE users SET administered = {unset}")).await;
        delete_me(&service, &root.access, PASSWORD).await.expect(403, "not_yourself");
        let none = as_admin(&service, &other).patch(&path(&root), json!({ "roles": ["staff"] })).await;
        assert_eq!(none.status, 200, "{}", none.text);
        let former = service.login(&root.email).await;
        delete_me(&service, &former.access, PASSWORD).await.expect(403, "not_yourself");
        sql.run(&format!("UPDATE users SET administered = {unset}")).await;
        let client = as_admin(&service, &other);
        client.patch(&path(&other), json!({ "roles": [] })).await.expect(409, "last_administrator");
    }

    // I41
    async fn the_last_administrator_stays(backend: Backend) {
        let service = Service::start(backend).await;
        let root = service.admin().await;
        let client = as_admin(&service, &root);
        let own = path(&root);
        let alone = async || {
            for patch in [json!({ "roles": [] }), json!({ "roles": ["admin"] }), json!({ "disabled": true }), json!({ "disabled": true, "roles": ["auth:admin"] })] {
                client.patch(&own, patch).await.expect(409, "last_administrator");
            }
            client.delete(&own).await;
            assert_eq!(client.get(&own).await.status, 200, "still there, and still an administrator");
        };
        alone().await;
        // What takes no administrator away goes on.
        let ada = service.signup("ada@example.org").await;
        for patch in [json!({ "name": "Root" }), json!({ "roles": ["auth:admin", "staff"] })] {
            assert_eq!(client.patch(&own, patch).await.status, 200);
            let again = service.login_as_admin(&root.email).await;
            assert_eq!(as_admin(&service, &again).patch(&path(&ada), json!({ "disabled": true })).await.status, 200);
        }

        // One that can't sign in is none.
        let root = service.login_as_admin(&root.email).await;
        let client = as_admin(&service, &root);
        let silent = json!({ "email": "silent@example.org", "roles": ["auth:admin"] });
        assert_eq!(client.post("/v1/admin/users", silent).await.status, 201);
        client.patch(&own, json!({ "roles": [] })).await.expect(409, "last_administrator");
        let disabled = json!({ "email": "off@example.org", "password": PASSWORD, "roles": ["auth:admin"] });
        let made = client.post("/v1/admin/users", disabled).await.body;
        let off = format!("/v1/admin/users/{}", made["id"].as_str().expect("an id"));
        assert_eq!(client.patch(&off, json!({ "disabled": true })).await.status, 200);
        client.patch(&own, json!({ "roles": [] })).await.expect(409, "last_administrator");

        // With another one that can, it may go.
        assert_eq!(client.patch(&off, json!({ "disabled": false })).await.status, 200);
        assert_eq!(client.patch(&own, json!({ "roles": [] })).await.status, 200);
        let off = service.login_as_admin("off@example.org").await;
        assert_eq!(as_admin(&service, &off).delete(&own).await.status, 204);
        as_admin(&service, &off).patch(&path(&off), json!({ "disabled": true })).await.expect(409, "last_administrator");
    }

    // I41
    async fn of_many_administrators_who_resign_at_once_one_stays(backend: Backend) {
        let service = Service::start(backend).await;
        let other = service.replica().await;
        for round in 0..3 {
            let mut admins = Vec::new();
            for _ in 0..6 {
                admins.push(service.admin().await);
            }
            let resigned = admins.iter().enumerate().map(|(n, admin)| {
                let client = if n % 2 == 0 { service.client() } else { other.client() };
                let patch = if n % 3 == 0 { json!({ "disabled": true }) } else { json!({ "roles": [] }) };
                async move { as_admin(&client, admin).patch(&path(admin), patch).await }
            });
            let answers = join_all(resigned).await;
            let (mut gone, mut refused) = (0, 0);
            for answer in answers {
                match answer.status {
                    200 => gone += 1,
                    _ => {
                        answer.expect(409, "last_administrator");
                        refused += 1;
                    }
                }
            }
            assert_eq!((gone, refused), if round == 0 { (5, 1) } else { (6, 0) });
            if round == 0 {
                continue;
            }
            // Whoever stayed in the first round is left.
            let living = "users WHERE disabled_at IS NULL AND CAST(roles AS text) LIKE '%auth:admin%'";
            assert_eq!(Sql::of(&service.database).await.count(living).await, 1);
        }
    }

    // I41
    async fn two_who_take_the_role_from_each_other_do_not_both_succeed(backend: Backend) {
        let service = Service::start(backend).await;
        let other = service.replica().await;
        for (body, method) in [(json!({ "roles": [] }), Method::PATCH), (json!({ "disabled": true }), Method::PATCH), (Value::Null, Method::DELETE)] {
            let mut pair = Vec::new();
            for _ in 0..2 {
                pair.push(service.admin().await);
            }
            let [one, two] = [&pair[0], &pair[1]];
            let keep = "UPDATE users SET disabled_at = created_at WHERE id NOT IN (SELECT id FROM users ORDER BY id DESC LIMIT 2)";
            Sql::of(&service.database).await.run(keep).await;
            let send = |client: Client, by: &Tokens, to: &Tokens| {
                let (client, path) = (as_admin(&client, by), path(to));
                let (method, body) = (method.clone(), (body != Value::Null).then(|| body.clone()));
                async move { client.send(method, &path, body).await }
            };
            let (first, second) = tokio::join!(send(service.client(), one, two), send(other.client(), two, one));
            for answer in [&first, &second] {
                assert!([200, 204, 401, 403, 409].contains(&answer.status), "{}", answer.text);
            }
            let living = "users WHERE disabled_at IS NULL AND CAST(roles AS text) LIKE '%auth:admin%'";
            let left = Sql::of(&service.database).await.count(living).await;
            assert!(left >= 1, "{} {}", first.text, second.text);
            assert!([first.status, second.status].iter().any(|status| *status < 300));
        }
    }

    // I41
    async fn a_second_disabling_leaves_when_it_was(backend: Backend) {
        let service = Service::start(backend).await;
        let admin = service.admin().await;
        let ada = service.signup("ada@example.org").await;
        let client = as_admin(&service, &admin);
        let disable = async |disabled: bool| {
            service.advance(60);
            let answer = client.patch(&path(&ada), json!({ "disabled": disabled })).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            answer.body["disabled_at"].clone()
        };
        let first = disable(true).await;
        assert_eq!(first, "2026-01-01T00:01:00.000000Z");
        assert_eq!(disable(true).await, first);
        assert_eq!(disable(false).await, Value::Null);
        assert_eq!(disable(true).await, "2026-01-01T00:04:00.000000Z");
    }

    // I41: nothing is logged as done that was not.
    async fn success_is_logged_after_the_commit_and_roles_with_it(backend: Backend) {
        let database = Database::new(backend).await;
        let process = Process::start(&database, &[]).await;
        let ada = process.signup("ada@example.org").await;
        let make = ["users", "create", "root@example.org", "--role", "auth:admin"];
        let made = run(crate::support::process::command(&database, &make), PASSWORD);
        assert_eq!(made.code, 0, "{}", made.err);
        let root = process.login_as_admin("root@example.org").await;
        let client = as_admin(&process, &root);
        let given = json!({ "roles": ["auth:admin", "staff"] });
        assert_eq!(client.patch(&path(&ada), given).await.status, 200);
        let lines = |event: &str| -> Vec<Value> {
            let log = std::fs::read_to_string(&process.log).expect("the log");
            let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            lines.filter(|line| line["message"] == "audit" && line["event"] == event).collect()
        };
        let given = lines("account.updated");
        let roles = given[0]["roles"].to_string();
        assert!(given.len() == 1 && roles.contains("auth:admin") && roles.contains("staff"), "{given:?}");
        assert_eq!(given[0]["outcome"], "success");

        let mut sql = Sql::of(&database).await;
        sql.run(match backend {
            // At the commit itself.
            Backend::Postgres => "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'full'; END $$; \
                CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON audit_events DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()",
            Backend::Sqlite => "CREATE TRIGGER refuse BEFORE INSERT ON audit_events BEGIN SELECT RAISE(ABORT, 'full'); END",
        }).await;
        for (event, answer) in [
            ("account.updated", client.patch(&path(&ada), json!({ "name": "Ada" })).await),
            ("account.exported", client.get(&format!("{}/export", path(&ada))).await),
            ("account.created", client.post("/v1/admin/users", json!({ "email": "new@example.org" })).await),
            ("account.deleted", client.delete(&path(&ada)).await),
            ("account.erased", erase(&client, &path(&ada)).await),
            ("sessions.ended", client.delete(&format!("{}/sessions", path(&ada))).await),
            ("token.revoked", client.post("/v1/admin/revocations", json!({ "jti": ada.user })).await),
            ("key.created", client.send(Method::POST, "/v1/admin/keys/rotate", None).await),
            ("login", process.post("/v1/login", credentials("ada@example.org", PASSWORD)).await),
        ] {
            answer.expect(503, "unavailable");
            let before = match event {
                "account.updated" => 1,
                "account.created" => 1,
                "login" => 2,
                "key.created" => lines(event).iter().filter(|line| line["actor"] == "system").count(),
                _ => 0,
            };
            assert_eq!(lines(event).len(), before, "{event} was logged and did not happen");
        }
    }
}
