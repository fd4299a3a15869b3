//! Families of refresh tokens that stand in the database: each request is given one of its own.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use auth_service::tokens::RefreshToken;
use kernel::clock::Instant;
use kernel::id::Id;
use kernel::keyring::Ring;

use crate::load::{Answer, Requests, write_post};
use crate::subject::Result;

/// The families with odd numbers up to some size. Each is handed out once with a token that is
/// made with the service's own keys, as after a sign-in; then again, oldest first, with the token
/// that its refresh was answered with.
pub struct Families {
    ring: Arc<Ring>,
    size: u64,
    handed_out: AtomicU64,
    refreshed: Mutex<VecDeque<String>>,
}

/// Strides over the table so that neighbours in time are no neighbours on a page. It has no
/// factor in common with a power of ten.
const STRIDE: u64 = 7_368_787;

impl Families {
    /// The families of a table that was filled up to `size`, none refreshed yet.
    pub fn new(ring: Arc<Ring>, size: u64) -> Self {
        Self {
            ring,
            size,
            handed_out: AtomicU64::new(0),
            refreshed: Mutex::default(),
        }
    }

    /// A token that nobody else holds; none if all are in use.
    pub fn take(&self) -> Option<String> {
        let own = self.size / 2;
        let turn = self.handed_out.fetch_add(1, Ordering::Relaxed);
        if turn < own {
            let number = 2 * (turn * STRIDE % own) + 1;
            let token = RefreshToken {
                family: family(number),
                generation: 1,
            };
            let key = self.ring.refresh().active(Instant::FAR_FUTURE);
            return key.ok().map(|key| token.encode(key));
        }
        self.refreshed().pop_front()
    }

    fn give_back(&self, token: String) {
        self.refreshed().push_back(token);
    }

    fn refreshed(&self) -> MutexGuard<'_, VecDeque<String>> {
        let held = self.refreshed.lock();
        held.unwrap_or_else(PoisonError::into_inner)
    }
}

/// The identifier that `sql/fill.sql` gives to this number.
pub fn family(number: u64) -> Id {
    let text = format!("00000000-0000-7000-8000-{}", 100_000_000_000 + number);
    text.parse().expect("an identifier")
}

/// Refreshes, a family of its own each time.
pub struct Refreshes {
    families: Arc<Families>,
    presented: String,
}

impl Refreshes {
    /// Takes from these families.
    pub fn of(families: &Arc<Families>) -> Box<dyn Requests> {
        Box::new(Self {
            families: families.clone(),
            presented: String::new(),
        })
    }
}

impl Requests for Refreshes {
    fn next(&mut self, out: &mut Vec<u8>) -> Result<()> {
        self.presented = self.families.take().ok_or("no family is left")?;
        let body = format!(r#"{{"refresh_token":"{}"}}"#, self.presented);
        write_post(out, "/v1/refresh", &[], &body);
        Ok(())
    }

    fn accept(&mut self, answer: &Answer<'_>) -> bool {
        match answer.member("refresh_token") {
            // The same token again would mean that nothing was written.
            Some(next) if answer.status == 200 && next != self.presented => {
                self.families.give_back(next.to_owned());
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stride_visits_every_family_once() {
        for own in [5_000_u64, 50_000] {
            let mut seen: Vec<_> = (0..own).map(|turn| turn * STRIDE % own).collect();
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen.len() as u64, own);
        }
        assert_eq!(
            family(7).to_string(),
            "00000000-0000-7000-8000-100000000007"
        );
    }
}
