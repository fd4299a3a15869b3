//! Two databases, one set of tables; and bringing them up to date by many replicas at once.

mod at_once;
mod parity;
