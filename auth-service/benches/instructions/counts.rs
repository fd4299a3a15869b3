//! The counts: as they are now, and as they were written down.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::process::Command;

use serde::Deserialize;

use crate::callgrind;
use crate::subjects::SUBJECTS;

/// Percent. Two runs of one build differ by less than a tenth of it.
pub const TOLERANCE: f64 = 3.0;

const PATH: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/benches/instructions/counts.toml"
);

#[derive(Deserialize)]
pub struct Counts {
    /// Compiler, valgrind and processor, which the counts depend on.
    made_with: String,
    /// Instructions of each subject.
    instructions: BTreeMap<String, u64>,
}

impl Counts {
    /// What is written down.
    pub fn kept() -> Self {
        let text = std::fs::read_to_string(PATH).expect(PATH);
        toml::from_str(&text).expect(PATH)
    }

    /// Counts everything, which takes a minute.
    pub fn measure() -> Self {
        let mut instructions = BTreeMap::new();
        for subject in SUBJECTS {
            eprintln!("counting: {}", subject.name);
            let count = callgrind::instructions(subject);
            instructions.insert(subject.name.to_owned(), count);
        }
        for subject in SUBJECTS {
            if let Some(part) = subject.without {
                let part = instructions[part];
                *instructions.get_mut(subject.name).unwrap() -= part;
            }
        }
        Self {
            made_with: tools(),
            instructions,
        }
    }

    /// Prints both, and tells what grew by more than [`TOLERANCE`] or was not written down.
    pub fn compare(&self, kept: &Self) -> Vec<&str> {
        if self.made_with != kept.made_with {
            println!("kept:  {}\nhere:  {}", kept.made_with, self.made_with);
            println!("The tools differ: so may the counts, by no fault of the code.");
        }
        println!("{:>10} {:>10} {:>10}", "", "kept", "now");
        let mut grown = Vec::new();
        for (name, now) in &self.instructions {
            let Some(before) = kept.instructions.get(name) else {
                println!("{name:>10} {:>10} {now:>10}   not written down", "");
                grown.push(name.as_str());
                continue;
            };
            let percent = (*now as f64 / *before as f64 - 1.0) * 100.0;
            let word = match percent {
                _ if percent > TOLERANCE => "grew",
                _ if percent < -TOLERANCE => "shrank",
                _ => "",
            };
            println!("{name:>10} {before:>10} {now:>10} {percent:>+6.2} % {word}");
            if percent > TOLERANCE {
                grown.push(name);
            }
        }
        grown
    }

    /// Writes them down.
    pub fn write(&self) {
        let mut text = format!(
            "# Instructions of one each, as callgrind counts them: see main.rs beside this file. Written by\n\
             # `make bench-check WRITE=1`.\nmade_with = \"{}\"\n\n[instructions]\n",
            self.made_with
        );
        for (name, count) in &self.instructions {
            writeln!(text, "{name} = {count}").unwrap();
            println!("{name:>10} {count:>10}");
        }
        std::fs::write(PATH, text).expect(PATH);
    }
}

fn tools() -> String {
    let version = |tool: &str| {
        let told = Command::new(tool).arg("--version").output().expect(tool);
        let told = String::from_utf8_lossy(&told.stdout).into_owned();
        told.split(" (").next().unwrap().trim().to_owned()
    };
    let (rustc, valgrind) = (version("rustc"), version("valgrind"));
    format!("{rustc}, {valgrind}, {}", std::env::consts::ARCH)
}
