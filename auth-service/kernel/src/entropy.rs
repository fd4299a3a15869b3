//! Randomness is given, never taken, so that a test can seed it.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use uuid::Uuid;
use zeroize::Zeroize;

use crate::clock::Instant;
use crate::id::Id;

/// A source of random bytes. Clones share it.
#[derive(Clone, Debug)]
pub struct Entropy(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    source: Source,
    /// When the last identifier was made, in 4096ths of a millisecond.
    last_id: AtomicU64,
}

#[derive(Debug)]
enum Source {
    System(SystemRandom),
    /// SHA-256 of the seed and a counter: the same bytes at each run of a test.
    Seeded {
        seed: u64,
        counter: AtomicU64,
    },
}

impl From<Source> for Entropy {
    fn from(source: Source) -> Self {
        let last_id = AtomicU64::new(0);
        Self(Arc::new(Shared { source, last_id }))
    }
}

impl Entropy {
    /// The operating system's cryptographic generator, by way of aws-lc.
    pub fn system() -> Self {
        Source::System(SystemRandom::new()).into()
    }

    /// A predictable source. For tests alone.
    pub fn seeded(seed: u64) -> Self {
        Source::Seeded {
            seed,
            counter: AtomicU64::new(0),
        }
        .into()
    }

    /// Fills `out` with random bytes.
    pub fn fill(&self, out: &mut [u8]) {
        match &self.0.source {
            Source::System(random) => random
                .fill(out)
                .expect("the operating system's random generator works"),
            Source::Seeded { seed, counter } => {
                for chunk in out.chunks_mut(digest::SHA256_OUTPUT_LEN) {
                    let count = counter.fetch_add(1, Ordering::SeqCst);
                    let block = [seed.to_be_bytes(), count.to_be_bytes()].concat();
                    let block = digest::digest(&digest::SHA256, &block);
                    chunk.copy_from_slice(&block.as_ref()[..chunk.len()]);
                }
            }
        }
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut out = [0; N];
        self.fill(&mut out);
        out
    }

    /// `N` random bytes that are no secret. Each call of the system's generator costs as much as
    /// hundreds of bytes from it, so it is asked for many at once. They are used once and wiped.
    fn public_bytes<const N: usize>(&self) -> [u8; N] {
        match self.0.source {
            Source::System(_) => STORE.with_borrow_mut(|store| store.take(|all| self.fill(all))),
            Source::Seeded { .. } => self.bytes(),
        }
    }

    /// A random UUID (RFC 9562 §5.4, version 4), for what is unique and no secret.
    pub fn uuid(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.public_bytes()).into_uuid()
    }

    /// A new row's identifier, a UUID that sorts by its time (RFC 9562 §5.7, version 7): rows made
    /// together lie together. Those of one process sort as they were made, also within a moment
    /// (§6.2, method 3): an audit trail tells what came first.
    pub fn id(&self, now: Instant) -> Id {
        let micros = now.as_micros().unsigned_abs();
        let now = ((micros / 1000) << 12) | ((micros % 1000) * 4096 / 1000);
        let next = |last: u64| now.max(last + 1);
        let last = &self.0.last_id;
        let before = last.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |last| Some(next(last)));
        let at = before.map_or(now, next);
        let mut random: [u8; 10] = self.public_bytes();
        random[..2].copy_from_slice(&((at & 0xfff) as u16).to_be_bytes());
        uuid::Builder::from_unix_timestamp_millis(at >> 12, &random)
            .into_uuid()
            .into()
    }

    /// A number in `0.0..1.0`, for jitter.
    pub fn fraction(&self) -> f64 {
        f64::from(u32::from_be_bytes(self.public_bytes())) / (f64::from(u32::MAX) + 1.0)
    }
}

/// Random bytes in store, for one thread.
struct Store {
    bytes: [u8; 512],
    used: usize,
}

thread_local! {
    static STORE: RefCell<Store> = const { RefCell::new(Store { bytes: [0; 512], used: 512 }) };
}

impl Store {
    fn take<const N: usize>(&mut self, fill: impl FnOnce(&mut [u8])) -> [u8; N] {
        if self.used + N > self.bytes.len() {
            fill(&mut self.bytes);
            self.used = 0;
        }
        let (taken, range) = (self.used, self.used..self.used + N);
        self.used = range.end;
        let fresh = std::array::from_fn(|at| self.bytes[taken + at]);
        self.bytes[range].zeroize();
        fresh
    }
}

/// `rand_core` 0.6, as the crates `rsa` and `p256` ask for it.
impl rsa::rand_core::RngCore for Entropy {
    fn next_u32(&mut self) -> u32 {
        u32::from_be_bytes(self.bytes())
    }

    fn next_u64(&mut self) -> u64 {
        u64::from_be_bytes(self.bytes())
    }

    fn fill_bytes(&mut self, out: &mut [u8]) {
        self.fill(out);
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), rsa::rand_core::Error> {
        self.fill(out);
        Ok(())
    }
}

impl rsa::rand_core::CryptoRng for Entropy {}
