//! Walking a table by its primary key, a batch at a time: for pruning.

use crate::id::Id;

/// The rows of one batch: behind `after`, up to `upto`.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// The last row of the batch before.
    pub after: Id,
    /// The last row of this one.
    pub upto: Id,
}

/// The last of the next `$size` rows of a table behind `$after` and before `$end`; nothing if there
/// are fewer.
#[macro_export]
macro_rules! last_of {
    ($conn:expr, $table:ident, $after:expr, $end:expr, $size:expr) => {{
        let skipped = i64::try_from($size).unwrap_or(i64::MAX) - 1;
        let last = $crate::db::on!($conn, c => $table::table
            .filter($table::id.gt($after))
            .filter($table::id.lt($end))
            .order($table::id.asc())
            .offset(skipped)
            .select($table::id)
            .first(c));
        $crate::db::Optional::optional(last)
    }};
}
pub use last_of;
