//! Who administered before administers after: the role `admin` of the release before.

use serde_json::{Value, json};

use crate::support::{Backend, PASSWORD, Service, both};

/// What the migration does, again on the rows of the release before. A test of the migration itself
/// on a database of that release is `migrations::two_releases`.
const UP: [&str; 2] = [
    include_str!("../../../migrations/postgres/2026-11-28-000001_rights/up.sql"),
    include_str!("../../../migrations/sqlite/2026-11-28-000001_rights/up.sql"),
];

fn first_statement(script: &'static str) -> &'static str {
    script.split(";\n").next().expect("a statement")
}

both! {
    async fn administrators_of_the_release_before_get_the_role_of_their_own(backend: Backend) {
        let service = Service::start(backend).await;
        let roles = [
            ("root@example.org", r#"["admin","staff"]"#, json!(["admin", "auth:admin", "staff"])),
            ("both@example.org", r#"["admin","auth:admin"]"#, json!(["admin", "auth:admin"])),
            ("staff@example.org", r#"["admins","staff"]"#, json!(["admins", "staff"])),
            ("none@example.org", "[]", json!([])),
        ];
        for (email, before, _) in &roles {
            service.signup(email).await;
            service.execute(&format!("UPDATE users SET roles = '{before}' WHERE email = '{email}'")).await;
        }
        let statement = match backend {
            Backend::Postgres => first_statement(UP[0]),
            Backend::Sqlite => first_statement(UP[1]),
        };
        for _ in 0..2 {
            service.execute(statement).await;
        }
        for (email, _, after) in &roles {
            let body = json!({ "email": email, "password": PASSWORD });
            let answer = service.post("/v1/login", body).await;
            assert_eq!(&answer.body["user"]["roles"], after, "{email}");
        }
        let root = service.login_as_admin("root@example.org").await;
        let made = json!({ "email": "made@example.org" });
        let made = service.bearer(&root.access).post("/v1/admin/users", made).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let staff = service.login_as_admin("staff@example.org").await;
        service.bearer(&staff.access).post("/v1/admin/users", Value::Null).await.expect(403, "forbidden");
    }
}
