//! A look into a database, and a hand on it, past the service.

use diesel::sql_types::{Binary, Nullable, Text};
use diesel::{QueryableByName, RunQueryDsl, SqliteConnection, sql_query};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};

use super::database::Database;
use super::sql;

/// A row of the table `keys`.
#[derive(Clone, Debug, QueryableByName)]
pub struct KeyRow {
    /// The key.
    #[diesel(sql_type = Text)]
    pub kid: String,
    /// Its private half, sealed.
    #[diesel(sql_type = Binary)]
    pub sealed: Vec<u8>,
    /// Its public half as JSON.
    #[diesel(sql_type = Nullable<Text>)]
    pub public_jwk: Option<String>,
}

fn lite(database: &Database) -> Option<SqliteConnection> {
    database.url.strip_prefix("sqlite://").map(sql::lite)
}

/// Runs a statement.
pub async fn execute(database: &Database, sql: &str) {
    if let Some(mut conn) = lite(database) {
        sql_query(sql).execute(&mut conn).expect(sql);
    } else {
        let mut conn = AsyncPgConnection::establish(&database.url)
            .await
            .expect("it answers");
        conn.batch_execute(sql).await.expect(sql);
    }
}

/// The table `keys`, oldest first.
pub async fn keys(database: &Database) -> Vec<KeyRow> {
    let sql = "SELECT kid, sealed, CAST(public_jwk AS text) AS public_jwk FROM keys ORDER BY slot";
    if let Some(mut conn) = lite(database) {
        sql_query(sql).load(&mut conn).expect(sql)
    } else {
        let mut conn = AsyncPgConnection::establish(&database.url)
            .await
            .expect("it answers");
        diesel_async::RunQueryDsl::load(sql_query(sql), &mut conn)
            .await
            .expect(sql)
    }
}
