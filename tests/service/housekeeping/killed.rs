//! `kill -9` in the middle of a pass.

use std::sync::Arc;
use std::time::Duration;

use auth_service::housekeeping::pass;
use kernel::clock::Clock;

use super::{fewer_old_sessions_than, old_sessions_at_rest, plant_old_rows};
use crate::support::database::Database;
use crate::support::{Process, Service, Sql, both};

const ROWS: i64 = 3000;

both! {
    // L8
    async fn killed_in_the_middle_it_loses_nothing_and_the_next_goes_on(backend: Backend) {
        let database = Database::new(backend).await;
        let settings = [("AUTH__HOUSEKEEPING__INTERVAL", "1s"), ("AUTH__HOUSEKEEPING__BATCH", "2")];
        let mut process = Process::start(&database, &settings).await;
        let first = process.signup("old@example.org").await;
        let current = process.refresh(&first.refresh).await.tokens();
        plant_old_rows(&database, "old@example.org", ROWS as u32).await;
        let mut sql = Sql::of(&database).await;
        fewer_old_sessions_than(&mut sql, ROWS).await;
        process.signal("KILL");
        process.wait(Duration::from_secs(10)).await;
        let left = old_sessions_at_rest(&mut sql).await;
        assert!(left > 0, "it was killed in the middle");
        let whole = "SELECT count(*) AS n FROM sessions s JOIN users u ON u.id = s.user_id";
        assert_eq!(sql.number(whole).await, left + 1);

        // A minute later, by the clock of another.
        let clock = Clock::manual(Clock::system().now().plus(Duration::from_secs(61)));
        let data_dir = database.folder.path().join("data");
        let next = Service::on(Arc::new(database), clock, |settings| settings.data_dir = data_dir).await;
        let pruned = pass(&next.ctx).await.expect("it runs").expect("it may begin");
        assert_eq!((pruned.sessions as i64, pruned.audit_events as i64), (left, ROWS));
        let successor = next.refresh(&current.refresh).await.tokens();
        next.advance(60);
        next.refresh(&first.refresh).await.expect(401, "refresh_token_reused");
        next.refresh(&successor.refresh).await.expect(401, "refresh_token_revoked");
    }
}
