//! The house as `docs/ARCHITECTURE.md` describes it. Plain looks at the text of the sources, run by
//! `make check`.

mod arrows;
mod rules;
mod tables;

use std::fs;
use std::path::Path;

use crate::support::outside::root;

/// A source file of ours: its path, and its text.
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
        text.truncate(text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len()));
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

/// The service's rooms, by their paths in `auth-service/src`; those of the kernel begin with
/// `kernel/`.
fn rooms() -> Vec<Source> {
    let kernel = production("auth-service/kernel/src").into_iter();
    let service = production("auth-service/src").into_iter();
    let named = |prefix: &'static str, of: &'static str| {
        move |(path, text): Source| (format!("{prefix}{}", &path[of.len()..]), text)
    };
    kernel
        .map(named("kernel/", "auth-service/kernel/src/"))
        .chain(service.map(named("", "auth-service/src/")))
        .collect()
}
