//! The binary as operators run it.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use serde_json::json;

use super::login;
use crate::support::database::Database;
use crate::support::process::command;
use crate::support::{Backend, PASSWORD, Process, both, recorded, secrets};

/// How a command ended: its exit status, what it printed, and what it complained of.
pub struct Ended {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// How long a command may take.
const LIMIT: Duration = Duration::from_secs(60);

/// Runs a command to its end with `input` on its standard input.
pub fn run(mut command: Command, input: &str) -> Ended {
    let child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.expect("the binary runs");
    // It may end without reading.
    drop(
        child
            .stdin
            .take()
            .expect("a pipe")
            .write_all(input.as_bytes()),
    );
    // One that serves instead of refusing would never end.
    let (ended, waiting) = mpsc::channel::<()>();
    let pid = child.id().to_string();
    std::thread::spawn(move || {
        if waiting.recv_timeout(LIMIT) == Err(RecvTimeoutError::Timeout) {
            drop(Command::new("kill").args(["-KILL", &pid]).status());
        }
    });
    let output = child.wait_with_output().expect("it ends");
    drop(ended);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Ended {
        code: output.status.code().expect("an exit status"),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

fn auth_service(database: &Database, arguments: &[&str], input: &str) -> Ended {
    run(command(database, arguments), input)
}

both! {
    async fn an_operator_makes_lists_and_disables_accounts(backend: Backend) {
        let database = Database::new(backend).await;
        secrets::note(PASSWORD);
        let create = ["users", "create", "Ada@example.org", "--role", "auth:admin", "--role", "staff", "--name", "Ada", "--email-verified"];
        let made = auth_service(&database, &create, &format!("{PASSWORD}\r\n"));
        assert_eq!((made.code, made.err.as_str()), (0, ""));
        assert!(made.out.contains("active") && made.out.contains("Ada@example.org  auth:admin,staff"), "{}", made.out);
        let again = auth_service(&database, &create, PASSWORD);
        assert_eq!((again.code, again.err.as_str()), (1, "auth-service: this email address belongs to an account\n"));
        let short = auth_service(&database, &["users", "create", "grace@example.org"], "short\n");
        assert_eq!((short.code, short.err.as_str()), (1, "auth-service: use at least 15 characters\n"));
        let empty = auth_service(&database, &["users", "create", "grace@example.org"], "");
        assert_eq!((empty.code, empty.err.as_str()), (1, "auth-service: enter a password\n"));
        for arguments in [&["users", "create", "grace@example.org", PASSWORD][..], &["users", "create", "grace@example.org", "--password", PASSWORD]] {
            let refused = auth_service(&database, arguments, PASSWORD);
            assert_eq!((refused.code, refused.out.as_str()), (2, ""), "a password is never an argument");
        }
        assert_eq!(auth_service(&database, &["users", "create", "grace@example.org"], PASSWORD).code, 0);
        let listed = auth_service(&database, &["users", "list"], "");
        assert_eq!(listed.out.lines().count(), 2, "{}", listed.out);
        assert!(!listed.out.contains("$argon2"));

        let service = Process::start(&database, &[]).await;
        let session = service.login_as_admin("ada@example.org").await;
        assert_eq!(service.bearer(&session.access).get("/v1/admin/users").await.status, 200);
        let disabled = auth_service(&database, &["users", "disable", "ADA@example.org"], "");
        assert!(disabled.code == 0 && disabled.out.contains("disabled"), "{}", disabled.err);
        login(&service, "ada@example.org", PASSWORD).await.expect(401, "invalid_credentials");
        service.refresh(&session.refresh).await.expect(401, "refresh_token_revoked");
        let nobody = auth_service(&database, &["users", "disable", "nobody@example.org"], "");
        assert_eq!((nobody.code, nobody.err.as_str()), (1, "auth-service: there is no account with this address\n"));
    }

    async fn an_import_names_each_bad_line_imports_the_rest_and_can_be_run_again(backend: Backend) {
        let database = Database::new(backend).await;
        let hash = "$2b$04$5lxftB8TVIozZhtHVu7ESuygBTesB.NAORHaK25XdNmXUeLOoQmR6";
        secrets::note(hash);
        let mut lines: Vec<Vec<u8>> = (1..=450).map(|n| json!({ "email": format!("user-{n}@example.org") }).to_string().into_bytes()).collect();
        let bad: [(usize, &[u8], &str); 10] = [
            (3, b"not json", "expected"),
            (7, br#"{"name":"Nobody"}"#, "missing field `email`"),
            (8, br#"{"email":"no address"}"#, "email: this is not an email address"),
            (9, br#"{"email":"a@example.org","hash":"$1$salt$x"}"#, "hash: unknown password hash format"),
            (10, br#"{"email":"b@example.org","hash":"$2b$31$5lxftB8TVIozZhtHVu7ESuygBTesB.NAORHaK25XdNmXUeLOoQmR6"}"#, "hash: "),
            (11, br#"{"email":"c@example.org","roles":["a b"]}"#, "roles are"),
            (12, br#"{"email":"d@example.org","created_at":"yesterday"}"#, "created_at: "),
            (13, br#"{"email":"e@example.org","name":"a\u0000b"}"#, "a name has"),
            (14, br#"{"email":"f@example.org","passwd":"x"}"#, "unknown field `passwd`"),
            (449, b"\xff\xfe", "UTF-8"),
        ];
        for (number, line, _) in &bad {
            lines[number - 1] = line.to_vec();
        }
        lines[99] = b"".to_vec();
        lines[449] = json!({ "email": "grace@example.org", "hash": hash, "created_at": "2019-05-04T03:02:01Z" }).to_string().into_bytes();
        let file = database.folder.path().join("users.jsonl");
        std::fs::write(&file, lines.join(&b'\n')).expect("the file can be written");
        let path = file.to_str().expect("a path");

        let first = auth_service(&database, &["users", "import", path], "");
        assert_eq!(first.code, 1, "some lines are bad");
        assert_eq!(first.out, "439 imported, 0 were there already, 10 not imported\n");
        for (number, _, reason) in bad {
            let prefix = format!("line {number}: ");
            let named: Vec<_> = first.err.lines().filter(|line| line.starts_with(&prefix)).collect();
            assert!(named.len() == 1 && named[0].contains(reason), "{number}: {}", first.err);
            assert!(!named[0].contains("at line 1"), "{}", named[0]);
        }
        let second = auth_service(&database, &["users", "import", path], "");
        assert_eq!(second.out, "0 imported, 439 were there already, 10 not imported\n");
        let more = format!("{}\n", json!({ "email": "more@example.org" }));
        let third = auth_service(&database, &["users", "import", "-"], &more);
        assert_eq!((third.code, third.out.as_str()), (0, "1 imported, 0 were there already, 0 not imported\n"));
        assert_eq!(auth_service(&database, &["users", "list"], "").out.lines().count(), 440);

        let service = Process::start(&database, &[]).await;
        login(&service, "grace@example.org", "correct horse battery staple").await.tokens();
        assert!(recorded::password_hash(&database, "grace@example.org").await.starts_with("$argon2id$"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_ends_an_import() {
    let database = Database::new(Backend::Sqlite).await;
    let folder = database.folder.path().to_str().expect("a path");
    for (path, why) in [(folder, "directory"), ("/nonexistent", "can't be read")] {
        let ended = auth_service(&database, &["users", "import", path], "");
        assert!(ended.code == 1 && ended.err.contains(why), "{}", ended.err);
    }
}

both! {
    async fn keys_are_listed_rotated_and_removed(backend: Backend) {
        let database = Database::new(backend).await;
        let listed = auth_service(&database, &["keys", "list"], "");
        assert_eq!((listed.code, listed.out.lines().count()), (0, 1), "{}", listed.err);
        assert!(listed.out.contains("ES256  active"), "{}", listed.out);
        let next = auth_service(&database, &["keys", "rotate"], "");
        assert!(next.code == 0 && next.out.contains("ES256  next"), "{}", next.out);
        let kid = next.out.split_whitespace().next().expect("a key");
        assert_eq!(auth_service(&database, &["keys", "list"], "").out.lines().count(), 2);
        let rewrapped = auth_service(&database, &["keys", "rewrap"], "");
        assert_eq!((rewrapped.code, rewrapped.out.as_str()), (0, "0 keys sealed anew\n"), "{}", rewrapped.err);
        let removed = auth_service(&database, &["keys", "remove", kid], "");
        assert_eq!((removed.code, removed.out), (0, format!("removed {kid}\n")));
        let mac = auth_service(&database, &["keys", "rotate", "--refresh"], "");
        assert!(mac.code == 0 && mac.out.contains("HS256  next      refresh tokens from "), "{}", mac.out);
        assert_eq!(auth_service(&database, &["keys", "list", "--refresh"], "").out.lines().count(), 2);
        let rsa = auth_service(&database, &["keys", "rotate", "--algorithm", "EdDSA"], "");
        assert!(rsa.code == 0 && rsa.out.contains("EdDSA  next"), "{}", rsa.out);
        let unknown = auth_service(&database, &["keys", "rotate", "--algorithm", "HS256"], "");
        assert_eq!(unknown.code, 2, "{}", unknown.err);
        let again = auth_service(&database, &["keys", "remove", kid], "");
        assert_eq!((again.code, again.err.as_str()), (1, "auth-service: there is no such key\n"));
        let older = auth_service(&database, &["keys", "remove", "-wx-iuPFjkuiogG878nC2DxDmWAWwUrvVx5wH6L1E5Y"], "");
        assert_eq!((older.code, older.err.as_str()), (1, "auth-service: there is no such key\n"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_and_the_document_are_shown_without_secrets() {
    let database = Database::new(Backend::Sqlite).await;
    let defaults = auth_service(&database, &["config", "--default"], "");
    let committed = include_str!("../../../config/default.toml");
    assert_eq!((defaults.code, defaults.out.as_str()), (0, committed));

    let mut shown = command(&database, &["config"]);
    shown
        .env(
            "AUTH__KEYS__ENCRYPTION_KEYS",
            "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=",
        )
        .env("AUTH__TOKENS__ACCESS_TTL", "7m")
        .env("REDIS_URL", "redis://default:a-redis-secret@127.0.0.1:1")
        .env(
            "AUTH__DATABASE__URL",
            "postgres://auth:a-postgres-secret@127.0.0.1/auth",
        );
    let shown = run(shown, "");
    assert_eq!(shown.code, 0, "{}", shown.err);
    assert!(shown.out.contains("access_ttl = \"7m\""), "{}", shown.out);
    for secret in ["q83vEjRW", "a-redis-secret", "a-postgres-secret"] {
        assert!(!shown.out.contains(secret), "{}", shown.out);
    }

    let document = auth_service(&database, &["openapi"], "");
    let document: serde_json::Value = serde_json::from_str(&document.out).expect("JSON");
    for (path, method) in auth_service::http::routes::TABLE {
        assert!(
            document["paths"][path][method.to_lowercase()].is_object(),
            "{method} {path}"
        );
    }
}
