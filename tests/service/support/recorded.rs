//! A look into the database itself.

use diesel::dsl::sql;
use diesel::sql_types::{Nullable, Text};
use diesel::{Connection, RunQueryDsl as _, SqliteConnection};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};

use super::database::Database;

/// The one text that a query finds.
pub async fn text(database: &Database, query: &str) -> Option<String> {
    let select = diesel::select(sql::<Nullable<Text>>(&format!("({query})")));
    match database.url.strip_prefix("sqlite://") {
        Some(path) => {
            let mut conn = SqliteConnection::establish(path).expect("the file opens");
            diesel::RunQueryDsl::get_result(select, &mut conn)
        }
        None => {
            let conn = AsyncPgConnection::establish(&database.url).await;
            let mut conn = conn.expect("the server answers");
            RunQueryDsl::get_result(select, &mut conn).await
        }
    }
    .expect("the query runs")
}

/// The stored password hash of an account.
pub async fn password_hash(database: &Database, email: &str) -> String {
    let query = format!("SELECT password_hash FROM users WHERE email_key = '{email}'");
    text(database, &query)
        .await
        .expect("an account with a hash")
}
