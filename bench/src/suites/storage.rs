//! What refreshing leaves behind in the table: nothing, where every row is replaced in its page.

use std::time::Duration;

use super::refreshes;
use crate::bench::Bench;
use crate::report::{Section, number};
use crate::subject::{Result, Subject};
use crate::world::World;

const TIME: Duration = Duration::from_secs(1);
/// Postgres counts a connection's changes at the latest when it has been idle for so long.
const COUNTED_AFTER: Duration = Duration::from_secs(11);

/// Refreshes in each of these worlds, and adds what became of their tables to the report.
pub(super) fn report(bench: &mut Bench, worlds: [&World; 3]) -> Result<()> {
    let title = "Growth: what a refresh leaves behind";
    bench.say(title);
    std::thread::sleep(COUNTED_AFTER);
    let before = worlds.map(Counters::of);
    for world in worlds {
        refreshes(world, &world.service, 8).measure(TIME)?;
    }
    std::thread::sleep(COUNTED_AFTER);
    let mut rows = Vec::new();
    for (world, before) in worlds.into_iter().zip(before) {
        let (before, after) = (before?, Counters::of(world)?);
        let updates = after.updates - before.updates;
        let hot = 100.0 * (after.hot - before.hot) / updates.max(1.0);
        rows.push([
            world.sessions.to_string(),
            format!("{:.0} + {:.0}", after.table, after.indexes),
            format!("{updates:.0}"),
            format!("{hot:.1} %"),
            number(after.table + after.indexes - before.table - before.indexes),
        ]);
    }
    let head = [
        "sessions",
        "table + indexes, MiB",
        "refreshes",
        "of these within their page (HOT)",
        "table and indexes grew by, MiB",
    ];
    bench.report.add(Section::new(title).table(head, rows))
}

/// What Postgres counts of the table of sessions. Sizes are in MiB.
struct Counters {
    updates: f64,
    hot: f64,
    table: f64,
    indexes: f64,
}

impl Counters {
    fn of(world: &World) -> Result<Self> {
        let counters = "SELECT n_tup_upd || '|' || n_tup_hot_upd || '|' || pg_table_size(relid) \
                        || '|' || pg_indexes_size(relid) FROM pg_stat_user_tables \
                        WHERE relname = 'sessions'";
        let counters = world.database.sql(counters, &[])?;
        let numbers: Vec<f64> = counters
            .split('|')
            .map(str::parse)
            .collect::<std::result::Result<_, _>>()?;
        let [updates, hot, table, indexes] = numbers[..] else {
            return Err("Postgres counts otherwise".into());
        };
        let mib = 1024.0 * 1024.0;
        Ok(Self {
            updates,
            hot,
            table: table / mib,
            indexes: indexes / mib,
        })
    }
}
