//! Whose token may do what (docs/decisions/0008): every kind of token at every door, and what may
//! be asked for at sign-in and at a refresh.

mod asked;
mod doors;
mod kinds;
mod upgraded;
