//! Two replicas as operators run them: one prunes, and when it is killed the other takes over.

use std::time::Duration;

use serde_json::Value;

use super::{fewer_old_sessions_than, old_sessions, old_sessions_at_rest, plant_old_rows};
use crate::revocation::eventually;
use crate::support::database::Database;
use crate::support::{Process, Sql, both};

const ROWS: i64 = 4000;

/// What a replica says that it pruned: sessions and audit events of each pass.
fn pruned(replica: &Process) -> Vec<(i64, i64)> {
    let log = std::fs::read_to_string(&replica.log).expect("its log");
    let lines = log
        .lines()
        .filter(|line| line.contains(r#""message":"pruned""#));
    let number = |line: &Value, name: &str| line[name].as_i64().expect("a number");
    lines
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .map(|line: Value| (number(&line, "sessions"), number(&line, "audit_events")))
        .collect()
}

both! {
    async fn one_of_two_prunes_and_the_other_takes_over_when_it_is_killed(backend: Backend) {
        let database = Database::new(backend).await;
        let mut sql = Sql::of(&database).await;
        let replica = |batch: &'static str| {
            [("AUTH__HOUSEKEEPING__INTERVAL", "1s"), ("AUTH__HOUSEKEEPING__BATCH", batch)]
        };
        let mut first = Process::start(&database, &replica("2")).await;
        let mut tokens = first.signup("old@example.org").await;
        plant_old_rows(&database, "old@example.org", ROWS as u32).await;
        fewer_old_sessions_than(&mut sql, ROWS).await;
        // It looks each second, and would be through within one.
        let second = Process::start(&database, &replica("1000")).await;
        let holder = "SELECT count(*) AS n FROM leases WHERE name = 'housekeeping'";
        assert_eq!(sql.number(holder).await, 1);
        for _ in 0..25 {
            tokens = second.refresh(&tokens.refresh).await.tokens();
            tokens = first.refresh(&tokens.refresh).await.tokens();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(old_sessions(&mut sql).await > 0, "the other began too");
        first.signal("KILL");
        first.wait(Duration::from_secs(10)).await;
        let left = old_sessions_at_rest(&mut sql).await;
        tokio::time::sleep(Duration::from_millis(2500)).await;
        assert_eq!(old_sessions(&mut sql).await, left, "the lease is held for a minute");
        assert!(0 < left && left < ROWS, "{left}");

        // As if the minute were over.
        let past = match database.url.starts_with("sqlite:") {
            true => "UPDATE leases SET until = until - 60000000",
            false => "UPDATE leases SET until = until - interval '60 seconds'",
        };
        sql.run(past).await;
        eventually("the other takes over", async || !pruned(&second).is_empty()).await;
        assert_eq!(pruned(&second)[0], (left, ROWS), "all that was left, and nobody else's");
        assert_eq!(old_sessions(&mut sql).await, 0);
        assert_eq!(sql.count("audit_events WHERE user_agent = 'Old/1.0'").await, 0);
        second.refresh(&tokens.refresh).await.tokens();
        assert_eq!(sql.count("sessions").await, 1, "the one that lives");
    }
}
