//! What operators do with accounts at the command line, beside a service that runs.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::command_line::{Ended, run};
use super::login;
use super::own_account::claims;
use crate::https::Authority;
use crate::revocation::eventually;
use crate::support::database::Database;
use crate::support::process::command;
use crate::support::{Backend, Client, PASSWORD, Process, Sql, both, secrets};

const NEW: &str = "seven loud gulls sail";

fn cli(database: &Database, arguments: &[&str], input: &str) -> Ended {
    run(command(database, arguments), input)
}

#[track_caller]
fn done(ended: Ended) -> String {
    assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{}", ended.out);
    ended.out
}

/// A JSON object a line.
fn lines(text: &str) -> Vec<Value> {
    let lines = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"));
    lines.collect()
}

async fn dies(server: &Client, access: &str) {
    eventually("the server knows", async || {
        server.me(access).await.code() == "token_revoked"
    })
    .await;
}

both! {
    async fn a_password_is_set_for_somebody_who_forgot_it(backend: Backend) {
        let database = Database::new(backend).await;
        [PASSWORD, NEW].into_iter().for_each(secrets::note);
        let server = Process::start(&database, &[]).await;
        let ada = server.signup("ada@example.org").await;
        let set = |account: &str, password: &str| cli(&database, &["users", "set-password", account], password);
        for (account, password, why) in [
            ("nobody@example.org", NEW, "there is no account with this address"),
            (ada.session.as_str(), NEW, "there is no such account"),
            ("ada@example.org", "short", "use at least 15 characters"),
            ("ada@example.org", "", "enter a password"),
            ("ada@example.org", "ada@example.org", "this password is too close to your email address, your name or this service"),
        ] {
            let ended = set(account, password);
            assert_eq!((ended.code, ended.err), (1, format!("auth-service: {why}\n")), "{account}");
        }
        let argument = cli(&database, &["users", "set-password", "ada@example.org", NEW], "");
        assert_eq!(argument.code, 2, "a password is never an argument");
        assert_eq!(server.me(&ada.access).await.status, 200, "what was refused has ended nothing");

        assert!(done(set("ADA@example.org", &format!("\u{FEFF}{NEW}\r\n"))).contains(&ada.user));
        dies(&server, &ada.access).await;
        server.refresh(&ada.refresh).await.expect(401, "refresh_token_revoked");
        login(&server, "ada@example.org", PASSWORD).await.expect(401, "invalid_credentials");
        login(&server, "ada@example.org", NEW).await.tokens();
        done(set(&ada.user, PASSWORD));
        server.login("ada@example.org").await;
        let rows = "audit_events WHERE event = 'password.changed' AND actor = 'operator' AND outcome = 'success'";
        assert_eq!(Sql::of(&database).await.count(rows).await, 2);
    }

    async fn an_account_is_disabled_and_enabled_by_address_or_identifier(backend: Backend) {
        let database = Database::new(backend).await;
        secrets::note(PASSWORD);
        let server = Process::start(&database, &[]).await;
        let ada = server.signup("ada@example.org").await;
        for account in ["ada@example.org", ada.user.as_str()] {
            assert!(done(cli(&database, &["users", "disable", account], "")).contains("  disabled  "));
            login(&server, "ada@example.org", PASSWORD).await.expect(401, "invalid_credentials");
            assert!(done(cli(&database, &["users", "enable", account], "")).contains("  active "));
            server.login("ada@example.org").await;
        }
        server.refresh(&ada.refresh).await.expect(401, "refresh_token_revoked");
    }

    async fn roles_are_shown_given_and_taken(backend: Backend) {
        let database = Database::new(backend).await;
        secrets::note(PASSWORD);
        let server = Process::start(&database, &[]).await;
        let ada = server.signup("ada@example.org").await;
        let roles = |more: &[&str]| cli(&database, &[&["users", "roles", "ada@example.org"], more].concat(), "");
        let shown = |out: &str| out.trim_end_matches('\n').rsplit("  ").next().unwrap_or_default().to_owned();
        assert_eq!(shown(&done(roles(&[]))), "");
        assert_eq!(shown(&done(roles(&["--add", "auth:admin", "--add", "staff"]))), "auth:admin,staff");
        eventually("the server knows", async || server.me(&ada.access).await.code() == "claims_stale").await;
        let admin = server.login_as_admin("ada@example.org").await;
        assert_eq!(server.bearer(&admin.access).get("/v1/admin/users").await.status, 200);
        // The same again changes nothing, and makes no token stale.
        assert_eq!(shown(&done(roles(&["--add", "staff", "--remove", "none"]))), "auth:admin,staff");
        assert_eq!(server.me(&admin.access).await.status, 200);
        // Where operators are, the last administrator may go: they can make another.
        assert_eq!(shown(&done(roles(&["--remove", "auth:admin", "--add", "editor"]))), "editor,staff");
        assert_eq!(shown(&done(roles(&[]))), "editor,staff");
        eventually("the server knows", async || server.bearer(&admin.access).get("/v1/admin/users").await.status == 401).await;
        let bad = roles(&["--add", "auth:root"]);
        assert!(bad.code == 1 && bad.err.contains("auth:admin"), "{}", bad.err);
    }

    async fn sessions_are_listed_and_ended(backend: Backend) {
        let database = Database::new(backend).await;
        secrets::note(PASSWORD);
        let server = Process::start(&database, &[]).await;
        let (one, two) = (server.signup("ada@example.org").await, server.login("ada@example.org").await);
        let sessions = |more: &[&str]| cli(&database, &[&["users", "sessions", "ada@example.org"], more].concat(), "");
        let listed = done(sessions(&[]));
        let ids: Vec<_> = listed.lines().map(|line| line.split("  ").next().unwrap_or_default()).collect();
        assert_eq!(ids, [two.session.as_str(), one.session.as_str()]);
        let json = lines(&done(sessions(&["--json"])));
        assert_eq!(json.iter().map(|it| it["id"].as_str().expect("an id")).collect::<Vec<_>>(), ids);
        assert_eq!(json[0]["address"], "127.0.0.1");

        let revoked = cli(&database, &["revoke", "sid", &two.session], "");
        assert_eq!(done(revoked), format!("revoked {}\n", two.session));
        dies(&server, &two.access).await;
        assert_eq!(server.me(&one.access).await.status, 200);
        let again = cli(&database, &["revoke", "sid", &two.session], "");
        assert_eq!((again.code, again.err.as_str()), (1, "auth-service: there is no such session, or it has ended\n"));
        assert_eq!(done(sessions(&["--end"])), format!("ended all sessions of {}\n", one.user));
        dies(&server, &one.access).await;
        assert_eq!(done(sessions(&[])), "");
        let row = "audit_events WHERE event IN ('session.ended', 'sessions.ended') AND actor = 'operator'";
        assert_eq!(Sql::of(&database).await.count(row).await, 2);
    }

    async fn tokens_and_accounts_are_revoked(backend: Backend) {
        let database = Database::new(backend).await;
        secrets::note(PASSWORD);
        let server = Process::start(&database, &[]).await;
        let ada = server.signup("ada@example.org").await;
        let jti = claims(&ada.access)["jti"].as_str().expect("a jti").to_owned();
        done(cli(&database, &["revoke", "jti", &jti], ""));
        dies(&server, &ada.access).await;
        let ada = server.refresh(&ada.refresh).await.tokens();
        for account in ["ada@example.org", ada.user.as_str()] {
            let ada = server.login("ada@example.org").await;
            done(cli(&database, &["revoke", "sub", account], ""));
            dies(&server, &ada.access).await;
            server.refresh(&ada.refresh).await.expect(401, "refresh_token_revoked");
        }
        for (what, value, code, why) in [
            ("jti", "x", 1, "this is no identifier"),
            ("sid", "ada@example.org", 1, "this is no identifier"),
            ("sub", "nobody@example.org", 1, "there is no account with this address"),
            ("sub", ada.session.as_str(), 1, "there is no such account"),
            ("kid", "x", 2, "possible values"),
        ] {
            let ended = cli(&database, &["revoke", what, value], "");
            assert!(ended.code == code && ended.err.contains(why), "{what} {value}: {}", ended.err);
        }
    }

    async fn lists_and_the_doctor_speak_json(backend: Backend) {
        let database = Database::new(backend).await;
        secrets::note(PASSWORD);
        for n in 0..3 {
            let email = format!("user-{n}@example.org");
            done(cli(&database, &["users", "create", &email, "--role", "staff"], PASSWORD));
        }
        let listed = done(cli(&database, &["users", "list", "--json"], ""));
        let users = lines(&listed);
        assert_eq!(users.len(), 3);
        assert_eq!((&users[0]["email"], &users[0]["roles"], &users[0]["disabled_at"]), (&json!("user-0@example.org"), &json!(["staff"]), &Value::Null));
        assert!(!listed.contains("argon2"));
        let keys = lines(&done(cli(&database, &["keys", "list", "--json"], "")));
        assert_eq!((keys.len(), &keys[0]["state"], &keys[0]["alg"]), (1, &json!("active"), &json!("ES256")));
        let refresh = lines(&done(cli(&database, &["keys", "list", "--refresh", "--json"], "")));
        assert_eq!((refresh.len(), &refresh[0]["alg"]), (1, &json!("HS256")));

        let findings = lines(&done(cli(&database, &["check", "--json"], "")));
        assert!(findings.len() >= 6 && findings.iter().all(|it| it["ok"] == true), "{findings:?}");
        assert!(findings.iter().any(|it| it["part"] == "database" && it["message"].as_str().is_some_and(|text| text.contains("up to date"))));
        let mut broken = command(&database, &["check", "--json"]);
        broken.env("AUTH__REDIS__URL", "redis://127.0.0.1:1");
        let broken = run(broken, "");
        let redis = lines(&broken.out).into_iter().find(|it| it["part"] == "redis").expect("a finding");
        assert_eq!((broken.code, &redis["ok"]), (1, &json!(false)), "{}", broken.out);
    }
}

/// The health check of the service that listens there.
fn healthcheck(database: &Database, internal: &str, more: &[&str]) -> Command {
    let mut command = command(database, &[&["healthcheck"], more].concat());
    command.env("AUTH__INTERNAL_LISTEN", internal);
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn a_health_check_asks_the_service_beside_it() {
    let database = Database::new(Backend::Sqlite).await;
    let mut process = Process::start(
        &database,
        &[
            ("AUTH__INTERNAL_LISTEN", "0.0.0.0:0"),
            ("AUTH__HTTP__SHUTDOWN_GRACE", "20s"),
        ],
    )
    .await;
    let internal = process.internal.trim_start_matches("http://").to_owned();
    let ready = |more: &[&str]| run(healthcheck(&database, &internal, more), "");
    assert!(done(ready(&[])).contains(r#""database":true"#));
    assert!(done(ready(&["--live"])).contains("ok"));
    let silent = run(healthcheck(&database, "127.0.0.1:1", &[]), "");
    assert!(
        silent.code == 1 && silent.err.contains("nobody answers at 127.0.0.1:1"),
        "{}",
        silent.err
    );
    let any = run(healthcheck(&database, "127.0.0.1:0", &[]), "");
    assert!(
        any.code == 1 && any.err.contains("internal_listen"),
        "{}",
        any.err
    );

    process.signal("TERM");
    eventually("it says that it stops", async || ready(&[]).code == 1).await;
    let stopping = ready(&[]);
    assert!(
        stopping.err.contains("503") && stopping.err.contains(r#""stopping":true"#),
        "{}",
        stopping.err
    );
    done(ready(&["--live"]));
    process.signal("KILL");
    process.wait(Duration::from_secs(20)).await;
    assert_eq!(ready(&["--live"]).code, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_health_check_speaks_tls_where_the_listener_does() {
    let (database, authority) = (Database::new(Backend::Sqlite).await, Authority::new());
    authority.put("first");
    let (certificate, key) = (authority.path("tls.crt"), authority.path("tls.key"));
    let port = crate::support::outside::free_port();
    let internal = format!("127.0.0.1:{port}");
    let with_tls = |mut command: Command| {
        command
            .env("AUTH__TLS__CERTIFICATE", &certificate)
            .env("AUTH__TLS__KEY", &key)
            .env("AUTH__TLS__INTERNAL", "true")
            .env("AUTH__INTERNAL_LISTEN", &internal);
        command
    };
    let _process = Process::spawn(with_tls(command(&database, &["serve"])))
        .await
        .expect("it starts");
    let said = done(run(with_tls(command(&database, &["healthcheck"])), ""));
    assert!(said.contains(r#""database":true"#), "{said}");
    let plain = run(healthcheck(&database, &internal, &[]), "");
    assert_eq!(plain.code, 1, "{}", plain.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn completions_and_man_pages_name_the_commands_and_need_no_settings() {
    let database = Database::new(Backend::Sqlite).await;
    let unset = |arguments: &[&str]| {
        let mut command = command(&database, arguments);
        command
            .env("AUTH__DATABASE__URL", "nonsense")
            .env("AUTH__NO_SUCH", "setting");
        run(command, "")
    };
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = done(unset(&["completions", shell]));
        for word in ["set-password", "healthcheck", "revoke"] {
            assert!(script.contains(word), "{shell} {word}");
        }
    }
    assert_eq!(unset(&["completions", "sh"]).code, 2);
    let page = done(unset(&["man"]));
    assert!(
        page.contains(".TH auth-service 1") && page.contains("healthcheck"),
        "{page}"
    );
    let folder = database.folder.path().join("man");
    done(unset(&["man", "--dir", folder.to_str().expect("a path")]));
    for name in [
        "auth-service.1",
        "auth-service-users-set-password.1",
        "auth-service-revoke.1",
    ] {
        let page = std::fs::read_to_string(folder.join(name)).unwrap_or_else(|_| panic!("{name}"));
        assert!(page.contains(".TH"), "{page}");
    }
    let bad = unset(&["man", "--dir", "/proc/nowhere"]);
    assert!(
        bad.code == 1 && bad.err.contains("/proc/nowhere"),
        "{}",
        bad.err
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_version_names_the_commit() {
    let database = Database::new(Backend::Sqlite).await;
    let said = done(cli(&database, &["--version"], ""));
    let commit =
        said.trim_end()
            .strip_prefix(concat!("auth-service ", env!("CARGO_PKG_VERSION"), " ("));
    let commit = commit
        .and_then(|rest| rest.strip_suffix(')'))
        .unwrap_or_else(|| panic!("{said}"));
    let is_commit = commit.len() == 12 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    assert!(is_commit || commit == "commit unknown", "{said}");
}

#[test]
fn a_tarball_of_the_source_holds_its_commit() {
    let root = crate::support::outside::root();
    let read = |path: &str| std::fs::read_to_string(root.join(path)).expect("a file");
    assert!(read(".gitattributes").contains("auth-service/commit.txt export-subst"));
    let marked = read("auth-service/commit.txt");
    let is_commit = marked.trim().bytes().all(|byte| byte.is_ascii_hexdigit());
    assert!(marked == "$Format:%H$\n" || is_commit, "{marked}");
}
