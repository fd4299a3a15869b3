//! Tokens that were verified, so that they need not be again.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::digest::{SHA256, digest};

use crate::claims::Claims;

/// What the proof of one token was.
#[derive(Debug)]
pub(super) struct Proven<C> {
    pub(super) claims: Arc<Claims<C>>,
    pub(super) kid: Arc<str>,
    /// Of the key set that it was verified under.
    pub(super) generation: u64,
}

/// SHA-256 of the whole token: nobody can make two tokens of one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Name([u8; 32]);

/// Verified tokens by [`Name`], at most so many bytes of them.
#[derive(Debug)]
pub(super) struct Cache<C> {
    limit: usize,
    tokens: RwLock<Tokens<C>>,
}

#[derive(Debug)]
struct Tokens<C> {
    by_name: HashMap<Name, Kept<C>>,
    /// The next to expire comes first, and goes first.
    by_end: BTreeSet<(i64, Name)>,
    bytes: usize,
}

#[derive(Debug)]
struct Kept<C> {
    proven: Proven<C>,
    bytes: usize,
}

/// What a token takes beside its claims: two names, and its place in two tables.
const OVERHEAD: usize = 384;

impl Name {
    pub(super) fn of(token: &str) -> Self {
        let mut name = [0; 32];
        name.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
        Self(name)
    }
}

impl<C> Cache<C> {
    pub(super) fn new(limit: usize) -> Self {
        let tokens = Tokens {
            by_name: HashMap::new(),
            by_end: BTreeSet::new(),
            bytes: 0,
        };
        Self {
            limit,
            tokens: RwLock::new(tokens),
        }
    }

    /// What was proven under this generation of keys. Whether it has expired, or was revoked, is
    /// for the caller to see.
    pub(super) fn get(&self, name: Name, generation: u64) -> Option<Proven<C>> {
        let tokens = self.tokens.read().unwrap_or_else(PoisonError::into_inner);
        let kept = tokens.by_name.get(&name)?;
        (kept.proven.generation == generation).then(|| kept.proven.clone())
    }

    /// Keeps a proof of a token of `length` bytes, if there is room once what has expired at
    /// `now`, and then what expires next, is gone.
    pub(super) fn put(&self, name: Name, proven: Proven<C>, length: usize, now: i64) {
        // Decoded claims take some two bytes for each of base64url's.
        let bytes = OVERHEAD + 2 * length;
        if bytes > self.limit {
            return;
        }
        let mut tokens = self.tokens.write().unwrap_or_else(PoisonError::into_inner);
        tokens.remove(name);
        tokens.prune(now);
        while tokens.bytes + bytes > self.limit && tokens.remove_next() {}
        tokens.bytes += bytes;
        tokens.by_end.insert((proven.claims.exp, name));
        tokens.by_name.insert(name, Kept { proven, bytes });
    }

    /// Forgets a token that is not to be accepted any more.
    pub(super) fn remove(&self, name: Name) {
        self.tokens
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(name);
    }

    /// Forgets what has expired.
    pub(super) fn prune(&self, now: i64) {
        self.tokens
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .prune(now);
    }

    /// How many tokens are kept, and in how many bytes.
    pub(super) fn size(&self) -> (usize, usize) {
        let tokens = self.tokens.read().unwrap_or_else(PoisonError::into_inner);
        (tokens.by_name.len(), tokens.bytes)
    }
}

impl<C> Tokens<C> {
    fn remove(&mut self, name: Name) {
        if let Some(kept) = self.by_name.remove(&name) {
            self.by_end.remove(&(kept.proven.claims.exp, name));
            self.bytes -= kept.bytes;
        }
    }

    fn remove_next(&mut self) -> bool {
        match self.by_end.first().copied() {
            Some((_, name)) => {
                self.remove(name);
                true
            }
            None => false,
        }
    }

    fn prune(&mut self, now: i64) {
        while self.by_end.first().is_some_and(|(exp, _)| *exp <= now) {
            self.remove_next();
        }
    }
}

impl<C> Clone for Proven<C> {
    fn clone(&self) -> Self {
        Self {
            claims: self.claims.clone(),
            kid: self.kid.clone(),
            generation: self.generation,
        }
    }
}
