//! Which room owns which table: nobody reads another's, but in a join that is one statement because
//! nothing may come between.

use std::collections::{BTreeMap, BTreeSet};

use super::{code, rooms};

/// Each table, and the files that may name it.
const TABLES: &[(&str, &[&str])] = &[
    (
        "users",
        &[
            "users/store.rs",
            // The columns `password_hash` and `credentials`.
            "methods/password/store.rs",
            // A session is opened, rotated and found together with its account.
            "sessions/store.rs",
            "sessions/rotate/store.rs",
        ],
    ),
    (
        "sessions",
        &["sessions/store.rs", "sessions/rotate/store.rs"],
    ),
    ("keys", &["kernel/keyring/store.rs"]),
    ("revocations", &["kernel/revocation/store.rs"]),
    ("audit_events", &["kernel/audit/store.rs"]),
    ("leases", &["housekeeping/store.rs"]),
];

/// The tables that a source takes from the schema.
fn named(text: &str) -> BTreeSet<String> {
    let code: String = text.lines().map(code).collect::<Vec<_>>().join("\n");
    let mut named = BTreeSet::new();
    for rest in code.split("db::schema::").skip(1) {
        let listed = rest
            .strip_prefix('{')
            .and_then(|list| list.split('}').next());
        let one = rest.split([';', ':']).next().unwrap_or_default();
        let names = listed.unwrap_or(one).split(',');
        named.extend(names.map(|name| name.trim().to_owned()));
    }
    named
}

#[test]
fn each_table_is_a_rooms_own() {
    let table: BTreeMap<&str, &[&str]> = TABLES.iter().copied().collect();
    let mut used = BTreeSet::new();
    for (path, text) in rooms() {
        for name in named(&text) {
            let owners = table
                .get(&*name)
                .unwrap_or_else(|| panic!("{path}: whose is {name}?"));
            assert!(
                owners.contains(&&*path),
                "{path} reads the table {name} of another room"
            );
            used.insert((name, path.clone()));
        }
        let is_its_own = ["users/store.rs", "methods/password/store.rs"].contains(&&*path);
        for column in ["password_hash", "users::credentials"] {
            let says = text.lines().any(|line| code(line).contains(column));
            let schema = path == "kernel/db/schema.rs";
            assert!(
                !says || is_its_own || schema,
                "{path} names the credential {column}"
            );
        }
    }
    for (name, owners) in TABLES {
        for owner in *owners {
            let pair = ((*name).to_owned(), (*owner).to_owned());
            assert!(used.contains(&pair), "{owner} names no {name}: strike it");
        }
    }
}
