//! Rates that are counted in this process: a map from key to time, in shards, so that requests
//! seldom wait for one another, and bounded, so that a flood of addresses takes no more memory.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::gcra::{Arrival, Quota};
use super::key::Key;

const SHARDS: usize = 64;

/// Keys that are not as new, and when each will be, in microseconds of the service's clock.
#[derive(Debug)]
pub(super) struct Cells {
    shards: Box<[Mutex<HashMap<Key, i64>>]>,
    /// Chooses the shard. Each map has a state of its own.
    hasher: RandomState,
    /// Keys in each shard at most.
    capacity: usize,
}

impl Cells {
    /// Keeps about `capacity` keys at most.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            capacity: capacity.div_ceil(SHARDS),
        }
    }

    /// Counts one more, if it fits.
    pub(super) fn arrive(&self, key: Key, quota: Quota, now: i64) -> Arrival {
        let mut known = self.shard(&key);
        if let Some(due) = known.get_mut(&key) {
            let arrival = quota.arrive(Some(*due), now);
            if let Arrival::Conforming { due: next } = arrival {
                *due = next;
            }
            return arrival;
        }
        if known.len() >= self.capacity {
            make_room(&mut known, self.capacity, now);
        }
        let arrival = quota.arrive(None, now);
        if let Arrival::Conforming { due } = arrival {
            known.insert(key, due);
        }
        arrival
    }

    /// Microseconds until the key is as new.
    pub(super) fn ahead(&self, key: &Key, now: i64) -> i64 {
        let due = self.shard(key).get(key).copied();
        due.map_or(0, |due| due.saturating_sub(now).max(0))
    }

    /// Takes back one that was counted.
    pub(super) fn give_back(&self, key: &Key, quota: Quota) {
        if let Some(due) = self.shard(key).get_mut(key) {
            *due = due.saturating_sub(quota.interval);
        }
    }

    fn shard(&self, key: &Key) -> MutexGuard<'_, HashMap<Key, i64>> {
        let number = self.hasher.hash_one(key) as usize % SHARDS;
        let shard = self.shards[number].lock();
        shard.unwrap_or_else(PoisonError::into_inner)
    }

    /// How many keys there are, and how many there is room for in what was allocated.
    #[cfg(test)]
    pub(super) fn size(&self) -> (usize, usize) {
        let shards = self.shards.iter().map(Mutex::lock);
        let shards = shards.map(|shard| shard.unwrap_or_else(PoisonError::into_inner));
        shards.fold((0, 0), |(keys, room), shard| {
            (keys + shard.len(), room + shard.capacity())
        })
    }
}

/// Drops what is as new, which loses nothing, and then what soon will be until a tenth is free: so
/// this is seldom needed, and a flood of fresh keys does not wash out one that is held back. What
/// stays goes into a new table: places that were given up count as taken, and the old one would
/// double.
fn make_room(known: &mut HashMap<Key, i64>, capacity: usize, now: i64) {
    let mut kept: Vec<(i64, Key)> = (known.iter())
        .filter(|(_, due)| **due > now)
        .map(|(key, due)| (*due, *key))
        .collect();
    let most = capacity * 9 / 10;
    if kept.len() > most {
        let soonest = kept.len() - most;
        kept.select_nth_unstable(soonest - 1);
        kept.drain(..soonest);
    }
    *known = HashMap::with_capacity_and_hasher(capacity, known.hasher().clone());
    known.extend(kept.into_iter().map(|(due, key)| (key, due)));
}
