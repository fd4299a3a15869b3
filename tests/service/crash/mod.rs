//! The database dies, falls silent, or loses an answer in the middle of a refresh: nothing is
//! consumed, nothing is doubled, and the same token works again.

mod kill;
mod line;
mod ready;
mod service;
