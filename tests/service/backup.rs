//! Backup and restore as `docs/OPERATIONS.md` writes them down: what comes back, what is lost, and
//! that what is lost can be made good.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::revocation::{eventually, logout, sessions};
use crate::support::database::{Backend, Database};
use crate::support::events::Events;
use crate::support::outside::root;
use crate::support::{Client, PASSWORD, Service, Sql, Tokens, both};

const NEW: &str = "another lovelace entirely";

fn run(program: &Path, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    assert!(output.status.success(), "{output:?}");
}

fn postgres(program: &str, arguments: &[&str]) {
    let bin = std::env::var("PG_BIN").expect("PG_BIN is not set: run the tests by `make test`");
    run(&Path::new(&bin).join(program), arguments);
}

/// The ways to copy a SQLite file that is in use.
const BACKUP: &str = ".backup";
const VACUUM: &str = "VACUUM INTO";

/// Copies a database that is in use to a file; of SQLite in this way.
fn back_up(database: &Database, file: &str, way: &str) {
    match database.url.strip_prefix("sqlite://") {
        Some(path) => run(
            Path::new("sqlite3"),
            &[path, format!("{way} '{file}'").as_str()],
        ),
        None => postgres(
            "pg_dump",
            &["--format=custom", "--file", file, database.url.as_str()],
        ),
    }
}

/// Another database, from the file.
async fn restore(backend: Backend, file: &str) -> Database {
    match backend {
        Backend::Sqlite => {
            let database = Database::empty_file();
            let path = database.url.trim_start_matches("sqlite://");
            std::fs::copy(file, path).expect("a copy");
            database
        }
        Backend::Postgres => {
            let database = Database::empty().await;
            let options = ["--exit-on-error", "--single-transaction", "--no-owner"];
            postgres(
                "pg_restore",
                &[&options[..], &["--dbname", database.url.as_str(), file]].concat(),
            );
            database
        }
    }
}

/// Signs people up until it is told to stop; how many.
async fn writes(client: Client, stop: Arc<AtomicBool>) -> usize {
    for number in 0.. {
        if stop.load(Ordering::SeqCst) {
            return number;
        }
        client
            .signup(&format!("meanwhile-{number}@example.org"))
            .await;
    }
    unreachable!("it counts on")
}

/// Backs up while others write. Blocks this thread and no other.
async fn back_up_in_use(service: &Service, file: &str, way: &str) {
    let stop = Arc::new(AtomicBool::new(false));
    let writing = tokio::spawn(writes(service.client(), stop.clone()));
    let signed_up = || async { Sql::of(&service.database).await.count("users").await };
    let before = signed_up().await;
    eventually("they write", async || signed_up().await > before).await;
    tokio::task::block_in_place(|| back_up(&service.database, file, way));
    stop.store(true, Ordering::SeqCst);
    assert!(writing.await.expect("nobody was refused") > 1);
}

/// Nothing was copied by half: an account, its session and its audit event are one transaction.
async fn is_whole(database: &Database) {
    let mut sql = Sql::of(database).await;
    for part in [
        "sessions p WHERE p.user_id",
        "audit_events p WHERE p.event = 'account.created' AND p.subject_id",
    ] {
        let lacking = format!("users u WHERE NOT EXISTS (SELECT 1 FROM {part} = u.id)");
        assert_eq!(sql.count(&lacking).await, 0, "{part}");
    }
    if database.url.starts_with("sqlite:") {
        let said = sql
            .lines("SELECT integrity_check AS line FROM pragma_integrity_check")
            .await;
        assert_eq!(said, ["ok"]);
    }
}

/// The statement of the document that begins so.
fn documented(beginning: &str) -> String {
    let text = std::fs::read_to_string(root().join("docs/OPERATIONS.md")).expect("the document");
    let line = text.lines().find(|line| line.starts_with(beginning));
    line.unwrap_or_else(|| panic!("docs/OPERATIONS.md does not say {beginning}"))
        .to_owned()
}

/// What the document says to run before the first replica starts.
async fn after_restoring(database: &Database) {
    let statement = match database.url.starts_with("sqlite:") {
        true => documented("UPDATE sqlite_sequence"),
        false => documented("SELECT setval("),
    };
    Sql::of(database).await.run(&statement).await;
}

/// Accounts as they are when the backup is made.
struct Scene {
    service: Service,
    admin: Tokens,
    /// Refreshes on.
    busy: Tokens,
    /// Logs out after the backup.
    leaves: Tokens,
    /// Changes the password after the backup.
    changes: Tokens,
    /// Is disabled after the backup.
    disabled: Tokens,
    /// Logged out before the backup.
    left: Tokens,
}

impl Scene {
    async fn set(backend: Backend) -> Self {
        let service = Service::start(backend).await;
        let admin = service.admin().await;
        let left = service.signup("left@example.org").await;
        logout(&service, &left).await;
        let busy = service.signup("busy@example.org").await;
        Self {
            busy: service.refresh(&busy.refresh).await.tokens(),
            leaves: service.signup("leaves@example.org").await,
            changes: service.signup("changes@example.org").await,
            disabled: service.signup("disabled@example.org").await,
            left,
            admin,
            service,
        }
    }

    /// Starts a replica on what was restored, by the same key-encryption key and clock.
    async fn restart_on(&self, database: Database) -> Service {
        let data_dir = self.service.ctx.settings.data_dir.clone();
        let clock = self.service.clock.clone();
        Service::on(Arc::new(database), clock, |settings| {
            settings.data_dir = data_dir
        })
        .await
    }

    async fn disable(&self, service: &Service) {
        let path = format!("/v1/admin/users/{}", self.disabled.user);
        let admin = service.bearer(&self.admin.access);
        let answer = admin.patch(&path, json!({ "disabled": true })).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
}

both! {
    async fn what_was_refreshed_after_the_backup_goes_on_and_what_was_lost_is_known(backend: Backend) {
        let scene = Scene::set(backend).await;
        let service = &scene.service;
        let file = service.database.folder.path().join("backup");
        let file = file.to_str().expect("a path");
        back_up_in_use(service, file, BACKUP).await;

        // After the backup.
        let mut current = scene.busy.clone();
        for _ in 0..3 {
            service.advance(31);
            current = service.refresh(&current.refresh).await.tokens();
        }
        logout(service, &scene.leaves).await;
        let change = json!({ "current_password": PASSWORD, "new_password": NEW });
        let changed = service.bearer(&scene.changes.access).post("/v1/me/password", change).await;
        assert_eq!(changed.status, 204, "{}", changed.text);
        scene.disable(service).await;
        let made = service.signup("made@example.org").await;
        let again = service.login("busy@example.org").await;
        let position = service.get_internal("/v1/revocations").await.body["position"].as_i64();

        let restored = restore(backend, file).await;
        is_whole(&restored).await;
        after_restoring(&restored).await;
        let restarted = scene.restart_on(restored).await;

        // Generations above the row's are honoured, and the old ones still end the session.
        restarted.me(&current.access).await.expect(200, "");
        service.advance(31);
        let successor = restarted.refresh(&current.refresh).await.tokens();
        restarted.advance(31);
        restarted.refresh(&current.refresh).await.expect(401, "refresh_token_reused");
        restarted.refresh(&successor.refresh).await.expect(401, "refresh_token_revoked");

        // Made after the backup: gone.
        for tokens in [&made, &again] {
            restarted.refresh(&tokens.refresh).await.expect(401, "refresh_token_revoked");
        }
        let body = json!({ "email": "made@example.org", "password": PASSWORD });
        restarted.post("/v1/login", body).await.expect(401, "invalid_credentials");
        // Undone after the backup: back again, which is what must be made good.
        restarted.refresh(&scene.leaves.refresh).await.tokens();
        restarted.me(&scene.leaves.access).await.expect(200, "");
        restarted.login("changes@example.org").await;
        let body = json!({ "email": "changes@example.org", "password": NEW });
        restarted.post("/v1/login", body).await.expect(401, "invalid_credentials");
        restarted.login("disabled@example.org").await;
        // Before the backup: as it was.
        restarted.refresh(&scene.left.refresh).await.expect(401, "refresh_token_revoked");
        restarted.me(&scene.left.access).await.expect(401, "token_revoked");

        // A verifier that had read the feed to its end misses nothing of what is revoked now.
        restarted.revoke(&scene.admin, "sid", &scene.leaves.session).await;
        restarted.refresh(&scene.leaves.refresh).await.expect(401, "refresh_token_revoked");
        restarted.me(&scene.leaves.access).await.expect(401, "token_revoked");
        let mut feed = Events::open(&restarted.internal, position).await;
        // Of the reuse above, then of this.
        for session in [&scene.busy.session, &scene.leaves.session] {
            assert_eq!(feed.revoked().await.data["value"], json!(session));
        }
        scene.disable(&restarted).await;
        let body = json!({ "email": "disabled@example.org", "password": PASSWORD });
        restarted.post("/v1/login", body).await.expect(401, "invalid_credentials");
    }

    async fn everybody_can_be_signed_out_of_what_was_restored(backend: Backend) {
        let scene = Scene::set(backend).await;
        let file = scene.service.database.folder.path().join("backup");
        let file = file.to_str().expect("a path");
        back_up_in_use(&scene.service, file, VACUUM).await;
        logout(&scene.service, &scene.leaves).await;
        let all = sessions(&scene.service, "many@example.org", 3).await;

        let restored = restore(backend, file).await;
        is_whole(&restored).await;
        after_restoring(&restored).await;
        let everybody = documented("UPDATE sessions SET revoked_at");
        Sql::of(&restored).await.run(&everybody).await;
        let restarted = scene.restart_on(restored).await;
        let keys = restarted.ctx.keyring.list(kernel::keyring::Purpose::Signing).await.expect("the database answers");
        let (actor, origin) = (kernel::audit::Actor::Operator, Default::default());
        restarted.ctx.keyring.remove(&keys[0].kid, actor, &origin).await.expect("it is there");

        for tokens in all.iter().chain([&scene.busy, &scene.leaves, &scene.admin]) {
            restarted.refresh(&tokens.refresh).await.expect(401, "refresh_token_revoked");
            assert_eq!(restarted.me(&tokens.access).await.status, 401);
        }
        let new = restarted.login("busy@example.org").await;
        restarted.me(&new.access).await.expect(200, "");
    }
}
