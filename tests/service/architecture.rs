//! The house as `docs/ARCHITECTURE.md` describes it: data goes `http → room → store → db`. Plain
//! looks at the text of the sources, run by `make check`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::support::outside::root;

/// A source file of ours: its path from the root of the repository, and its text.
type Source = (String, String);

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn gather(folder: &Path, ending: &str, found: &mut Vec<Source>) {
    let entries = fs::read_dir(folder).expect("a folder of the repository");
    for entry in entries {
        let path = entry.expect("an entry").path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let generated = ["target", "node_modules", "data"].contains(&name) || name.starts_with('.');
        if path.is_dir() && !generated {
            gather(&path, ending, found);
        } else if path.is_file() && name.ends_with(ending) {
            let text = fs::read_to_string(&path).expect("text");
            let from_root = path.strip_prefix(root()).expect("within the repository");
            found.push((from_root.display().to_string(), text));
        }
    }
}

fn files(folder: &str, ending: &str) -> Vec<Source> {
    let mut found = Vec::new();
    gather(&root().join(folder), ending, &mut found);
    assert!(!found.is_empty(), "{folder} holds no {ending}");
    found
}

/// What runs in production: without tests.
fn production(folder: &str) -> Vec<Source> {
    let mut sources = files(folder, ".rs");
    sources.retain(|(path, _)| !path.contains("/tests/") && !path.ends_with("tests.rs"));
    for (_, text) in &mut sources {
        text.truncate(text.find("#[cfg(test)]\nmod").unwrap_or(text.len()));
    }
    sources
}

/// The paths of the sources that say `word`, outside of comments.
fn that_say<'a>(sources: &'a [Source], word: &str) -> Vec<&'a str> {
    let says = |text: &str| text.lines().any(|line| code(line).contains(word));
    let saying = sources.iter().filter(|(_, text)| says(text));
    saying.map(|(path, _)| path.as_str()).collect()
}

fn code(line: &str) -> &str {
    let comment = line.trim_start().starts_with("//");
    if comment { "" } else { line }
}

#[test]
fn data_goes_one_way() {
    let service = production("auth-service/src");
    let room = |path: &str| path.trim_start_matches("auth-service/src/").to_owned();
    for path in that_say(&service, "diesel") {
        let path = room(path);
        assert!(
            path.starts_with("db/") || path.ends_with("/store.rs"),
            "{path} names diesel"
        );
    }
    for word in ["actix_web", "crate::http", "StatusCode"] {
        for path in that_say(&service, word) {
            let path = room(path);
            let outer = path.starts_with("http/") || path == "app.rs" || path == "main.rs";
            let prints = path == "cli/mod.rs" && word == "crate::http";
            assert!(outer || prints, "{path} names {word}");
        }
    }
    let below = ["db", "config", "clock", "id", "metrics", "telemetry"];
    for (path, text) in service
        .iter()
        .filter(|(path, _)| room(path).starts_with("db/"))
    {
        for used in text.split("crate::").skip(1) {
            let used = used
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .next();
            let used = used.unwrap_or_default();
            assert!(
                below.contains(&used) || used.is_empty(),
                "{path} uses the room {used}"
            );
        }
    }
    let measures = production("auth-service/src/metrics");
    assert_eq!(
        that_say(&measures, "crate::"),
        [""; 0],
        "metrics/ knows no room"
    );
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
    let mut sources = production("auth-service/src");
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
    assert!(
        now.iter().all(|path| path.ends_with("/clock.rs")),
        "{now:?}"
    );
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
    let mut sources = production("auth-service/src");
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

    for (path, text) in sources.iter().filter(|(path, _)| path.contains("/http/")) {
        for handler in text.split("\n#[utoipa::path").skip(1) {
            let lines = handler.lines().skip_while(|line| !line.ends_with('{'));
            let body = lines.skip(1).take_while(|line| *line != "}").count();
            let name = handler
                .split("async fn ")
                .nth(1)
                .and_then(|rest| rest.split('(').next());
            assert!(
                body <= 20,
                "{path}: {} has {body} lines",
                name.unwrap_or_default()
            );
        }
    }
}

/// The manifests of the workspace's members.
fn members() -> Vec<Source> {
    let mut manifests = files(".", "Cargo.toml");
    manifests.retain(|(path, _)| path != "Cargo.toml" && path.matches('/').count() == 1);
    assert!(manifests.len() >= 3, "{manifests:?}");
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
fn every_dependency_is_used_and_explained() {
    let architecture = read("docs/ARCHITECTURE.md");
    let mut used = BTreeSet::new();
    for (path, manifest) in members() {
        let folder = path.trim_end_matches("/Cargo.toml");
        let sources = files(folder, ".rs");
        for name in dependencies(&manifest) {
            let named = name.replace('-', "_");
            let is_named = sources.iter().any(|(_, text)| text.contains(&named));
            let needless = !is_named && !FOR_ITS_FEATURE.contains(&&*name);
            assert!(
                !needless || folder == "tests",
                "{folder} does not use {name}"
            );
            used.insert(name);
        }
    }
    for name in dependencies(&read("Cargo.toml")) {
        assert!(used.contains(&name), "no member asks for {name}");
    }
    for name in used
        .iter()
        .filter(|name| !["auth-service", "shared-claims"].contains(&name.as_str()))
    {
        let row = format!("| `{name}` |");
        let explained = architecture.lines().any(|line| line.starts_with(&row));
        assert!(
            explained,
            "docs/ARCHITECTURE.md, Libraries: no line for {name}"
        );
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
