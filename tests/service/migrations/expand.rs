//! Migrations expand first and contract later: what the release before reads and writes stays as
//! it was, so that both serve side by side while one replaces the other.
//!
//! A migration that takes something away is a release's only after one that no longer uses it. Its
//! first line says so: `-- contract: …`, and since when nothing uses what it takes.

use std::collections::BTreeSet;
use std::fs;

use crate::support::outside::root;

/// The first migration makes everything: there is no release before it.
const FIRST: &str = "2026-11-22-000001_core";

/// The statements of a script in capitals, without comments and with single spaces.
fn statements(script: &str) -> Vec<String> {
    let code = script
        .lines()
        .map(|line| line.split("--").next().unwrap_or_default());
    let code = code.collect::<Vec<_>>().join(" ").to_uppercase();
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let all = code.split(';').map(words);
    all.filter(|statement| !statement.is_empty()).collect()
}

/// The table that a statement makes or changes.
fn table_of(statement: &str) -> &str {
    let mark = if statement.contains(" TABLE ") {
        " TABLE "
    } else {
        " ON "
    };
    let (_, rest) = statement.split_once(mark).unwrap_or_default();
    rest.split([' ', '(']).next().unwrap_or_default()
}

/// What of a statement the release before could not live with.
fn breaks(
    statement: &str,
    made_here: &BTreeSet<String>,
    says_what_it_locks: bool,
    says_what_it_writes: bool,
) -> Option<&'static str> {
    let has = |words: &str| statement.contains(words);
    if made_here.contains(table_of(statement)) && !statement.starts_with("DROP") {
        return None;
    }
    if statement.starts_with("CREATE TABLE") {
        return None;
    }
    if statement.starts_with("CREATE UNIQUE") {
        return Some("what it writes could be refused");
    }
    if statement.starts_with("CREATE INDEX") {
        return (!says_what_it_locks).then_some("a `-- locks:` line is missing that says how long");
    }
    if statement.starts_with("UPDATE ") {
        return (!says_what_it_writes)
            .then_some("a `-- writes:` line is missing that says why the release before goes on");
    }
    if !statement.starts_with("ALTER TABLE") {
        return Some("only CREATE and ALTER TABLE … ADD COLUMN expand");
    }
    let adds_column =
        has(" ADD COLUMN ") && !has(" DROP ") && !has(" RENAME ") && !has(" ALTER COLUMN ");
    let constrains = [" UNIQUE", " CHECK", " REFERENCES", " PRIMARY KEY"]
        .iter()
        .any(|words| has(words));
    match adds_column && !constrains {
        true if has(" NOT NULL") && !has(" DEFAULT ") => {
            Some("it does not know this column and can't fill it")
        }
        true => None,
        false => Some("it may use what is changed"),
    }
}

/// What is wrong with a migration.
fn faults(script: &str) -> Vec<String> {
    if script.starts_with("-- contract: ") {
        return Vec::new();
    }
    let statements = statements(script);
    let made = statements
        .iter()
        .filter(|one| one.starts_with("CREATE TABLE"));
    let made = made.map(|one| table_of(one).to_owned()).collect();
    let (locks, writes) = (
        script.contains("-- locks: "),
        script.contains("-- writes: "),
    );
    let found = statements
        .iter()
        .filter_map(|one| Some((one, breaks(one, &made, locks, writes)?)));
    found
        .map(|(statement, why)| format!("{why}: {statement}"))
        .collect()
}

#[test]
fn every_migration_lets_the_release_before_go_on() {
    let mut seen = 0;
    for kind in ["postgres", "sqlite"] {
        let folder = root().join("migrations").join(kind);
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.ends_with(FIRST) {
                continue;
            }
            let script = fs::read_to_string(path.join("up.sql")).unwrap();
            assert_eq!(faults(&script), [""; 0], "{}", path.display());
            seen += 1;
        }
    }
    assert!(seen >= 2);
}

#[test]
fn what_would_break_the_release_before_is_found() {
    for bad in [
        "DROP TABLE sessions;",
        "DROP INDEX sessions_user_id;",
        "ALTER TABLE users DROP COLUMN name;",
        "ALTER TABLE users RENAME COLUMN name TO called;",
        "ALTER TABLE users RENAME TO accounts;",
        "ALTER TABLE users ADD COLUMN locale text NOT NULL;",
        "ALTER TABLE users ADD COLUMN phone text UNIQUE;",
        "ALTER TABLE users ADD COLUMN tenant uuid REFERENCES tenants (id);",
        "ALTER TABLE users ADD CONSTRAINT named CHECK (name IS NOT NULL);",
        "ALTER TABLE users\n  ALTER COLUMN name SET NOT NULL;",
        "ALTER TABLE users ALTER COLUMN ver TYPE integer;",
        "ALTER TABLE users ADD COLUMN a text, DROP COLUMN name;",
        "CREATE UNIQUE INDEX users_name ON users (name);",
        "CREATE INDEX users_name ON users (name);",
        "UPDATE users SET name = 'x';",
        "DELETE FROM sessions;",
        "TRUNCATE audit_events;",
        "CREATE TABLE a (id int); DROP TABLE b;",
        "CREATE TRIGGER t BEFORE INSERT ON users EXECUTE FUNCTION f();",
    ] {
        assert_eq!(faults(bad).len(), 1, "{bad}");
        assert!(faults(&format!("-- contract: unused since 9.9\n{bad}")).is_empty());
    }
    for good in [
        "CREATE TABLE a (id uuid PRIMARY KEY, name text NOT NULL UNIQUE); CREATE UNIQUE INDEX a_name ON a (name);",
        "-- locks: nothing for long\nCREATE INDEX users_name ON users (name);",
        "-- writes: nobody reads it\nUPDATE users SET name = 'x';",
        "ALTER TABLE users ADD COLUMN locale text;",
        "ALTER TABLE users ADD COLUMN locale text NOT NULL DEFAULT 'en'; -- not: DROP TABLE users;",
    ] {
        assert_eq!(faults(good), [""; 0], "{good}");
    }
}
