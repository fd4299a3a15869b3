//! One release replaces another under load, its migration included. `tests/tools/upgrade-from`
//! builds the one before; otherwise this build is both, and the tables grow as a later one's may.

use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use tokio::task::JoinHandle;

use super::at_once::encryption_key;
use super::side_by_side::{expand, output, production};
use crate::support::database::Database;
use crate::support::process::binary;
use crate::support::{Backend, Client, PASSWORD, Process, Sql, both, outside};

/// The release that is replaced.
pub(crate) fn previous() -> PathBuf {
    std::env::var_os("TEST_PREVIOUS_BINARY").map_or_else(binary, PathBuf::from)
}

/// Takes from the environment of a command what its release can't know: it refuses to start on a
/// setting of a later one.
pub(crate) fn without_later_settings(command: &mut Command) {
    let release = Path::new(command.get_program());
    if release == binary() {
        return;
    }
    let listed = Command::new(release).args(["config", "--default"]).output();
    let listed = listed.expect("the release lists its settings").stdout;
    let known = variables(&String::from_utf8(listed).expect("TOML is UTF-8"));
    let set = command.get_envs().map(|(name, _)| name.to_owned());
    let later: Vec<_> = set
        .filter(|name| {
            name.to_str()
                .is_some_and(|it| it.starts_with("AUTH__") && !known.contains(it))
        })
        .collect();
    println!("the release before does not know {later:?}");
    for name in later {
        command.env_remove(name);
    }
}

/// The variables that set what a file of all settings names, those included that are commented out.
fn variables(file: &str) -> HashSet<String> {
    let mut section = String::new();
    let mut variables = HashSet::new();
    for line in file.lines() {
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            section = format!("{name}.");
        } else if let Some((key, _)) = line.trim_start_matches("# ").split_once(" = ") {
            let path = format!("{section}{key}").to_uppercase();
            variables.insert(format!("AUTH__{}", path.replace('.', "__")));
        }
    }
    variables
}

/// A command of a release, in production.
fn of(release: &Path, database: &Database, arguments: &[&str], key: &str) -> Command {
    let mut command = Command::new(release);
    command.args(arguments).env_clear();
    for (name, value) in production(database, arguments, key).get_envs() {
        command.env(name, value.expect("all are set"));
    }
    // So many sign-ins at production's cost of hashing would be shed on a busy machine.
    command.env("AUTH__PASSWORDS__QUEUE_DEADLINE", "60s");
    without_later_settings(&mut command);
    command
}

/// Brings the tables up to date; false if there was nothing to do.
fn migrate(release: &Path, database: &Database, key: &str) -> bool {
    let (migrated, said) = output(of(release, database, &["migrate"], key));
    assert!(migrated, "{said}");
    !said.starts_with("nothing to do")
}

/// People who go from one replica to the other, until they are told to stop.
struct Crowd {
    stop: Arc<AtomicBool>,
    rounds: Arc<AtomicUsize>,
    people: Vec<JoinHandle<()>>,
}

impl Crowd {
    fn of(count: usize, name: &str, one: &Client, other: &Client) -> Self {
        let (stop, rounds) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicUsize::new(0)),
        );
        let people = (0..count).map(|number| {
            let (one, other) = match number % 2 {
                0 => (one.clone(), other.clone()),
                _ => (other.clone(), one.clone()),
            };
            let email = format!("{name}-{number}@example.org");
            tokio::spawn(goes_on(email, one, other, stop.clone(), rounds.clone()))
        });
        Self {
            people: people.collect(),
            stop,
            rounds,
        }
    }

    /// Waits until they have made so many rounds more.
    async fn makes(&self, rounds: usize) {
        let until = self.rounds.load(Ordering::SeqCst) + rounds;
        while self.rounds.load(Ordering::SeqCst) < until {
            assert!(
                !self.people.iter().any(JoinHandle::is_finished),
                "one was refused"
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn stops(self) {
        self.stop.store(true, Ordering::SeqCst);
        for one in self.people {
            one.await.expect("nobody was refused");
        }
    }
}

/// Somebody who administers the service, by the role that the release before has for it.
struct Administrator;

impl Administrator {
    const EMAIL: &str = "root@example.org";

    fn made_by(release: &Path, database: &Database, key: &str) -> Self {
        let role = match release == binary() {
            true => outside::ADMIN,
            false => "admin",
        };
        let arguments = ["users", "create", Self::EMAIL, "--role", role];
        let mut command = of(release, database, &arguments, key);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("the binary runs");
        let mut input = child.stdin.take().expect("a pipe");
        input.write_all(PASSWORD.as_bytes()).expect("it reads");
        drop(input);
        assert!(child.wait().expect("it ends").success(), "users create");
        Self
    }

    async fn still_is_one(&self, after: &Client) {
        let root = after.login_as_admin(Self::EMAIL).await;
        let made = json!({ "email": "made@example.org" });
        let root = after.bearer(&root.access);
        let made = root.post("/v1/admin/users", made).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let path = format!(
            "/v1/admin/users/{}",
            made.body["id"].as_str().expect("an identifier")
        );
        assert_eq!(root.delete(&path).await.status, 204);
    }
}

async fn goes_on(
    email: String,
    one: Client,
    other: Client,
    stop: Arc<AtomicBool>,
    rounds: Arc<AtomicUsize>,
) {
    let mut kept = one.signup(&email).await;
    while !stop.load(Ordering::SeqCst) {
        kept = other.refresh(&kept.refresh).await.tokens();
        one.me(&kept.access).await.expect(200, "");
        kept = one.refresh(&kept.refresh).await.tokens();
        other.me(&kept.access).await.expect(200, "");
        let short = other.login(&email).await;
        crate::revocation::logout(&one, &short).await;
        one.me(&short.access).await.expect(401, "token_revoked");
        rounds.fetch_add(1, Ordering::SeqCst);
    }
}

both! {
    async fn a_release_replaces_another_and_refuses_nobody(backend: Backend) {
        let (old, new) = (previous(), binary());
        let database = match backend {
            Backend::Sqlite => Database::empty_file(),
            Backend::Postgres => Database::empty().await,
        };
        let key = encryption_key();
        assert!(migrate(&old, &database, &key), "it makes the tables");
        let mut before = Process::spawn(of(&old, &database, &["serve"], &key)).await.expect("it starts");
        let root = Administrator::made_by(&old, &database, &key);
        let crowd = Crowd::of(4, "early", &before, &before);
        crowd.makes(8).await;
        if !migrate(&new, &database, &key) {
            expand(&database).await;
        }
        crowd.makes(8).await;
        let after = Process::spawn(of(&new, &database, &["serve"], &key)).await.expect("it starts");
        let both_serve = Crowd::of(4, "between", &before, &after);
        crowd.makes(8).await;
        both_serve.makes(12).await;
        root.still_is_one(&after).await;
        // The balancer sends nobody to the old one any more.
        both_serve.stops().await;
        crowd.stops().await;
        before.signal("TERM");
        assert!(before.wait(Duration::from_secs(30)).await.success());
        let late = Crowd::of(2, "late", &after, &after);
        late.makes(6).await;
        late.stops().await;
        let lost = "SELECT count(*) AS n FROM users u WHERE NOT EXISTS \
             (SELECT 1 FROM sessions s WHERE s.user_id = u.id AND s.revoked_at IS NULL)";
        let mut sql = Sql::of(&database).await;
        assert_eq!((sql.count("users").await, sql.number(lost).await), (11, 0));
    }
}
