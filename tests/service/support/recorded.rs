//! A look into the database itself, and at the statements that the service sends it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
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

static STATEMENTS: Mutex<Option<HashMap<String, Vec<String>>>> = Mutex::new(None);

/// Begins to record every statement of connections that are made from now on.
pub fn record_statements() {
    set_default_instrumentation(|| Some(Box::new(Recorder::default()))).expect("it can be set");
}

/// The statements since the last call, without their values, that services on this database made.
pub fn statements(database: &Database) -> Vec<String> {
    let mut all = STATEMENTS.lock().unwrap_or_else(PoisonError::into_inner);
    let path = database.url.trim_start_matches("sqlite://");
    let recorded = all.get_or_insert_default().remove(path);
    recorded.unwrap_or_default()
}

#[derive(Default)]
struct Recorder {
    url: String,
}

impl Instrumentation for Recorder {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartEstablishConnection { url, .. } => self.url = url.into(),
            InstrumentationEvent::StartQuery { query, .. } => {
                let text = query.to_string();
                let text = text.split("-- binds").next().unwrap_or_default().trim();
                let mut all = STATEMENTS.lock().unwrap_or_else(PoisonError::into_inner);
                let of_url = all.get_or_insert_default().entry(self.url.clone());
                of_url.or_default().push(text.to_owned());
            }
            _ => {}
        }
    }
}
