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
            presented: String::new(),
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
    presented: String,
}

impl Requests for Refreshes {
    fn next(&mut self, out: &mut Vec<u8>) -> Result<()> {
        let next = self.rotations.all(VecDeque::pop_front);
        self.presented = next.ok_or("no refresh token is left")?;
        let (fields, presented) = (self.fields, &self.presented);
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
        let rotated = answer
            .member("refresh_token")
            .filter(|next| *next != self.presented);
        match rotated {
            Some(next)
                if answer.status == 200 && answer.member("access_token").is_some_and(jwt) =>
            {
                self.rotations.all(|all| all.push_back(next.to_owned()));
                true
            }
            _ => false,
        }
    }
}
