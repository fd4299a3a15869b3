//! What is written down: figures for the goals, and a section for each thing that was measured.

mod markdown;
mod plot;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::rounds::Raced;
use crate::statistics::Summary;
use crate::subject::Result;

pub use markdown::number;
pub use plot::{Curve, bars, curves};

/// All that a run found.
#[derive(Serialize)]
pub struct Report {
    /// The machine and the versions.
    pub setting: Vec<String>,
    /// Whether it was the quick run, whose figures are rough.
    pub quick: bool,
    /// The part of the machine that was idle before the run, from 0 to 1.
    pub idle_before: f64,
    /// How long the run took, in seconds.
    pub seconds: f64,
    /// What the goals ask for, by the keys of `goals.rs`.
    pub figures: BTreeMap<String, Summary>,
    /// What was measured, in order.
    pub sections: Vec<Section>,
    /// Suites that failed, and why.
    pub failures: Vec<String>,
    #[serde(skip)]
    folder: PathBuf,
}

/// One part of the report.
#[derive(Serialize)]
pub struct Section {
    /// Its title.
    pub title: String,
    /// What to know of it, a paragraph each.
    pub notes: Vec<String>,
    /// Its table; the first row is the head.
    pub table: Vec<Vec<String>>,
    /// Its plots, files beside the report.
    pub plots: Vec<String>,
    /// Every round, where it was measured in rounds.
    pub rounds: Option<Raced>,
}

impl Section {
    /// A section with a title alone.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            notes: Vec::new(),
            table: Vec::new(),
            plots: Vec::new(),
            rounds: None,
        }
    }

    /// What was measured in turns, as a table of rates and latencies.
    pub fn raced(title: impl Into<String>, raced: Raced) -> Self {
        let mut section = Self::new(title);
        section.table = markdown::rates(&raced);
        section.rounds = Some(raced);
        section
    }

    /// Says something of it.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Gives it a table, of which `head` is the first row.
    pub fn table<const N: usize>(mut self, head: [&str; N], rows: Vec<[String; N]>) -> Self {
        self.table = vec![head.map(str::to_owned).to_vec()];
        self.table.extend(rows.into_iter().map(Vec::from));
        self
    }
}

impl Report {
    /// An empty one, to be written into `folder`, which is made.
    ///
    /// # Errors
    /// When the folder can't be made.
    pub fn new(folder: &Path, quick: bool) -> Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Self {
            setting: Vec::new(),
            quick,
            idle_before: 0.0,
            seconds: 0.0,
            figures: BTreeMap::new(),
            sections: Vec::new(),
            failures: Vec::new(),
            folder: folder.to_owned(),
        })
    }

    /// A figure that a goal asks for.
    pub fn figure(&mut self, key: impl Into<String>, measured: Summary) {
        self.figures.insert(key.into(), measured);
    }

    /// Adds a section; what was measured in turns is plotted too.
    ///
    /// # Errors
    /// When a plot can't be written.
    pub fn add(&mut self, mut section: Section) -> Result<()> {
        if let Some(raced) = &section.rounds {
            let name = file_name(&section.title);
            section
                .plots
                .extend(bars(&self.folder, &name, &section.title, raced)?);
        }
        self.sections.push(section);
        Ok(())
    }

    /// Draws curves into a file, and returns its name.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn curves(&self, title: &str, labels: (&str, &str), lines: &[Curve]) -> Result<String> {
        let name = format!("{}.svg", file_name(title));
        curves(&self.folder.join(&name), title, labels, lines)?;
        Ok(name)
    }

    /// Writes `report.md` and `report.json`.
    ///
    /// # Errors
    /// When they can't be written.
    pub fn write(&self) -> Result<PathBuf> {
        let path = self.folder.join("report.md");
        fs::write(&path, markdown::page(self))?;
        let json = serde_json::to_vec_pretty(self)?;
        fs::write(self.folder.join("report.json"), json)?;
        Ok(path)
    }
}

fn file_name(title: &str) -> String {
    let plain = |c: char| match c.is_ascii_alphanumeric() {
        true => c.to_ascii_lowercase(),
        false => '-',
    };
    let name: String = title.chars().map(plain).collect();
    let words: Vec<_> = name.split('-').filter(|word| !word.is_empty()).collect();
    words.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_makes_a_file_name() {
        assert_eq!(
            file_name("Refresh, 8 connections (off)"),
            "refresh-8-connections-off"
        );
    }
}
