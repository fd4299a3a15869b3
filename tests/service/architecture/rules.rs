//! Rules that every source file keeps.

use std::collections::BTreeSet;

use super::{Source, files, gather, production, read, rooms, that_say};
use crate::support::outside::root;

#[test]
fn each_layer_knows_what_is_its_own() {
    let service = rooms();
    let room = |path: &str| path.trim_start_matches("kernel/").to_owned();
    for path in that_say(&service, "diesel") {
        let path = room(path);
        assert!(
            path.starts_with("db/") || path.ends_with("/store.rs"),
            "{path} names diesel"
        );
    }
    for path in that_say(&service, "ToSchema") {
        let path = room(path);
        let made_into_documents = ["config/", "id.rs"].map(|own| path.starts_with(own));
        assert!(
            path.starts_with("http/") || made_into_documents.contains(&true),
            "{path} says how it looks on the wire"
        );
    }
    for word in ["actix_web", "crate::http", "StatusCode"] {
        for path in that_say(&service, word) {
            let path = room(path);
            let outer = path.starts_with("http/") || path == "app.rs" || path == "main.rs";
            let prints = path.starts_with("cli/") && word == "crate::http";
            assert!(outer || prints, "{path} names {word}");
        }
    }
    for path in that_say(&service, "prometheus::") {
        assert!(
            room(path).starts_with("metrics/"),
            "{path} knows the wire format"
        );
    }
    let claims = production("shared-claims/src");
    assert_eq!(that_say(&claims, "diesel"), [""; 0]);
    let actix = that_say(&claims, "actix_web");
    assert!(
        actix.iter().all(|path| path.ends_with("/actix.rs")),
        "{actix:?}"
    );
}

#[test]
fn nothing_panics_on_purpose_and_time_and_randomness_are_given() {
    let mut sources = rooms();
    sources.extend(production("shared-claims/src"));
    for word in [
        ".unwrap()",
        "todo!",
        "unimplemented!",
        "dbg!",
        "println!(\"DEBUG",
    ] {
        assert_eq!(that_say(&sources, word), [""; 0], "{word}");
    }
    let now = that_say(&sources, "SystemTime::now");
    assert!(now.iter().all(|path| path.ends_with("clock.rs")), "{now:?}");
    for word in [
        "Uuid::new_v4()",
        "now_v7()",
        "rand::rng",
        "thread_rng",
        "OsRng",
        "Timestamp::now",
    ] {
        assert_eq!(that_say(&sources, word), [""; 0], "{word}");
    }
    let (clippy, workspace) = (read("clippy.toml"), read("Cargo.toml"));
    for method in [
        "SystemTime::now",
        "Timestamp::now",
        "Uuid::new_v4",
        "Uuid::now_v7",
    ] {
        assert!(clippy.contains(method), "clippy.toml bans {method}");
    }
    for lint in [
        "disallowed_methods = \"deny\"",
        "unwrap_used = \"warn\"",
        "unsafe_code = \"forbid\"",
    ] {
        assert!(workspace.contains(lint), "Cargo.toml: {lint}");
    }
    for (path, manifest) in members() {
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{path} takes the lints"
        );
    }
}

#[test]
fn files_and_handlers_stay_short() {
    let mut sources = rooms();
    sources.extend(production("shared-claims/src"));
    let mut lengths: Vec<(usize, &str)> = sources
        .iter()
        .map(|(path, text)| (text.lines().count(), path.as_str()))
        .collect();
    lengths.sort_unstable();
    let at = |part: f64| lengths[((lengths.len() - 1) as f64 * part) as usize];
    assert!(at(0.5).0 <= 120, "the median is {:?}", at(0.5));
    assert!(at(0.9).0 <= 300, "one in ten is longer than {:?}", at(0.9));
    assert!(at(1.0).0 <= 450, "the longest is {:?}", at(1.0));

    for (path, text) in sources.iter().filter(|(path, _)| path.starts_with("http/")) {
        for handler in text.split("\n#[utoipa::path").skip(1) {
            let lines = handler.lines().skip_while(|line| !line.ends_with('{'));
            let body = lines.skip(1).take_while(|line| *line != "}").count();
            let name = handler
                .split("async fn ")
                .nth(1)
                .and_then(|rest| rest.split('(').next());
            assert!(
                body <= 15,
                "{path}: {} has {body} lines",
                name.unwrap_or_default()
            );
        }
    }
}

/// The manifests of the workspace's members.
fn members() -> Vec<Source> {
    let mut manifests = files(".", "Cargo.toml");
    let depth = |path: &str| path.matches('/').count();
    manifests.retain(|(path, _)| depth(path) == 1 || path.starts_with("auth-service/kernel/"));
    assert!(manifests.len() >= 4, "{manifests:?}");
    manifests
}

/// The names in the tables of dependencies of a manifest.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for table in manifest.split("\n[").skip(1) {
        let (title, lines) = table.split_once('\n').unwrap_or((table, ""));
        if title.trim_end_matches(']').ends_with("dependencies") {
            let name = |line: &str| line.split(['.', ' ', '=']).next().map(str::to_owned);
            let named = lines.lines().filter(|line| line.contains('='));
            names.extend(named.filter_map(name));
        }
    }
    names
}

/// Only there so that a feature of it is switched on.
const FOR_ITS_FEATURE: [&str; 1] = ["libsqlite3-sys"];

#[test]
fn every_dependency_is_used() {
    let mut used = BTreeSet::new();
    for (path, manifest) in members() {
        let folder = path.trim_end_matches("Cargo.toml");
        let mut sources = files(folder, ".rs");
        if folder == "auth-service/" {
            sources.retain(|(path, _)| !path.starts_with("auth-service/kernel/"));
        }
        for name in dependencies(&manifest) {
            let named = name.replace('-', "_");
            let is_named = sources.iter().any(|(_, text)| text.contains(&named));
            let needless = !is_named && !FOR_ITS_FEATURE.contains(&&*name);
            assert!(
                !needless || folder == "tests/",
                "{folder} does not use {name}"
            );
            used.insert(name);
        }
    }
    for name in dependencies(&read("Cargo.toml")) {
        assert!(used.contains(&name), "no member asks for {name}");
    }
}

/// Why this crate: a comment above it, where its version stands.
#[test]
fn every_dependency_says_why_it_is_this_one() {
    let mut manifests = members();
    manifests.push(("Cargo.toml".into(), read("Cargo.toml")));
    for (path, manifest) in manifests {
        let (mut is_dependencies, mut explained) = (false, false);
        for line in manifest.lines() {
            if let Some(title) = line.strip_prefix('[') {
                is_dependencies = title.trim_end_matches(']').ends_with("dependencies");
            }
            let has_version = line.contains("version = ") || line.contains(" = \"");
            if is_dependencies && has_version && !line.starts_with(['#', '[']) {
                assert!(explained, "{path}: no comment above says why: {line}");
            }
            explained = line.starts_with('#');
        }
    }
}

/// Each file that a document names in backquotes is there.
#[test]
fn every_path_that_a_document_names_exists() {
    let mut documents = files("docs", ".md");
    documents.push(("README.md".into(), read("README.md")));
    for (document, text) in documents {
        for named in text.split('`').skip(1).step_by(2) {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
            let ending = [".rs", ".toml", ".md", ".lua"]
                .iter()
                .any(|end| named.ends_with(end));
            // What a command makes.
            if named.starts_with("target/") {
                continue;
            }
            if !ending || !named.chars().all(plain) || named.starts_with(['/', '.']) {
                continue;
            }
            let places = [
                "",
                "docs/",
                "auth-service/",
                "auth-service/src/",
                "auth-service/kernel/src/",
                "bench/src/",
                "clients/sveltekit/",
                "shared-claims/src/",
                "tests/service/",
            ];
            let there = places
                .iter()
                .any(|place| root().join(place).join(named).exists());
            assert!(there, "{document} names `{named}`, which is not there");
        }
    }
}

#[test]
fn each_alert_has_its_line_in_the_runbook() {
    let (rules, runbook) = (
        read("deploy/prometheus/rules.yml"),
        read("docs/OPERATIONS.md"),
    );
    let alerts: BTreeSet<&str> = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "))
        .collect();
    let lines: BTreeSet<&str> = runbook
        .lines()
        .filter_map(|line| line.strip_prefix("| `AuthService")?.split_once('`'))
        .map(|(name, _)| name)
        .collect();
    let short = |name: &&str| name.trim_start_matches("AuthService").to_owned();
    let alerts: Vec<String> = alerts.iter().map(short).collect();
    assert!(alerts.len() > 10, "{alerts:?}");
    assert_eq!(alerts, lines.into_iter().collect::<Vec<_>>());
}

#[test]
fn nothing_is_left_to_do_and_the_readme_names_the_two_commands() {
    let marks = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X:"),
    ];
    for ending in [
        ".rs", ".toml", ".sql", ".sh", ".py", ".mjs", ".ts", "Makefile", ".yaml", ".yml",
    ] {
        let mut found = Vec::new();
        gather(&root(), ending, &mut found);
        for (path, text) in &found {
            for mark in marks {
                assert!(!text.contains(mark), "{path} says {mark}");
            }
        }
    }
    let readme = read("README.md");
    assert!(readme.contains("make run") && readme.contains("make test"));
}
