//! Refreshing at a peer: every token goes out once, and comes back as its successor.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::load::{Answer, Requests, write_form};
use crate::subject::Result;

/// Refresh tokens, the one that was refreshed the longest ago first.
#[derive(Clone)]
pub(super) struct Rotations(Arc<Mutex<VecDeque<String>>>);

impl Rotations {
    pub(super) fn of(tokens: impl IntoIterator<Item = String>) -> Self {
        Self(Arc::new(Mutex::new(tokens.into_iter().collect())))
    }

    /// Refreshes at `path`, by a form that begins with `fields`.
    pub(super) fn at(&self, path: &'static str, fields: &'static str) -> Box<dyn Requests> {
        Box::new(Refreshes {
            rotations: self.clone(),
            path,
            fields,
            presented: None,
        })
    }

    fn all<T>(&self, of: impl FnOnce(&mut VecDeque<String>) -> T) -> T {
        of(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

struct Refreshes {
    rotations: Rotations,
    path: &'static str,
    fields: &'static str,
    presented: Option<String>,
}

impl Requests for Refreshes {
    fn next(&mut self, out: &mut Vec<u8>) -> Result<()> {
        self.presented = self.rotations.all(VecDeque::pop_front);
        let presented = self.presented.as_ref().ok_or("no refresh token is left")?;
        let fields = self.fields;
        write_form(
            out,
            self.path,
            &format!("{fields}&refresh_token={presented}"),
        );
        Ok(())
    }

    /// With a new refresh token, and a JWT as access token.
    fn accept(&mut self, answer: &Answer<'_>) -> bool {
        let jwt = |token: &str| token.split('.').count() == 3;
        let (before, next) = (self.presented.take(), answer.member("refresh_token"));
        let rotated = answer.status == 200
            && answer.member("access_token").is_some_and(jwt)
            && next != before.as_deref();
        let Some(next) = next.filter(|_| rotated) else {
            return false;
        };
        self.rotations.all(|all| all.push_back(next.to_owned()));
        true
    }
}

/// What was written when the time was up is never sent; its token is as good as before.
impl Drop for Refreshes {
    fn drop(&mut self) {
        if let Some(unsent) = self.presented.take() {
            self.rotations.all(|all| all.push_front(unsent));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_out_once_and_comes_back_unsent() {
        let rotations = Rotations::of(["a".to_owned()]);
        let (mut one, mut other) = (rotations.at("/", "x=y"), rotations.at("/", "x=y"));
        let mut request = Vec::new();
        one.next(&mut request).unwrap();
        assert!(request.ends_with(b"x=y&refresh_token=a"));
        other.next(&mut request).unwrap_err();
        drop(one);
        other.next(&mut request).unwrap();
    }
}
