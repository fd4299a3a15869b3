//! Two databases, one set of tables; and bringing them up to date by many replicas at once.

mod at_once;
mod beside;
mod expand;
mod parity;
mod side_by_side;
pub(crate) mod two_releases;

pub(crate) use at_once::production;
