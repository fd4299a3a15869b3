//! Ending many sessions at once: a few statements, however many they are.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::database::Database;
use crate::support::heard::Heard;
use crate::support::{PASSWORD, Service, Sql, both};

const MANY: usize = 5_000;

/// As many sessions as there is one.
fn multiplied(columns: &str, is_sqlite: bool) -> String {
    let (id, rows) = match is_sqlite {
        true => (
            "randomblob(16)",
            format!(
                "(WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < {MANY}) \
                 SELECT n FROM t)"
            ),
        ),
        false => ("gen_random_uuid()", format!("generate_series(1, {MANY})")),
    };
    format!(
        "INSERT INTO sessions (id, {columns}) SELECT {id}, {columns} \
         FROM (SELECT * FROM sessions LIMIT 1) AS one, {rows} AS many"
    )
}

/// The columns of `sessions` but the first.
pub async fn columns_but_the_first(sql: &mut Sql) -> String {
    let names = match sql {
        Sql::Lite(_) => "SELECT name AS line FROM pragma_table_info('sessions') WHERE name <> 'id'",
        Sql::Pg(_) => {
            "SELECT column_name::text AS line FROM information_schema.columns \
             WHERE table_name = 'sessions' AND column_name <> 'id'"
        }
    };
    sql.lines(names).await.join(", ")
}

both! {
    async fn a_change_of_password_ends_thousands_of_sessions_by_a_few_statements(backend: Backend) {
        let database = Arc::new(Database::new(backend).await);
        let heard = Heard::by(&database).await;
        let url = heard.url(&database);
        let service = Service::alone(database.clone(), |settings| {
            settings.database.url = url;
            settings.revocation.max_lag = Duration::from_secs(60);
        })
        .await;
        let ada = service.signup("ada@example.org").await;
        let mut sql = Sql::of(&database).await;
        let columns = columns_but_the_first(&mut sql).await;
        sql.run(&multiplied(&columns, matches!(sql, Sql::Lite(_)))).await;
        let other = service.login("ada@example.org").await;

        let before = heard.statements().len();
        let began = Instant::now();
        let new = json!({ "current_password": PASSWORD, "new_password": "ten quiet harbours wait" });
        let changed = service.bearer(&ada.access).post("/v1/me/password", new).await;
        assert_eq!(changed.status, 204, "{}", changed.text);
        let (took, told) = (began.elapsed(), heard.statements().split_off(before));
        println!("{MANY} sessions ended in {took:?} by {} statements", told.len());
        assert!(told.len() <= 12, "{} statements", told.len());

        assert_eq!(service.me(&ada.access).await.status, 200, "this session goes on");
        service.me(&other.access).await.expect(401, "token_revoked");
        let revoked = "SELECT count(*) AS n FROM revocations WHERE kind = 'sid'";
        assert_eq!(sql.number(revoked).await, MANY as i64 + 1);
        // A replica that starts now knows all of them.
        let replica = service.replica().await;
        replica.me(&other.access).await.expect(401, "token_revoked");
    }
}
