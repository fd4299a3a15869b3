//! Every kind of token at every door.

use serde_json::{Value, json};

use super::kinds::{KINDS, token};
use crate::accounts::routes;
use crate::support::{Answer, Backend, Service};

/// What a door lets pass, or the status and the code of its refusal.
type Expected = Result<(), (u16, &'static str)>;

const PASSES: Expected = Ok(());
const INVALID: Expected = Err((401, "token_invalid"));
const FORBIDDEN: Expected = Err((403, "forbidden"));
const TOO_OLD: Expected = Err((401, "insufficient_user_authentication"));

/// By kind: `/v1/me…`, `/v1/admin/…` to look, `/v1/admin/…` to change, `/v1/verify`, `/v1/logout`.
#[rustfmt::skip]
const TABLE: &[(&str, [Expected; 5])] = &[
    ("by default",                                 [PASSES, FORBIDDEN, FORBIDDEN, PASSES, PASSES]),
    ("for an API, by an app's administrator",      [INVALID, INVALID, INVALID, PASSES, PASSES]),
    ("for an API, by an administrator",            [INVALID, INVALID, INVALID, PASSES, PASSES]),
    ("by default, by an administrator",            [PASSES, FORBIDDEN, FORBIDDEN, PASSES, PASSES]),
    ("for the account",                            [PASSES, FORBIDDEN, FORBIDDEN, INVALID, PASSES]),
    ("for the account, without a scope",           [FORBIDDEN, FORBIDDEN, FORBIDDEN, INVALID, PASSES]),
    ("for the account, of look-alike scopes",      [FORBIDDEN, FORBIDDEN, FORBIDDEN, INVALID, PASSES]),
    ("to administer",                              [FORBIDDEN, PASSES, PASSES, INVALID, PASSES]),
    ("to administer, for an API too",              [FORBIDDEN, INVALID, INVALID, PASSES, PASSES]),
    ("to administer, by nobody",                   [FORBIDDEN, FORBIDDEN, FORBIDDEN, INVALID, PASSES]),
    ("to administer, by an app's administrator",   [FORBIDDEN, FORBIDDEN, FORBIDDEN, INVALID, PASSES]),
    ("to administer, signed in long ago",          [FORBIDDEN, PASSES, TOO_OLD, INVALID, PASSES]),
    ("to administer, signed in nobody knows when", [FORBIDDEN, PASSES, TOO_OLD, INVALID, PASSES]),
    ("to administer, given to another client",     [FORBIDDEN, FORBIDDEN, FORBIDDEN, INVALID, PASSES]),
    ("of another client, for the account",         [PASSES, FORBIDDEN, FORBIDDEN, INVALID, PASSES]),
    ("of another client, for its own API",         [INVALID; 5]),
    ("of a client itself",                         [INVALID, INVALID, INVALID, PASSES, INVALID]),
    ("of no session",                              [INVALID, FORBIDDEN, FORBIDDEN, PASSES, INVALID]),
    ("of nobody",                                  [INVALID; 5]),
    ("of the release before",                      [PASSES, INVALID, INVALID, PASSES, PASSES]),
    ("of the release before, by its administrator", [PASSES, INVALID, INVALID, PASSES, PASSES]),
    ("of another client, without acr",             [INVALID, INVALID, INVALID, PASSES, PASSES]),
    ("expired",                                    [Err((401, "token_expired")); 5]),
    // Logging out works again and again.
    ("revoked",                                    [Err((401, "token_revoked")), Err((401, "token_revoked")), Err((401, "token_revoked")), Err((401, "token_revoked")), PASSES]),
];

/// Every operation that takes a bearer, by the column of the table.
fn doors() -> Vec<(usize, String, &'static str)> {
    let column = |path: &str, method: &str| match path {
        _ if path.starts_with("/v1/me") => 0,
        _ if path.starts_with("/v1/admin/") && method == "GET" => 1,
        _ if path.starts_with("/v1/admin/") => 2,
        "/v1/verify" => 3,
        _ => 4,
    };
    let prefixes = ["/v1/me", "/v1/admin", "/v1/verify", "/v1/logout"];
    let all = prefixes.into_iter().flat_map(routes);
    let doors: Vec<_> = all
        .map(|(path, method)| (column(&path, method), path, method))
        .collect();
    let count = |of| doors.iter().filter(|(column, ..)| *column == of).count();
    assert!(count(0) >= 7 && count(1) >= 6 && count(2) >= 8, "{doors:?}");
    doors
}

/// A body that gets past the reader, where the door takes one.
fn body(path: &str, method: &str) -> Option<Value> {
    match (method, path.rsplit('/').next().unwrap_or_default()) {
        ("PATCH", _) => Some(json!({})),
        ("POST", "users") => Some(json!({ "email": "made@example.org" })),
        ("POST", "revocations") => Some(json!({ "jti": "019b0000-0000-7000-8000-000000000000" })),
        ("POST", "password") => Some(
            json!({ "current_password": "not this one at all", "new_password": "nor this one" }),
        ),
        ("DELETE", "me") => Some(json!({ "password": "not this one at all" })),
        _ => None,
    }
}

fn verdict(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.code())
}

// R22, I37: each row's answers at /v1/me and /v1/admin differ from those before this release
#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_token_at_every_door() {
    let service = Service::with(Backend::Sqlite, |settings| {
        settings.issuer = "https://auth.example.com".into();
    })
    .await;
    let names: Vec<_> = KINDS.iter().map(|kind| kind.name).collect();
    let told: Vec<_> = TABLE.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, told, "each kind has its row");
    let mut number = 0;
    let mut wrong = Vec::new();
    for (kind, (_, expected)) in KINDS.iter().zip(TABLE) {
        for (column, path, method) in doors() {
            number += 1;
            let holder = service.bearer(&token(&service, kind, number).await);
            let asked = holder.send(
                method.parse().expect("a method"),
                &path,
                body(&path, method),
            );
            let answer = asked.await;
            let (status, code) = verdict(&answer);
            let is_right = match expected[column] {
                // What comes after the door may say no by itself: there is nothing, a wrong password.
                Ok(()) => !matches!((status, code), (401, _) | (403, "forbidden") | (500.., _)),
                Err(refusal) => (status, code) == refusal,
            };
            if !is_right {
                wrong.push(format!("{}: {method} {path}: {status} {code}", kind.name));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_says_what_is_missing() {
    let service = Service::start(Backend::Sqlite).await;
    let kind = |name| KINDS.iter().find(|kind| kind.name == name).expect(name);
    let mut number = 0;
    let mut ask = async |name, method: &str, path: &str| {
        number += 1;
        let holder = service.bearer(&token(&service, kind(name), number).await);
        let method = method.parse().expect("a method");
        let body = body(path, "POST").filter(|_| method == "POST");
        holder.send(method, path, body).await
    };
    let api = ask("for an API, by an administrator", "GET", "/v1/me").await;
    let challenge = |answer: &Answer| answer.header("www-authenticate").to_owned();
    assert_eq!(challenge(&api), r#"Bearer error="invalid_token""#);
    let scope = ask("by default, by an administrator", "GET", "/v1/admin/users").await;
    assert_eq!(
        challenge(&scope),
        r#"Bearer error="insufficient_scope", scope="admin""#
    );
    let role = ask("to administer, by nobody", "GET", "/v1/admin/users").await;
    assert!(
        role.body["detail"]
            .as_str()
            .is_some_and(|text| text.contains("auth:admin"))
    );
    // RFC 9470 §3
    let old = ask(
        "to administer, signed in long ago",
        "POST",
        "/v1/admin/users",
    )
    .await;
    assert_eq!(
        challenge(&old),
        r#"Bearer error="insufficient_user_authentication", max_age="300""#
    );
}
