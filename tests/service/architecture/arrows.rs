//! Which room may use which other. Data goes one way: `http → accounts → signin → sessions →
//! methods → users → kernel`. What the table does not name fails.

use std::collections::{BTreeMap, BTreeSet};

use super::{Source, code, rooms};

/// Each room, and the rooms that it may use. Every room uses `ctx`, and every room of the service
/// the kernel; a part of the kernel knows no room of the service and no `ctx`.
const ARROWS: &[(&str, &[&str])] = &[
    // Outside: what speaks HTTP, and what an operator types.
    ("main", &[]),
    (
        "cli",
        &[
            "accounts", "app", "http", "logs", "reload", "sessions", "tls", "tokens", "users",
        ],
    ),
    ("app", &["housekeeping", "http", "tls"]),
    (
        "http",
        &[
            "accounts", "logs", "sessions", "signin", "tls", "tokens", "users",
        ],
    ),
    ("reload", &["logs", "tls"]),
    ("logs", &[]),
    ("tls", &[]),
    // Rooms.
    ("housekeeping", &["accounts", "sessions"]),
    ("accounts", &["methods", "sessions", "signin", "users"]),
    ("signin", &["methods", "sessions", "tokens", "users"]),
    ("tokens", &[]),
    ("sessions", &["methods", "users"]),
    ("methods", &["users"]),
    ("users", &[]),
    ("ctx", &[]),
    ("lib", &[]),
    // The kernel.
    (
        "kernel/keyring",
        &[
            "audit",
            "caller",
            "change",
            "clock",
            "config",
            "db",
            "entropy",
            "revocation",
        ],
    ),
    ("kernel/change", &["audit", "caller", "db", "revocation"]),
    (
        "kernel/revocation",
        &["clock", "config", "db", "entropy", "kv"],
    ),
    ("kernel/audit", &["caller", "clock", "db", "entropy", "id"]),
    ("kernel/caller", &["limits"]),
    ("kernel/limits", &["clock", "config", "id", "kv"]),
    (
        "kernel/passwords",
        &["config", "entropy", "metrics", "telemetry"],
    ),
    (
        "kernel/db",
        &["clock", "config", "id", "metrics", "telemetry"],
    ),
    ("kernel/telemetry", &["config"]),
    ("kernel/config", &["entropy"]),
    ("kernel/entropy", &["clock", "id"]),
    ("kernel/id", &["clock"]),
    ("kernel/clock", &[]),
    ("kernel/kv", &[]),
    ("kernel/metrics", &[]),
    ("kernel/lib", &[]),
];

/// The room of a file: its first folder, or the file itself.
fn room(path: &str) -> String {
    let (prefix, rest) = match path.strip_prefix("kernel/") {
        Some(rest) => ("kernel/", rest),
        None => ("", path),
    };
    let name = rest.split('/').next().unwrap_or_default();
    format!("{prefix}{}", name.trim_end_matches(".rs"))
}

/// The modules of its own crate that a source names: behind `crate`, and behind as many `super` as
/// lead to the root.
fn used(path: &str, text: &str) -> BTreeSet<String> {
    let code: String = text.lines().map(code).collect::<Vec<_>>().join("\n");
    let mut used = BTreeSet::new();
    let roots = ["crate".to_owned(), vec!["super"; depth(path)].join("::")];
    for root in roots {
        for (at, _) in code.match_indices(&*root) {
            let before = code[..at].chars().next_back();
            let is_whole = before.is_none_or(|c| !is_of_word(c) && c != ':' && c != '$');
            let is_macros = before == Some('$');
            let rest = &code[at + root.len()..];
            match rest.strip_prefix("::") {
                Some(rest) if is_whole || is_macros => used.extend(names(rest)),
                None if is_whole && rest.starts_with(" as ") => drop(used.insert("*".into())),
                _ => {}
            }
        }
    }
    used
}

/// How many `super` lead from a file to the root of its crate.
fn depth(path: &str) -> usize {
    let path = path.strip_prefix("kernel/").unwrap_or(path);
    let folders = path.matches('/').count();
    if path.ends_with("mod.rs") {
        folders
    } else {
        folders + 1
    }
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The first names of what follows `crate::`: one, or a list in braces, with braces in it.
fn names(rest: &str) -> Vec<String> {
    let first = |path: &str| {
        let path = path.trim_start();
        let name = path.split(|c| !is_of_word(c)).next().unwrap_or_default();
        if path.starts_with('*') || name == "self" {
            "*".to_owned()
        } else {
            name.to_owned()
        }
    };
    let Some(list) = rest.strip_prefix('{') else {
        return vec![first(rest)];
    };
    let (mut depth, mut found, mut from) = (0, Vec::new(), 0);
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                found.push(first(&list[from..at]));
                from = at + 1;
            }
            _ => {}
        }
        if c == '}' && from == at + 1 {
            break;
        }
    }
    found.retain(|name| !name.is_empty());
    found
}

/// What breaks the table.
fn faults(sources: &[Source]) -> Vec<String> {
    let table: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let mut faults = Vec::new();
    for (path, text) in sources {
        let own = room(path);
        let Some(allowed) = table.get(&*own) else {
            faults.push(format!("{path}: the table of arrows has no room {own}"));
            continue;
        };
        let is_kernel = own.starts_with("kernel/");
        for name in used(path, text) {
            let target = if is_kernel {
                format!("kernel/{name}")
            } else {
                name.clone()
            };
            let is_everybodys = !is_kernel && name == "ctx";
            // A macro's name, at the root of the crate.
            let is_no_room = !table.contains_key(&*target) && is_kernel && name != "*";
            if target != own && !is_everybodys && !is_no_room && !allowed.contains(&&*name) {
                faults.push(format!("{path}: {own} may not use {name}"));
            }
        }
    }
    faults
}

#[test]
fn rooms_lean_on_each_other_as_the_table_says() {
    let sources = rooms();
    assert_eq!(faults(&sources), [""; 0]);
    let there: BTreeSet<String> = sources.iter().map(|(path, _)| room(path)).collect();
    let named: BTreeSet<String> = ARROWS.iter().map(|(room, _)| (*room).to_owned()).collect();
    assert_eq!(
        there, named,
        "every room stands in the table, and nothing else does"
    );
    let mut drawn = BTreeSet::new();
    for (path, text) in &sources {
        drawn.extend(used(path, text).into_iter().map(|name| (room(path), name)));
    }
    for (room, allowed) in ARROWS {
        for name in *allowed {
            let arrow = ((*room).to_owned(), (*name).to_owned());
            assert!(
                drawn.contains(&arrow),
                "nothing of {room} uses {name}: strike it"
            );
        }
    }
}

#[test]
fn the_table_has_no_circle() {
    let table: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    for (room, _) in ARROWS {
        let prefix = if room.starts_with("kernel/") {
            "kernel/"
        } else {
            ""
        };
        let mut reached = BTreeSet::new();
        let mut ahead = vec![(*room).to_owned()];
        while let Some(next) = ahead.pop() {
            for name in table[&*next] {
                let name = format!("{prefix}{name}");
                assert_ne!(name, *room, "{room} reaches itself");
                if reached.insert(name.clone()) {
                    ahead.push(name);
                }
            }
        }
    }
}

#[test]
fn a_wrong_arrow_is_found() {
    for (path, text) in [
        ("users/mod.rs", "use crate::sessions;"),
        ("users/email.rs", "use crate::{http, users};"),
        (
            "tokens/mint.rs",
            "use crate::{\n    ctx::Ctx,\n    users::User,\n};",
        ),
        ("sessions/open.rs", "fn f() { crate::signin::login(); }"),
        ("methods/password/prove.rs", "use crate::tokens::Access;"),
        ("kernel/audit/mod.rs", "use crate::keyring::Keyring;"),
        ("kernel/clock.rs", "use crate::db::Db;"),
        ("users/mod.rs", "use super::signin;"),
        ("users/email.rs", "use super::super::signin;"),
        ("users/email.rs", "use crate::{ctx::{Ctx, Ctx as C}, http};"),
        ("users/email.rs", "use crate::*;"),
        ("users/email.rs", "use crate::{self as all};"),
        ("users/email.rs", "use crate as all;"),
        ("kernel/clock.rs", "use super::keyring::Keyring;"),
        ("kernel/db/conn.rs", "use crate::*;"),
        ("payments/mod.rs", ""),
    ] {
        let planted = [(path.to_owned(), text.to_owned())];
        assert_eq!(faults(&planted).len(), 1, "{path}: {text}");
    }
    for (path, text) in [
        ("users/mod.rs", "use crate::ctx::Ctx;\n// use crate::http;"),
        ("signin/login.rs", "use crate::{sessions, tokens};"),
        ("signin/login.rs", "use super::issue; pub(crate) fn f() {}"),
        (
            "kernel/db/conn.rs",
            "$crate::telemetry::span!(a); $crate::on!(b);",
        ),
    ] {
        let planted = [(path.to_owned(), text.to_owned())];
        assert_eq!(faults(&planted), [""; 0], "{path}: {text}");
    }
}
