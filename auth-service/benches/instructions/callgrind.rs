//! One subject under callgrind.

use std::process::{Command, Stdio};
use std::thread;

use crate::subjects::{Subject, WARM};

/// How many instructions it takes to do this subject once.
pub fn instructions(subject: &Subject) -> u64 {
    let (few, many) = (WARM, WARM + subject.times);
    let (many, few) = thread::scope(|scope| {
        let few = scope.spawn(|| total(subject.name, few));
        (total(subject.name, many), few.join().unwrap())
    });
    (many - few) / u64::from(subject.times)
}

/// Every instruction of a process that does this subject so often.
fn total(subject: &str, times: u32) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("callgrind.out");
    let ended = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(std::env::current_exe().unwrap())
        .args(["run", subject, &times.to_string()])
        .stdout(Stdio::null())
        .status()
        .expect("valgrind is installed");
    assert!(ended.success(), "{subject} under valgrind: {ended}");
    let counted = std::fs::read_to_string(out).unwrap();
    let totals = counted
        .lines()
        .filter_map(|line| line.strip_prefix("totals: "));
    totals.map(|total| total.parse::<u64>().unwrap()).sum()
}
