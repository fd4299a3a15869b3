//! The version that is replaced, the one that replaces it, and the tables of each.

use std::path::{Path, PathBuf};
use std::process::Command;

use diesel_migrations::FileBasedMigrations;
use kernel::db::migrate;

use crate::migrations::two_releases;
use crate::support::database::Database;
use crate::support::{Sql, process};

/// A version that sorts after every migration of ours.
const NEXT: &str = "99990101000001";
const NAME: &str = "next";
/// What a next version may do to the tables while this one serves: add.
const EXPAND: &str = "
    ALTER TABLE users ADD COLUMN of_the_next_version text;
    ALTER TABLE sessions ADD COLUMN of_the_next_version bigint NOT NULL DEFAULT 0;
    ALTER TABLE keys ADD COLUMN of_the_next_version text NOT NULL DEFAULT '';
    ALTER TABLE revocations ADD COLUMN of_the_next_version boolean;
    CREATE TABLE of_the_next_version (id bigint PRIMARY KEY, session uuid);
    CREATE INDEX of_the_next_version_users ON users (of_the_next_version);";

pub struct Versions {
    database: Database,
    old: PathBuf,
    new: PathBuf,
}

impl Versions {
    /// A database with the tables of the old version.
    pub async fn find() -> Self {
        let versions = Self {
            database: Database::empty().await,
            old: two_releases::previous(),
            new: process::binary(),
        };
        let said = versions.migrates(&versions.old);
        assert!(said.starts_with("applied: "), "{said}");
        versions
    }

    pub fn url(&self) -> &str {
        &self.database.url
    }

    pub fn old(&self) -> &Path {
        &self.old
    }

    pub fn newer(&self) -> &Path {
        &self.new
    }

    /// The command of the Job, with the environment that it gives.
    fn migrates(&self, binary: &Path) -> String {
        let mut command = Command::new(binary);
        let command = command.arg("migrate").env_clear();
        let done = command.env("DATABASE_URL", self.url()).output();
        let done = done.expect("the binary runs");
        assert!(done.status.success(), "{done:?}");
        String::from_utf8_lossy(&done.stdout).into_owned()
    }

    /// Brings the tables up to date for the new version, while the old one serves.
    pub async fn migrate(&self) {
        if self.old != self.new {
            let said = self.migrates(&self.new);
            println!("the new version: {said}");
            return;
        }
        let folder = self.database.folder.path().join("migrations");
        let next = folder.join(format!("9999-01-01-000001_{NAME}"));
        std::fs::create_dir_all(&next).expect("a folder");
        std::fs::write(next.join("up.sql"), EXPAND).expect("a file");
        let source = FileBasedMigrations::from_path(&folder).expect("migrations");
        let applied = migrate::migrate_postgres(self.url(), || source.clone()).await;
        assert_eq!(applied.expect("the migration"), [NEXT]);
    }

    /// The tables of the new version are there, and the old one has not undone them.
    pub async fn assert_migrated(&self) {
        if self.old == self.new {
            let there = format!(
                "SELECT count(*) AS n FROM __diesel_schema_migrations WHERE version = '{NEXT}'"
            );
            assert_eq!(Sql::open(self.url()).await.number(&there).await, 1);
        }
        let said = self.migrates(&self.new);
        assert_eq!(said, "nothing to do: the tables are up to date\n");
    }
}
