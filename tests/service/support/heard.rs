//! What a service asks of its database, statement by statement.
//!
//! On Postgres it is read off the line, where nothing can be missed. SQLite has no line: there
//! diesel tells, of each connection to the file.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};

use super::database::Database;
use super::proxy::Proxy;

/// Hears what connections that are opened after it are told.
pub enum Heard {
    /// On the line to Postgres.
    Line(Proxy),
    /// By the connections to a SQLite file.
    File(Log),
}

/// Statements in the order in which they were executed.
type Log = Arc<Mutex<Vec<String>>>;

impl Heard {
    /// Listens to a database, under the URL that [`url`](Self::url) tells.
    pub async fn by(database: &Database) -> Self {
        match database.url.strip_prefix("sqlite://") {
            None => Self::Line(Proxy::before(&database.url).await),
            Some(path) => {
                set_default_instrumentation(|| Some(Box::new(Listener::default())))
                    .expect("no instrumentation panics");
                let log = Log::default();
                with(&FILES, |files| files.insert(path.into(), log.clone()));
                Self::File(log)
            }
        }
    }

    /// Where the service finds the database.
    pub fn url(&self, database: &Database) -> String {
        match self {
            Self::Line(proxy) => proxy.url.clone(),
            Self::File(_) => database.url.clone(),
        }
    }

    /// Every statement so far, `BEGIN` and `COMMIT` among them.
    pub fn statements(&self) -> Vec<String> {
        match self {
            Self::Line(proxy) => proxy.statements(),
            Self::File(log) => with(log, |log| log.clone()),
        }
    }
}

/// The files that are listened to. Connections to others, of other tests, go unheard.
static FILES: Mutex<BTreeMap<String, Log>> = Mutex::new(BTreeMap::new());

/// What diesel tells of one connection.
#[derive(Default)]
struct Listener {
    log: Option<Log>,
}

impl Instrumentation for Listener {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartEstablishConnection { url, .. } => {
                self.log = with(&FILES, |files| files.get(url).cloned());
            }
            InstrumentationEvent::StartQuery { query, .. } => {
                if let Some(log) = &self.log {
                    with(log, |log| log.push(query.to_string()));
                }
            }
            _ => {}
        }
    }
}

fn with<T, R>(shared: &Mutex<T>, look: impl FnOnce(&mut T) -> R) -> R {
    look(&mut shared.lock().unwrap_or_else(PoisonError::into_inner))
}
