//! A statement that diesel's own words can't say, written once for both databases.
//!
//! It is a typed query with an identity, so it is prepared once on each connection; `sql_query`
//! would be parsed by the database each time.

use diesel::backend::Backend;
use diesel::pg::Pg;
use diesel::query_builder::{QueryBuilder, QueryFragment, QueryId};
use diesel::sqlite::{Sqlite, SqliteConnection};

/// Writes the walk of a statement for both databases. Within it, `$sqlite` tells which one.
#[macro_export]
macro_rules! fragment {
    ($type:ty, |$this:ident, $out:ident, $sqlite:ident| $body:block) => {
        $crate::db::fragment::fragment!(@one $type, diesel::pg::Pg, false, $this, $out, $sqlite, $body);
        $crate::db::fragment::fragment!(@one $type, diesel::sqlite::Sqlite, true, $this, $out, $sqlite, $body);
    };
    (@one $type:ty, $db:ty, $is_sqlite:literal, $this:ident, $out:ident, $sqlite:ident, $body:block) => {
        impl diesel::query_builder::QueryFragment<$db> for $type {
            fn walk_ast<'b>(
                &'b self,
                mut $out: diesel::query_builder::AstPass<'_, 'b, $db>,
            ) -> diesel::QueryResult<()> {
                let ($this, $sqlite) = (self, $is_sqlite);
                $body
                Ok(())
            }
        }
    };
}
pub use fragment;

/// A statement that changes rows and hands none out.
pub trait Statement:
    QueryFragment<Pg>
    + QueryFragment<Sqlite>
    + QueryId
    + diesel::RunQueryDsl<SqliteConnection>
    + Send
    + Sync
    + 'static
{
}

impl<T> Statement for T where
    T: QueryFragment<Pg>
        + QueryFragment<Sqlite>
        + QueryId
        + diesel::RunQueryDsl<SqliteConnection>
        + Send
        + Sync
        + 'static
{
}

/// The SQL of an expression that binds nothing, such as the columns of a row.
pub fn text_of<DB, E>(expression: &E) -> String
where
    DB: Backend + Default,
    DB::QueryBuilder: Default,
    E: QueryFragment<DB>,
{
    let mut builder = DB::QueryBuilder::default();
    expression
        .to_sql(&mut builder, &DB::default())
        .expect("columns are plain SQL");
    builder.finish()
}
