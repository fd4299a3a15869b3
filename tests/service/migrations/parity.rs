//! Both folders make the same tables, and `schema.rs` names the same columns.

use std::collections::BTreeMap;

use diesel::migration::MigrationSource;
use diesel::pg::Pg;
use diesel::sqlite::{Sqlite, SqliteConnection};
use diesel_async::{AsyncConnection, AsyncMigrationHarness, AsyncPgConnection};
use diesel_migrations::{FileBasedMigrations, MigrationHarness};

use crate::support::database::Database;
use crate::support::{Backend, Sql};

pub(super) fn folder(name: &str) -> FileBasedMigrations {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations");
    FileBasedMigrations::from_path(format!("{folder}/{name}")).unwrap()
}

fn names<DB: diesel::backend::Backend>(source: &impl MigrationSource<DB>) -> Vec<String> {
    let migrations = source.migrations().unwrap();
    migrations.iter().map(|it| it.name().to_string()).collect()
}

#[test]
fn both_folders_hold_the_same_migrations() {
    let (pg, lite) = (folder("postgres"), folder("sqlite"));
    assert_eq!(names::<Pg>(&pg), names::<Sqlite>(&lite));
    assert!(!names::<Pg>(&pg).is_empty());
}

/// `table.column type null|not null`, types as `db/types.rs` maps them.
const PG_COLUMNS: &str = "SELECT table_name || '.' || column_name || ' ' || CASE data_type \
       WHEN 'uuid' THEN 'blob' WHEN 'bytea' THEN 'blob' \
       WHEN 'timestamp with time zone' THEN 'integer' WHEN 'bigint' THEN 'integer' \
       WHEN 'boolean' THEN 'integer' WHEN 'jsonb' THEN 'text' ELSE data_type END \
    || CASE is_nullable WHEN 'YES' THEN ' null' ELSE ' not null' END AS line \
    FROM information_schema.columns \
    WHERE table_schema = 'public' AND table_name <> '__diesel_schema_migrations' ORDER BY line";
/// An `INTEGER PRIMARY KEY` is the row's number and never null, whatever it says.
const LITE_COLUMNS: &str = "SELECT t.name || '.' || c.name || ' ' || lower(c.type) \
    || CASE WHEN c.\"notnull\" OR (c.pk AND c.type = 'INTEGER') THEN ' not null' ELSE ' null' END AS line \
    FROM pragma_table_list t JOIN pragma_table_info(t.name) c \
    WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name <> '__diesel_schema_migrations' ORDER BY line";

/// `table (columns)`, primary keys among them.
const PG_UNIQUE: &str = "SELECT c.relname || ' (' || string_agg(a.attname, ', ' ORDER BY k.n) || ')' AS line \
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid \
    CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY k (attnum, n) \
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum \
    WHERE i.indisunique AND c.relnamespace = 'public'::regnamespace \
      AND c.relname <> '__diesel_schema_migrations' GROUP BY i.indexrelid, c.relname ORDER BY line";
const LITE_UNIQUE: &str = "SELECT line FROM ( \
      SELECT t.name || ' (' || (SELECT group_concat(x.name, ', ') FROM pragma_index_info(i.name) x) || ')' AS line \
      FROM pragma_table_list t JOIN pragma_index_list(t.name) i \
      WHERE t.type = 'table' AND i.\"unique\" \
    UNION ALL SELECT t.name || ' (' || c.name || ')' FROM pragma_table_list t JOIN pragma_table_info(t.name) c \
      WHERE t.type = 'table' AND c.pk AND c.type = 'INTEGER') \
    WHERE line NOT LIKE 'sqlite_%' AND line NOT LIKE '\\_\\_diesel%' ESCAPE '\\' ORDER BY line";

const PG_INDEXES: &str = "SELECT indexname AS line FROM pg_indexes WHERE schemaname = 'public' \
    AND indexname NOT LIKE '%_key' AND indexname NOT LIKE '%_pkey' ORDER BY line";
const LITE_INDEXES: &str =
    "SELECT name AS line FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY line";

const PG_REFERENCES: &str = "SELECT c.conrelid::regclass || '.' || a.attname || ' -> ' || c.confrelid::regclass \
      || '.' || f.attname || CASE c.confdeltype WHEN 'c' THEN ' CASCADE' ELSE ' NO ACTION' END AS line \
    FROM pg_constraint c \
    JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] \
    JOIN pg_attribute f ON f.attrelid = c.confrelid AND f.attnum = c.confkey[1] \
    WHERE c.contype = 'f' ORDER BY line";
const LITE_REFERENCES: &str = "SELECT t.name || '.' || f.\"from\" || ' -> ' || f.\"table\" || '.' || f.\"to\" \
      || ' ' || f.on_delete AS line \
    FROM pragma_table_list t JOIN pragma_foreign_key_list(t.name) f WHERE t.type = 'table' ORDER BY line";

#[tokio::test(flavor = "multi_thread")]
async fn both_databases_have_the_same_tables_columns_indexes_and_references() {
    let (pg, lite) = (
        Database::new(Backend::Postgres).await,
        Database::new(Backend::Sqlite).await,
    );
    let (mut pg, mut lite) = (Sql::of(&pg).await, Sql::of(&lite).await);
    for (of_pg, of_lite, least) in [
        (PG_COLUMNS, LITE_COLUMNS, 50),
        (PG_UNIQUE, LITE_UNIQUE, 7),
        (PG_INDEXES, LITE_INDEXES, 4),
        (PG_REFERENCES, LITE_REFERENCES, 1),
    ] {
        let (of_pg, of_lite) = (pg.lines(of_pg).await, lite.lines(of_lite).await);
        assert_eq!(of_pg, of_lite);
        assert!(of_pg.len() >= least, "{of_pg:?}");
    }
    let names = lite.lines(LITE_COLUMNS).await;
    let in_database = names.iter().map(|line| line.split(' ').next().unwrap());
    let mut in_schema = schema_columns();
    in_schema.sort();
    assert_eq!(in_database.collect::<Vec<_>>(), in_schema);
}

/// `table.column` of each `table!` in `schema.rs`.
fn schema_columns() -> Vec<String> {
    let schema = include_str!("../../../auth-service/kernel/src/db/schema.rs");
    let mut table = "";
    let mut columns = Vec::new();
    for line in schema.lines().map(str::trim) {
        if let Some((column, _)) = line.split_once(" -> ").filter(|_| line.ends_with(',')) {
            columns.push(format!("{table}.{column}"));
        } else if let Some((name, _)) = line.split_once(" (").filter(|_| line.ends_with(") {")) {
            table = name;
        }
    }
    columns
}

/// Everything that a table's making says, so that what `down` forgot is seen.
async fn all(sql: &mut Sql) -> BTreeMap<&'static str, Vec<String>> {
    let queries = match sql {
        Sql::Pg(_) => [PG_COLUMNS, PG_UNIQUE, PG_INDEXES, PG_REFERENCES],
        Sql::Lite(_) => [LITE_COLUMNS, LITE_UNIQUE, LITE_INDEXES, LITE_REFERENCES],
    };
    let mut all = BTreeMap::new();
    for query in queries {
        all.insert(query, sql.lines(query).await);
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn down_and_up_again_makes_the_same_tables() {
    for backend in [Backend::Postgres, Backend::Sqlite] {
        let database = Database::new(backend).await;
        let before = all(&mut Sql::of(&database).await).await;
        match database.url.strip_prefix("sqlite://") {
            None => {
                let conn = AsyncPgConnection::establish(&database.url).await.unwrap();
                let mut harness = AsyncMigrationHarness::new(conn);
                harness.revert_all_migrations(folder("postgres")).unwrap();
            }
            Some(path) => {
                let mut conn = <SqliteConnection as diesel::Connection>::establish(path).unwrap();
                conn.revert_all_migrations(folder("sqlite")).unwrap();
            }
        }
        let gone = all(&mut Sql::of(&database).await).await;
        assert!(gone.values().all(Vec::is_empty), "{gone:?}");
        kernel::db::migrate::run(&database.url).await.unwrap();
        assert_eq!(all(&mut Sql::of(&database).await).await, before);
    }
}
