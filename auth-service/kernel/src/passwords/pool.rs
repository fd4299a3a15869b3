//! A fixed set of threads that compute, each with memory of its own, behind a bounded queue.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::timeout;

use crate::metrics::Queue;

/// Threads that each own an `M`, and the queue before them.
pub(super) struct Pool<M> {
    jobs: mpsc::Sender<Job<M>>,
    /// One permit a thread that is free: a job is sent only to a thread that is waiting for it, so
    /// that a caller who leaves the queue leaves nothing behind in it.
    threads: Arc<Semaphore>,
    places: Semaphore,
    queue_length: usize,
    deadline: Duration,
    queue: Queue,
}

struct Job<M> {
    work: Box<dyn FnOnce(&mut M) + Send>,
    _thread: OwnedSemaphorePermit,
}

/// Why a job has no result.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PoolError {
    /// The queue was full, or the deadline passed before a thread was free.
    Busy,
    /// The job panicked.
    Panicked,
}

impl<M: 'static> Pool<M> {
    /// Starts `workers` threads, which end when the pool is dropped. `memory` is called once in
    /// each. Up to `queue_length` jobs wait for one of them, up to `deadline` each; `measured` is
    /// told of it.
    pub(super) fn start(
        workers: usize,
        queue_length: usize,
        deadline: Duration,
        measured: Queue,
        memory: impl Fn() -> M + Clone + Send + 'static,
    ) -> io::Result<Self> {
        let (jobs, queue) = mpsc::channel();
        let queue = Arc::new(Mutex::new(queue));
        for number in 0..workers {
            let (memory, queue) = (memory.clone(), Arc::clone(&queue));
            thread::Builder::new()
                .name(format!("hash-{number}"))
                .spawn(move || serve(memory(), &queue))?;
        }
        let queue_length = queue_length.min(Semaphore::MAX_PERMITS);
        Ok(Self {
            jobs,
            threads: Arc::new(Semaphore::new(workers)),
            places: Semaphore::new(queue_length),
            queue_length,
            deadline,
            queue: measured,
        })
    }

    /// Runs `work` on one of the threads. It is not run if this future is dropped before.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut M) -> T + Send + 'static,
    ) -> Result<T, PoolError> {
        let asked = Instant::now();
        let thread = self.free_thread().await.ok_or_else(|| {
            self.queue.refused.count();
            PoolError::Busy
        })?;
        self.queue.wait.took(asked.elapsed());
        let (reply, result) = oneshot::channel();
        let job = Job {
            work: Box::new(move |memory| {
                if !reply.is_closed() {
                    // The caller may have left meanwhile.
                    let _ = reply.send(work(memory));
                }
            }),
            _thread: thread,
        };
        self.jobs.send(job).map_err(|_| PoolError::Panicked)?;
        result.await.map_err(|_| PoolError::Panicked)
    }

    async fn free_thread(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(thread) = Arc::clone(&self.threads).try_acquire_owned() {
            return Some(thread);
        }
        let _place = self.places.try_acquire().ok()?;
        let thread = Arc::clone(&self.threads).acquire_owned();
        timeout(self.deadline, thread).await.ok()?.ok()
    }

    /// Jobs that wait for a thread now.
    pub(super) fn queue_depth(&self) -> usize {
        self.queue_length - self.places.available_permits()
    }

    /// Jobs that were answered [`PoolError::Busy`] since the start.
    pub(super) fn shed(&self) -> u64 {
        self.queue.refused.total()
    }
}

/// How much less of a busy core a hashing thread gets (`nice`, of 0 to 19): a hash takes tens of
/// milliseconds, and a refresh that comes meanwhile must not wait for it.
const NICE: i32 = 10;

fn serve<M>(mut memory: M, queue: &Mutex<mpsc::Receiver<Job<M>>>) {
    // On Linux it is the thread's alone. Refused, it hashes as eagerly as everything else runs.
    let _ = rustix::process::nice(NICE);
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        // A job that panics drops its reply, which its caller notices; the memory holds no state.
        let _ = catch_unwind(AssertUnwindSafe(|| (job.work)(&mut memory)));
    }
}

#[cfg(test)]
mod tests;
