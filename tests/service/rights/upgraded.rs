//! Who administered before administers after: the role `admin` of the release before.

use serde_json::{Value, json};

use crate::support::{Backend, PASSWORD, Service, both};

/// What the migration does, again on the rows of the release before. A test of the migration itself
/// on a database of that release is `migrations::two_releases`.
const UP: [&str; 2] = [
    include_str!("../../../migrations/postgres/2026-11-28-000001_rights/up.sql"),
    include_str!("../../../migrations/sqlite/2026-11-28-000001_rights/up.sql"),
];

/// The statements that change accounts and sessions.
fn updates(script: &'static str) -> impl Iterator<Item = &'static str> {
    let of_keys = |statement: &&str| statement.contains("ALTER TABLE");
    script
        .split(";\n")
        .take_while(move |statement| !of_keys(statement))
}

both! {
    async fn administrators_of_the_release_before_get_the_role_of_their_own(backend: Backend) {
        let service = Service::start(backend).await;
        let roles = [
            ("root@example.org", r#"["admin","staff"]"#, json!(["admin", "auth:admin", "staff"])),
            ("app@example.org", r#"["auth:admin","auth:viewer"]"#, json!(["app:auth:admin", "app:auth:viewer"])),
            ("both@example.org", r#"["admin","auth:admin"]"#, json!(["admin", "app:auth:admin", "auth:admin"])),
            ("staff@example.org", r#"["admins","staff"]"#, json!(["admins", "staff"])),
            ("none@example.org", "[]", json!([])),
        ];
        for (email, before, _) in &roles {
            service.signup(email).await;
            service.execute(&format!("UPDATE users SET roles = '{before}' WHERE email = '{email}'")).await;
        }
        let opened = service.login("both@example.org").await;
        service.execute("UPDATE sessions SET scope = 'account admin'").await;
        let script = match backend {
            Backend::Postgres => UP[0],
            Backend::Sqlite => UP[1],
        };
        for statement in updates(script) {
            service.execute(statement).await;
        }
        let refreshed = service.refresh(&opened.refresh).await;
        assert_eq!(refreshed.body["scope"], "account", "no session has asked to administer");
        for (email, _, after) in &roles {
            let body = json!({ "email": email, "password": PASSWORD });
            let answer = service.post("/v1/login", body).await;
            assert_eq!(&answer.body["user"]["roles"], after, "{email}");
        }
        let root = service.login_as_admin("root@example.org").await;
        let made = json!({ "email": "made@example.org" });
        let made = service.bearer(&root.access).post("/v1/admin/users", made).await;
        assert_eq!(made.status, 201, "{}", made.text);
        for email in ["staff@example.org", "app@example.org"] {
            let staff = service.login_as_admin(email).await;
            service.bearer(&staff.access).post("/v1/admin/users", Value::Null).await.expect(403, "forbidden");
        }
    }
}
