//! Judging several fields, so that whoever filled them in is told of all that can't be used at once.

use std::fmt::Display;

/// What is wrong with the fields that were judged so far.
pub struct Faults<E>(Vec<E>);

impl<E> Faults<E> {
    /// Nothing was judged yet.
    pub fn new() -> Self {
        Self(Vec::new())
    }

    /// The value of a field that can be used; what is wrong with another is kept.
    pub fn take<T>(&mut self, judged: Result<T, impl Into<E>>) -> Option<T> {
        judged.map_err(|error| self.0.push(error.into())).ok()
    }

    /// The error: the only one, or what `several` makes of them.
    pub fn into_error(mut self, several: impl FnOnce(Vec<E>) -> E) -> E {
        match self.0.len() {
            1 => self.0.remove(0),
            _ => several(self.0),
        }
    }
}

impl<E> Default for Faults<E> {
    fn default() -> Self {
        Self::new()
    }
}

/// What is wrong, one after the other.
pub fn listed(errors: &[impl Display]) -> String {
    let texts: Vec<_> = errors.iter().map(ToString::to_string).collect();
    texts.join("; ")
}
