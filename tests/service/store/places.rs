//! Which database a URL leads to: the one that it says, for its owner's eyes alone, and named where
//! it fails.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::accounts::{Ended, run};
use crate::support::database::Database;
use crate::support::process::command;
use crate::support::{Backend, Process};

fn with_url(database: &Database, argument: &str, url: &str) -> Ended {
    let mut command = command(database, &[argument]);
    command.env("AUTH__DATABASE__URL", url);
    command.current_dir(database.folder.path());
    run(command, "")
}

fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    names
        .map(|name| name.to_string_lossy().into_owned())
        .collect()
}

#[test]
fn what_would_silently_be_another_file_is_refused() {
    let database = Database::empty_file();
    let folder = database.folder.path().display();
    for url in [
        format!("sqlite://{folder}/auth.db?mode=rwc"),
        format!("sqlite://{folder}/my%20auth.db"),
        format!("sqlite://file:{folder}/auth.db"),
        "sqlite://:memory:".to_owned(),
        "sqlite::memory:".to_owned(),
        "sqlite://~/auth.db".to_owned(),
        format!("sqlite://{folder}/a\nb.db"),
    ] {
        for argument in ["migrate", "serve", "check"] {
            let ended = with_url(&database, argument, &url);
            let said = format!("{}{}", ended.out, ended.err);
            assert!(
                ended.code == 1 && said.contains("`database.url` must"),
                "{argument} {url}: {said}"
            );
        }
        assert_eq!(files(database.folder.path()), [""; 0], "{url}");
    }
    // A secret that was read from a file ends with a line feed.
    let ended = with_url(&database, "migrate", &format!("{}\n", database.url));
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert_eq!(files(database.folder.path()), ["auth.db"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_is_not_escaped_is_not_told() {
    let database = Database::empty_file();
    for url in [
        "postgres://auth:hunter@two?three=/x@127.0.0.1:1/auth",
        "postgres://auth:hunter@two?three@127.0.0.1:1/auth",
        "postgres://auth:hunter@two@127.0.0.1:1/auth",
        "postgres://auth:hunter@two/three@127.0.0.1:1/auth",
    ] {
        for argument in ["migrate", "serve", "check"] {
            let ended = with_url(&database, argument, url);
            let said = format!("{}{}", ended.out, ended.err);
            assert!(
                ended.code == 1 && said.contains("%40"),
                "{argument} {url}: {said}"
            );
            for part in ["hunter", "two", "three"] {
                assert!(!said.contains(part), "{argument} {url}: {said}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_names_the_host_or_the_file() {
    let database = Database::new(Backend::Sqlite).await;
    let inside = format!("{}/auth.db/auth.db", database.folder.path().display());
    let lite = format!("sqlite://{inside}");
    for (url, place) in [
        (
            "postgres://auth:secret@127.0.0.1:1/accounts",
            "127.0.0.1:1/accounts",
        ),
        (
            "postgres://auth:secret@127.0.0.1:1,localhost:2/a",
            "127.0.0.1:1,localhost:2/a",
        ),
        (&lite, &inside),
    ] {
        for argument in ["migrate", "serve", "check"] {
            let ended = with_url(&database, argument, url);
            let said = format!("{}{}", ended.out, ended.err);
            assert!(
                ended.code == 1 && said.contains(place),
                "{argument} {url}: {said}"
            );
            assert!(!said.contains("secret"), "{said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_others_can_read_is_taken_from_them() {
    let database = Database::new(Backend::Sqlite).await;
    let file = database.folder.path().join("auth.db");
    let wal = database.folder.path().join("auth.db-wal");
    let mode = |path: &Path| fs::metadata(path).expect("a file").permissions().mode() & 0o777;
    assert_eq!(mode(&file), 0o600);
    for argument in ["migrate", "check"] {
        fs::set_permissions(&file, Permissions::from_mode(0o644)).expect("chmod");
        let ended = run(command(&database, &[argument]), "");
        assert_eq!(
            (ended.code, mode(&file)),
            (0, 0o600),
            "{argument}: {}",
            ended.err
        );
    }
    // So are those of a service that was killed.
    let process = Process::start(&database, &[]).await;
    process.signup("ada@example.org").await;
    process.signal("KILL");
    drop(process);
    for path in [&file, &wal] {
        fs::set_permissions(path, Permissions::from_mode(0o664)).expect("chmod");
    }
    let process = Process::start(&database, &[]).await;
    process.login("ada@example.org").await;
    assert_eq!((mode(&file), mode(&wal)), (0o600, 0o600));
}
