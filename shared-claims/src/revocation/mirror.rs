//! Revocations in memory, looked up in constant time.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher, RandomState};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::{Entry, Kind};
use crate::claims::Claims;

/// What the mirror says of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing is known against it.
    Accepted,
    /// It must not be accepted.
    Revoked,
    /// Its claims are out of date: the bearer is to refresh, and stays signed in.
    Stale,
}

/// The revocations that a verifier knows of, shared between threads.
///
/// A value is kept as a 128-bit hash under keys drawn for each mirror, never as text: an entry
/// takes 24 bytes of table, a million of them some 55 MB, and nobody can aim a collision. One
/// that chance brought about, at a million entries less often than once in 2^108 look-ups, would
/// revoke too much and never too little.
#[derive(Debug, Default)]
pub struct Mirror {
    keys: [RandomState; 2],
    marks: RwLock<Marks>,
}

/// The hash of a kind and a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Id([u64; 2]);

/// Takes an [`Id`] for what it is: a hash already, under keys that nobody knows.
#[derive(Debug, Default)]
struct AsIs(u64);

type Table<V> = HashMap<Id, V, BuildHasherDefault<AsIs>>;

#[derive(Debug, Default)]
struct Marks {
    /// When each revoked `jti`, `sid` and `kid` ceases to matter.
    revoked: Table<i64>,
    /// The lowest valid version of each `sub`.
    valid: Table<Lowest>,
    /// The lowest fresh version of each `sub`.
    fresh: Table<Lowest>,
}

#[derive(Clone, Copy, Debug)]
struct Lowest {
    ver: i64,
    expires_at: i64,
}

impl Mirror {
    /// Takes an entry in. Again, or after a newer one, it changes nothing: of versions and of
    /// expiries the greater stays. True if it refuses a token that was not refused before.
    pub fn apply(&self, entry: &Entry) -> bool {
        let id = self.id_of(entry);
        self.write().apply(id, entry)
    }

    /// Forgets everything but these entries, in one step for those who look.
    pub fn replace<'e>(&self, entries: impl IntoIterator<Item = &'e Entry>) {
        let mut marks = Marks::default();
        for entry in entries {
            marks.apply(self.id_of(entry), entry);
        }
        let replaced = std::mem::replace(&mut *self.write(), marks);
        // Freed only here, so that a million old entries do not keep the lock.
        drop(replaced);
    }

    /// What is known against a token. Revoked wins over stale, and a token without `ver` is
    /// below every version.
    pub fn check(
        &self,
        jti: &str,
        sid: Option<&str>,
        sub: &str,
        ver: Option<i64>,
        kid: &str,
    ) -> Verdict {
        let jti = Some(self.id(Kind::Jti, jti));
        let sid = sid.map(|sid| self.id(Kind::Sid, sid));
        let kid = Some(self.id(Kind::Kid, kid));
        let sub = self.id(Kind::Sub, sub);

        let marks = self.read();
        let mut named = [jti, sid, kid].into_iter().flatten();
        if named.any(|id| marks.revoked.contains_key(&id)) || below(&marks.valid, sub, ver) {
            Verdict::Revoked
        } else if below(&marks.fresh, sub, ver) {
            Verdict::Stale
        } else {
            Verdict::Accepted
        }
    }

    /// [`check`](Self::check) of verified claims and the `kid` of the key that signed them.
    pub fn check_claims<C>(&self, claims: &Claims<C>, kid: &str) -> Verdict {
        let sid = claims.sid.as_deref();
        self.check(&claims.jti, sid, &claims.sub, claims.ver, kid)
    }

    /// Whether the key of this identifier was removed.
    pub fn is_key_removed(&self, kid: &str) -> bool {
        let id = self.id(Kind::Kid, kid);
        self.read().revoked.contains_key(&id)
    }

    /// Forgets what ceased to matter at `now`, in seconds since the Unix epoch.
    pub fn prune(&self, now: i64) {
        let marks = &mut *self.write();
        marks.revoked.retain(|_, expires_at| *expires_at > now);
        for lowest in [&mut marks.valid, &mut marks.fresh] {
            lowest.retain(|_, lowest| lowest.expires_at > now);
        }
    }

    /// How many entries are kept.
    pub fn len(&self) -> usize {
        let marks = self.read();
        marks.revoked.len() + marks.valid.len() + marks.fresh.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A `sub` has one, looked up in two tables.
    fn id_of(&self, entry: &Entry) -> Id {
        match entry.kind {
            Kind::Stale => self.id(Kind::Sub, &entry.value),
            kind => self.id(kind, &entry.value),
        }
    }

    fn id(&self, kind: Kind, value: &str) -> Id {
        Id(self.keys.each_ref().map(|key| key.hash_one((kind, value))))
    }

    // No panic can leave the marks half changed, so a poisoned lock is as good as a sound one.
    fn read(&self) -> RwLockReadGuard<'_, Marks> {
        self.marks.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Marks> {
        self.marks.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hash for Id {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0[0]);
    }
}

impl Hasher for AsIs {
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn write(&mut self, bytes: &[u8]) {
        // An `Id` never comes this way; whatever does is told apart, if slowly.
        self.0 = bytes
            .iter()
            .fold(self.0, |hash, byte| hash << 8 | u64::from(*byte));
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl Marks {
    fn apply(&mut self, id: Id, entry: &Entry) -> bool {
        match entry.kind {
            Kind::Jti | Kind::Sid | Kind::Kid => {
                let before = self.revoked.len();
                let expires_at = self.revoked.entry(id).or_insert(entry.expires_at);
                *expires_at = entry.expires_at.max(*expires_at);
                self.revoked.len() > before
            }
            Kind::Sub => raise(&mut self.valid, id, entry),
            Kind::Stale => raise(&mut self.fresh, id, entry),
        }
    }
}

fn raise(table: &mut Table<Lowest>, id: Id, entry: &Entry) -> bool {
    let new = Lowest {
        ver: entry.ver.unwrap_or(i64::MAX),
        expires_at: entry.expires_at,
    };
    let known = table.get(&id).map(|lowest| lowest.ver);
    let lowest = table.entry(id).or_insert(new);
    lowest.ver = new.ver.max(lowest.ver);
    lowest.expires_at = new.expires_at.max(lowest.expires_at);
    known < Some(new.ver)
}

fn below(table: &Table<Lowest>, id: Id, ver: Option<i64>) -> bool {
    let lowest = table.get(&id);
    lowest.is_some_and(|lowest| ver.is_none_or(|ver| ver < lowest.ver))
}
