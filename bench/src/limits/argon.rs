//! argon2id alone: a thread a core, each with memory that it reuses.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Block, Params, Version};

use crate::machine;
use crate::subject::{Result, Sample, Subject};
use crate::world::PASSWORD;

/// The service's parameters on a number of threads.
pub struct RawArgon {
    name: String,
    threads: usize,
    params: Params,
}

impl RawArgon {
    /// A thread a core, as the service has by default.
    ///
    /// # Errors
    /// When argon2 does not know the parameters.
    pub fn new() -> Result<Self> {
        let defaults = kernel::config::Settings::default().passwords;
        let (memory, passes) = (defaults.argon2_memory_kib, defaults.argon2_iterations);
        let lanes = defaults.argon2_parallelism;
        Ok(Self {
            name: format!("raw argon2id, {} threads", machine::cores()),
            threads: machine::cores(),
            params: Params::new(memory, passes, lanes, None)?,
        })
    }

    fn hash_until(&self, end: impl Fn() -> bool) -> Result<u64> {
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params.clone());
        let mut memory = vec![Block::new(); self.params.block_count()];
        let (mut tag, mut count) = ([0; 32], 0);
        while !end() {
            let (password, salt) = (PASSWORD.as_bytes(), b"sixteen of salt.");
            argon.hash_password_into_with_memory(password, salt, &mut tag, &mut memory)?;
            std::hint::black_box(&tag);
            count += 1;
        }
        Ok(count)
    }
}

impl Subject for RawArgon {
    fn name(&self) -> &str {
        &self.name
    }

    fn measure(&mut self, time: Duration) -> Result<Sample> {
        let together = Barrier::new(self.threads);
        let one = || {
            together.wait();
            let began = Instant::now();
            let count = self.hash_until(|| began.elapsed() >= time)?;
            // The last one ends after the time was up.
            Ok(count as f64 / began.elapsed().as_secs_f64())
        };
        let rates: Result<Vec<f64>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..self.threads).map(|_| scope.spawn(one)).collect();
            let join = |thread: std::thread::ScopedJoinHandle<'_, Result<f64>>| {
                thread.join().expect("argon2 does not panic")
            };
            threads.into_iter().map(join).collect()
        });
        Ok(Sample::of_rate(rates?.iter().sum()))
    }
}
