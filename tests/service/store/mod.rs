//! One suite for both databases: what the rooms rely on holds on each of them.

mod cancelled;
mod columns;
mod ended;
mod lines;
mod pages;
mod places;
mod pool;
mod rows;
mod stale;

pub use ended::columns_but_the_first;
