//! `auth-service users import`

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::time::{Duration, Instant};

use kernel::caller::Caller;

use crate::accounts::{self, Imported};
use crate::cli::{Failure, print};
use crate::ctx::Ctx;

pub(super) async fn run(ctx: &Ctx, file: &Path, caller: &Caller) -> Result<(), Failure> {
    let reader: Box<dyn BufRead> = match file.as_os_str() == "-" {
        true => Box::new(io::stdin().lock()),
        false => {
            Box::new(BufReader::new(File::open(file).map_err(|error| {
                format!("{} can't be read: {error}", file.display())
            })?))
        }
    };
    let mut progress = Progress::begin(Instant::now());
    let show = |done: &Imported| {
        if let Some(line) = progress.line(done, Instant::now()) {
            eprintln!("{line}");
        }
    };
    let done = accounts::import(ctx, reader, caller, show).await?;
    for bad in &done.bad {
        eprintln!("line {}: {}", bad.number, bad.reason);
    }
    print(&format!(
        "{} imported, {} were there already, {} not imported\n",
        done.created,
        done.existing,
        done.bad.len()
    ))?;
    match done.bad.is_empty() {
        true => Ok(()),
        false => Err("some lines were not imported".into()),
    }
}

/// How often somebody is told that it goes on.
const INTERVAL: Duration = Duration::from_secs(10);

/// When something was last told.
struct Progress {
    began: Instant,
    told: Instant,
}

impl Progress {
    fn begin(now: Instant) -> Self {
        Self {
            began: now,
            told: now,
        }
    }

    /// What to tell now, if it is time.
    fn line(&mut self, done: &Imported, now: Instant) -> Option<String> {
        if now.duration_since(self.told) < INTERVAL {
            return None;
        }
        self.told = now;
        Some(format!(
            "{} lines in {} s: {} imported, {} were there already, {} not imported",
            done.lines(),
            now.duration_since(self.began).as_secs(),
            done.created,
            done.existing,
            done.bad.len()
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_import_tells_each_ten_seconds_how_far_it_is() {
        let began = Instant::now();
        let after = |seconds: u64| began + Duration::from_millis(seconds * 1000 + 1);
        let mut progress = Progress::begin(began);
        let done = Imported {
            created: 400,
            ..Imported::default()
        };
        let told: Vec<_> = (0..45_u64)
            .filter_map(|second| progress.line(&done, after(second)))
            .collect();
        assert_eq!(told.len(), 4, "{told:?}");
        assert_eq!(
            told[0],
            "400 lines in 10 s: 400 imported, 0 were there already, 0 not imported"
        );
        assert!(told[3].contains(" in 40 s"), "{told:?}");
    }
}
