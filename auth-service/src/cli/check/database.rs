//! Whether the database is there, keeps what it must and has its tables.

use std::path::Path;
use std::time::Duration;
use tokio::time::timeout;

use kernel::clock::Clock;
use kernel::config::{Mode, Settings};
use kernel::db::{Db, DbError, migrate};
use kernel::metrics::Metrics;

use super::Finding;

const PATIENCE: Duration = Duration::from_secs(10);

/// What the database is like, and whether there is more to find out about it: not before its tables
/// are made.
pub(super) async fn look(settings: &Settings) -> (Finding, bool) {
    let is_dev = settings.mode == Mode::Dev;
    if let Some(file) = migrate::missing_file(&settings.database.url) {
        return (judge_missing(&file, is_dev), false);
    }
    match try_everything(settings).await {
        Ok(true) if is_dev => {
            let well = "answers; `serve` brings its tables up to date";
            (Ok(well.into()), false)
        }
        Ok(true) => {
            let bad = "tables are missing or old; run `auth-service migrate`";
            (Err(bad.into()), false)
        }
        Ok(false) => (Ok("answers, tables up to date".into()), true),
        Err(bad) => (Err(bad), false),
    }
}

/// The dev mode makes a file that is not there, if it can.
fn judge_missing(file: &Path, is_dev: bool) -> Finding {
    let above = file.ancestors().skip(1).find(|above| above.exists());
    let file = file.display();
    match above {
        Some(above) if !above.is_dir() => Err(format!(
            "{} is no folder, so {file} can't be made; set `database.url` to another path",
            above.display()
        )),
        _ if is_dev => Ok(format!("there is no file {file} yet; `serve` makes it")),
        _ => Err(format!(
            "there is no file {file}; run `auth-service migrate`, which makes it, or mend \
             `database.url`"
        )),
    }
}

/// Whether tables are missing or old.
async fn try_everything(settings: &Settings) -> Result<bool, String> {
    let db = open(settings)?;
    let away = "see that `database.url` leads to a database that runs";
    let keeps_statements = match timeout(PATIENCE, try_statements(settings, &db)).await {
        Ok(answer) => answer.map_err(|error| format!("{error}; {away}"))?,
        Err(_) => return Err(format!("it does not answer; {away}")),
    };
    if !keeps_statements {
        return Err(
            "a pooler hands out another connection for each transaction and forgets prepared \
             statements; set `database.prepared_statements = false`, or let it keep them \
             (pgbouncer 1.21 or later: `max_prepared_statements`)"
                .into(),
        );
    }
    let encoding = db.encoding().await.map_err(|error| error.to_string())?;
    if let Some(encoding) = encoding.filter(|encoding| encoding != "UTF8") {
        return Err(format!(
            "its encoding is {encoding}, which can't hold every name and address; make a \
             database with `CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0`, and name it in \
             `database.url`"
        ));
    }
    let pending = migrate::pending(&settings.database.url).await;
    pending.map_err(|error| error.to_string())
}

/// Whether prepared statements are kept; with a single connection it can't be told.
async fn try_statements(settings: &Settings, db: &Db) -> Result<bool, DbError> {
    match settings.database.max_connections {
        1 => db.ping().await.map(|()| true),
        _ => db.keeps_statements().await,
    }
}

/// Tokens are dated by the database's time, and judged by the time of whoever verifies them.
const APART: Duration = Duration::from_secs(5);

pub(super) async fn look_at_clocks(settings: &Settings) -> Finding {
    let now = open(settings)?.now().await;
    let Some(theirs) = now.map_err(|error| error.to_string())? else {
        return Ok("the database runs by this machine's".into());
    };
    let ours = Clock::system().now();
    let apart = ours.since(theirs).max(theirs.since(ours));
    match apart < APART {
        true => Ok("the database's and this machine's agree".into()),
        false => Err(format!(
            "the database's and this machine's are {} s apart; let NTP set both: tokens are dated \
             by the database",
            apart.as_secs()
        )),
    }
}

fn open(settings: &Settings) -> Result<Db, String> {
    let db = Db::open(&settings.database, 0, Metrics::default().connections);
    db.map_err(|error| error.to_string())
}
