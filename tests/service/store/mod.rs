//! One suite for both databases: what the rooms rely on holds on each of them.

mod cancelled;
mod columns;
mod pages;
mod pool;
mod rows;
