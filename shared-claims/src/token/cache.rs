//! Tokens that were verified, so that they need not be again.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::digest::{SHA256, digest};
use serde::de::DeserializeOwned;

use super::{Policy, Rejection, in_time, verify_with_key};
use crate::claims::Claims;
use crate::jwk::KeySet;

/// A verified token: what it says, and the key that says so, whose `kid` may have been revoked.
#[derive(Debug)]
pub struct Verified<C> {
    /// The claims.
    pub claims: Arc<Claims<C>>,
    /// The identifier of the key that signed it.
    pub kid: Arc<str>,
}

/// Verifies tokens, and remembers those that passed, at most so many bytes of them.
///
/// They are kept under the SHA-256 of the whole token: nobody can make two tokens of one name.
pub struct TokenCache<C> {
    limit: usize,
    tokens: RwLock<Tokens<C>>,
}

type Name = [u8; 32];

struct Tokens<C> {
    by_name: HashMap<Name, Kept<C>>,
    /// The next to expire comes first, and goes first.
    by_end: BTreeSet<(i64, Name)>,
    bytes: usize,
}

struct Kept<C> {
    verified: Verified<C>,
    /// Of the key set that it was verified under.
    generation: u64,
    bytes: usize,
}

/// What a token takes beside its claims: two names, and its place in two tables.
const OVERHEAD: usize = 384;

impl<C: DeserializeOwned> TokenCache<C> {
    /// As [`verify_with_key`], and at once if the token was verified before under the same keys.
    /// `generation` tells key sets apart: it must differ whenever `keys` does.
    ///
    /// Revocation is not looked at: see [`Mirror`](crate::revocation::Mirror).
    ///
    /// # Errors
    /// [`Rejection`]
    pub fn verify(
        &self,
        token: &str,
        (keys, generation): (&KeySet, u64),
        policy: &Policy,
        now: i64,
    ) -> Result<Verified<C>, Rejection> {
        // Nobody has a token of such a length hashed.
        if token.len() > policy.max_token_bytes {
            return Err(Rejection::TooLong);
        }
        let name = name(token);
        if let Some(verified) = self.get(&name, generation) {
            return match in_time(&verified.claims, policy, now) {
                Ok(()) => Ok(verified),
                Err(rejection) => {
                    self.remove(&name);
                    Err(rejection)
                }
            };
        }
        let (claims, key) = verify_with_key(token, keys, policy, now)?;
        let verified = Verified {
            claims: Arc::new(claims),
            kid: key.kid().into(),
        };
        let kept = Kept {
            verified: verified.clone(),
            generation,
            // Decoded claims take some two bytes for each of base64url's.
            bytes: OVERHEAD + 2 * token.len(),
        };
        self.put(name, kept, now);
        Ok(verified)
    }
}

impl<C> TokenCache<C> {
    /// Keeps at most this many bytes of tokens, by estimate; with 0, none.
    pub fn new(limit: usize) -> Self {
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

    /// Forgets what has expired at `now`, in seconds since the Unix epoch.
    pub fn prune(&self, now: i64) {
        self.tokens
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .prune(now);
    }

    /// How many tokens are kept, and in how many bytes.
    pub fn size(&self) -> (usize, usize) {
        let tokens = self.tokens.read().unwrap_or_else(PoisonError::into_inner);
        (tokens.by_name.len(), tokens.bytes)
    }

    fn get(&self, name: &Name, generation: u64) -> Option<Verified<C>> {
        let tokens = self.tokens.read().unwrap_or_else(PoisonError::into_inner);
        let kept = tokens.by_name.get(name)?;
        (kept.generation == generation).then(|| kept.verified.clone())
    }

    /// Keeps a token if there is room once what has expired, and then what expires next, is gone.
    fn put(&self, name: Name, kept: Kept<C>, now: i64) {
        if kept.bytes > self.limit {
            return;
        }
        let mut tokens = self.tokens.write().unwrap_or_else(PoisonError::into_inner);
        tokens.remove(&name);
        tokens.prune(now);
        while tokens.bytes + kept.bytes > self.limit && tokens.remove_next() {}
        tokens.bytes += kept.bytes;
        tokens.by_end.insert((kept.verified.claims.exp, name));
        tokens.by_name.insert(name, kept);
    }

    fn remove(&self, name: &Name) {
        self.tokens
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(name);
    }
}

fn name(token: &str) -> Name {
    let mut name = [0; 32];
    name.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    name
}

impl<C> Tokens<C> {
    fn remove(&mut self, name: &Name) {
        if let Some(kept) = self.by_name.remove(name) {
            self.by_end.remove(&(kept.verified.claims.exp, *name));
            self.bytes -= kept.bytes;
        }
    }

    fn remove_next(&mut self) -> bool {
        match self.by_end.first().copied() {
            Some((_, name)) => {
                self.remove(&name);
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

impl<C> Clone for Verified<C> {
    fn clone(&self) -> Self {
        Self {
            claims: self.claims.clone(),
            kid: self.kid.clone(),
        }
    }
}

impl<C> fmt::Debug for TokenCache<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (tokens, bytes) = self.size();
        f.debug_struct("TokenCache")
            .field("tokens", &tokens)
            .field("bytes", &bytes)
            .finish_non_exhaustive()
    }
}
