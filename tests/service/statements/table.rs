//! Each route, what it is asked, and how many statements that takes on Postgres and on SQLite.
//!
//! `BEGIN` and `COMMIT` count: on Postgres each is a round trip. On SQLite a lone statement that
//! writes takes three, for it shares its commit with others (`db/group.rs`): `BEGIN`, itself,
//! `COMMIT`; several that belong together are between a `SAVEPOINT` and its `RELEASE`.

use serde_json::{Value, json};

use super::Scene;
use crate::support::{Backend, PASSWORD};

pub struct Row {
    /// Method and path, as in `routes::TABLE`.
    pub call: &'static str,
    /// Which case of it, where this is not the usual one.
    pub case: &'static str,
    pub status: u16,
    postgres: usize,
    sqlite: usize,
    pub ask: fn(&Scene) -> Ask,
}

impl Row {
    pub fn statements(&self, backend: Backend) -> usize {
        match backend {
            Backend::Postgres => self.postgres,
            Backend::Sqlite => self.sqlite,
        }
    }
}

/// A request.
#[derive(Default)]
pub struct Ask {
    pub bearer: Option<String>,
    /// Stands for the part of the path that is in braces.
    pub part: String,
    pub body: Value,
}

impl Ask {
    fn body(self, body: Value) -> Self {
        Self { body, ..self }
    }

    /// With these members in the body too.
    fn and(mut self, more: Value) -> Self {
        for (name, value) in more.as_object().expect("members") {
            self.body[name] = value.clone();
        }
        self
    }

    fn about(self, part: &str) -> Self {
        let part = part.to_owned();
        Self { part, ..self }
    }
}

fn by(access: &str) -> Ask {
    let bearer = Some(access.to_owned());
    Ask {
        bearer,
        ..Ask::default()
    }
}

fn nobody(_: &Scene) -> Ask {
    Ask::default()
}

fn ada(scene: &Scene) -> Ask {
    by(&scene.ada.access)
}

fn admin(scene: &Scene) -> Ask {
    by(&scene.admin.access)
}

/// The operator, about Ada's account.
fn on_ada(scene: &Scene) -> Ask {
    admin(scene).about(&scene.ada.user)
}

fn credentials(email: &str, password: &str) -> Ask {
    Ask::default().body(json!({ "email": email, "password": password }))
}

fn token(refresh: &str) -> Ask {
    Ask::default().body(json!({ "refresh_token": refresh }))
}

fn password_change(scene: &Scene, current: &str) -> Ask {
    ada(scene).body(json!({ "current_password": current, "new_password": OTHER }))
}

const OTHER: &str = "seven quiet harbours hum";

macro_rules! rows {
    ($($call:literal $(($case:literal))? => $status:literal $postgres:literal $sqlite:literal $ask:expr;)+) => {
        &[$(Row {
            call: $call,
            case: concat!($($case)?),
            status: $status,
            postgres: $postgres,
            sqlite: $sqlite,
            ask: $ask,
        }),+]
    };
}

/// The public listener.
#[rustfmt::skip]
pub const PUBLIC: &[Row] = rows! {
    //                                            status, Postgres, SQLite
    "POST /v1/signup"                            => 201 6 6 |it| credentials(&format!("new-{}", it.ada.email), PASSWORD);
    "POST /v1/signup" ("a taken address")        => 409 3 3 |it| credentials(&it.ada.email, PASSWORD);
    "POST /v1/login"                             => 200 2 7 |it| credentials(&it.ada.email, PASSWORD);
    "POST /v1/login" ("a wrong password")        => 401 2 4 |it| credentials(&it.ada.email, OTHER);
    "POST /v1/login" ("nobody's address")        => 401 2 4 |it| credentials(&format!("no-{}", it.ada.email), OTHER);
    "POST /v1/refresh"                           => 200 1 3 |it| token(&it.ada.refresh);
    "POST /v1/refresh" ("spent, in the window")  => 200 2 4 |it| token(&it.spent);
    "POST /v1/refresh" ("for less")              => 200 1 3 |it| token(&it.ada.refresh).and(json!({ "audience": "api", "scope": "account" }));
    "POST /v1/refresh" ("not of our making")     => 401 0 0 |_| token("rt_AQGbDg");
    "POST /v1/logout"                            => 204 5 5 ada;
    "POST /v1/logout" ("by the refresh token")   => 204 6 6 |it| token(&it.ada.refresh);

    "GET /v1/me"                                 => 200 1 1 ada;
    "GET /v1/me" ("nobody")                      => 401 0 0 nobody;
    "PATCH /v1/me"                               => 200 4 4 |it| ada(it).body(json!({ "name": "Ada" }));
    "DELETE /v1/me"                              => 204 8 8 |it| ada(it).body(json!({ "password": PASSWORD }));
    "POST /v1/me/password"                       => 204 7 7 |it| password_change(it, PASSWORD);
    "POST /v1/me/password" ("a wrong password")  => 403 2 4 |it| password_change(it, OTHER);
    "GET /v1/me/sessions"                        => 200 1 1 ada;
    "DELETE /v1/me/sessions"                     => 204 6 6 ada;
    "DELETE /v1/me/sessions/{id}"                => 204 5 5 |it| ada(it).about(&it.elsewhere.session);

    "GET /v1/verify"                             => 200 0 0 ada;
    "GET /v1/verify" ("not of our making")       => 401 0 0 |_| by("a.b.c");
    "GET /v1/verify/{original}"                  => 200 0 0 |it| ada(it).about("orders/1");

    "GET /v1/admin/users"                        => 200 1 1 admin;
    "POST /v1/admin/users"                       => 201 4 4 |it| admin(it).body(json!({ "email": format!("new-{}", it.ada.email) }));
    "GET /v1/admin/users/{id}"                   => 200 1 1 on_ada;
    "PATCH /v1/admin/users/{id}" ("a name")      => 200 4 4 |it| on_ada(it).body(json!({ "name": "Ada" }));
    "PATCH /v1/admin/users/{id}" ("roles")       => 200 5 5 |it| on_ada(it).body(json!({ "roles": ["staff"] }));
    "PATCH /v1/admin/users/{id}" ("disable")     => 200 7 7 |it| on_ada(it).body(json!({ "disabled": true }));
    "DELETE /v1/admin/users/{id}"                => 204 7 7 on_ada;
    "GET /v1/admin/users/{id}/sessions"          => 200 2 2 on_ada;
    "DELETE /v1/admin/users/{id}/sessions"       => 204 7 7 on_ada;
    "GET /v1/admin/users/{id}/export"            => 200 4 6 on_ada;
    "POST /v1/admin/users/{id}/erase"            => 204 9 11 on_ada;
    "POST /v1/admin/revocations" ("a token")     => 204 4 4 |it| admin(it).body(json!({ "jti": it.ada.user }));
    "POST /v1/admin/revocations" ("a session")   => 204 6 6 |it| admin(it).body(json!({ "sid": it.ada.session }));
    "POST /v1/admin/revocations" ("an account")  => 204 6 6 |it| admin(it).body(json!({ "sub": it.ada.user }));
    "GET /v1/admin/audit"                        => 200 1 1 admin;
    "GET /v1/admin/keys"                         => 200 1 1 admin;
    "POST /v1/admin/keys/rotate"                 => 200 7 7 admin;

    "GET /.well-known/jwks.json"                 => 200 0 0 nobody;
    "GET /.well-known/oauth-authorization-server" => 200 0 0 nobody;
    "GET /.well-known/openid-configuration"      => 200 0 0 nobody;
    "GET /openapi.json"                          => 200 0 0 nobody;

    // The last, for nobody is signed in any more.
    "DELETE /v1/admin/keys/{kid}"                => 204 8 8 |it| admin(it).about(&it.kid);
};

/// The internal listener.
#[rustfmt::skip]
pub const INTERNAL: &[Row] = rows! {
    "GET /livez"                                 => 200 0 0 nobody;
    "GET /readyz"                                => 200 1 1 nobody;
    "GET /v1/revocations"                        => 200 2 1 nobody;
};
