//! Standard output behind a bounded queue, with a thread of its own: whoever reads the log, and
//! whoever has stopped to, can neither stop the service nor slow it down. What does not fit is
//! dropped and counted, and the log says so once it is read again.
//!
//! Why not `tracing_appender::non_blocking` in its lossy mode: its queue is bounded in lines and
//! not in bytes, it does not count what could not be written, and at its end it may print, by
//! `println!`, to the very output that nobody reads.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Bytes that may wait; as many again may be on their way out.
const CAPACITY: usize = 1024 * 1024;

/// How soon an output that takes no more for now is tried again.
const PAUSE: Duration = Duration::from_millis(10);

/// Lines on their way to an output.
pub(super) struct Queue {
    state: Mutex<State>,
    /// There is something to write.
    filled: Condvar,
    /// All of it was written, or could not be.
    drained: Condvar,
    lost: AtomicU64,
}

struct State {
    waiting: Vec<u8>,
    is_writing: bool,
}

/// What the service logs to.
pub(super) static STANDARD_OUTPUT: Queue = Queue::new();

impl Queue {
    const fn new() -> Self {
        Self {
            state: Mutex::new(State {
                waiting: Vec::new(),
                is_writing: false,
            }),
            filled: Condvar::new(),
            drained: Condvar::new(),
            lost: AtomicU64::new(0),
        }
    }

    /// Takes whole lines, or drops them. Never waits for the output.
    pub(super) fn push(&self, lines: &[u8]) {
        let mut state = self.lock();
        if state.waiting.len() + lines.len() > CAPACITY {
            drop(state);
            self.lose(lines);
            return;
        }
        let was_empty = state.waiting.is_empty();
        state.waiting.extend_from_slice(lines);
        drop(state);
        if was_empty {
            self.filled.notify_one();
        }
    }

    /// Lines that were dropped since the start.
    pub(super) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Waits until all is written, at most for so long.
    pub(super) fn drain(&self, limit: Duration) {
        let state = self.lock();
        let is_busy = |state: &mut State| state.is_writing || !state.waiting.is_empty();
        drop(self.drained.wait_timeout_while(state, limit, is_busy));
    }

    /// Writes what comes to `output`, for ever. `told` is called with how many lines were lost, once
    /// something could be written again.
    fn serve(&self, output: impl Write, told: impl Fn(u64)) {
        let mut output = Output {
            inner: output,
            is_torn: false,
        };
        let (mut batch, mut known, mut went_well) = (Vec::new(), 0, true);
        let tell = |known: &mut u64| {
            let lost = self.lost();
            if lost > *known {
                told(lost - *known);
                *known = lost;
            }
        };
        loop {
            self.next(&mut batch);
            // Nothing waits now: there is room for a line about what found none.
            if went_well {
                tell(&mut known);
            }
            let unwritten = output.write(&batch);
            went_well = unwritten.is_empty();
            self.lose(unwritten);
            batch.clear();
            batch.shrink_to(CAPACITY / 16);
            if went_well && self.lock().waiting.is_empty() {
                tell(&mut known);
            }
        }
    }

    /// Waits for lines, and takes all that there are.
    fn next(&self, batch: &mut Vec<u8>) {
        let mut state = self.lock();
        state.is_writing = false;
        if state.waiting.is_empty() {
            self.drained.notify_all();
        }
        while state.waiting.is_empty() {
            let filled = self.filled.wait(state);
            state = filled.unwrap_or_else(PoisonError::into_inner);
        }
        std::mem::swap(&mut state.waiting, batch);
        state.is_writing = true;
    }

    fn lose(&self, lines: &[u8]) {
        let count = lines.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.lost.fetch_add(count, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An output that can fail, and go on.
struct Output<W> {
    inner: W,
    /// It holds the beginning of a line that did not go on.
    is_torn: bool,
}

impl<W: Write> Output<W> {
    /// What could not be written.
    fn write<'a>(&mut self, batch: &'a [u8]) -> &'a [u8] {
        if self.is_torn && !self.all(b"\n").is_empty() {
            return batch;
        }
        let unwritten = self.all(batch);
        let written = &batch[..batch.len() - unwritten.len()];
        self.is_torn = match written.last() {
            Some(last) => *last != b'\n',
            None => self.is_torn && !unwritten.is_empty(),
        };
        unwritten
    }

    fn all<'a>(&mut self, mut rest: &'a [u8]) -> &'a [u8] {
        while !rest.is_empty() {
            match self.inner.write(rest) {
                Ok(0) => return rest,
                Ok(written) => rest = &rest[written..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Who shares the output with us may have made it so.
                Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(PAUSE),
                Err(_) => return rest,
            }
        }
        rest
    }
}

/// Starts the thread that writes to standard output.
///
/// # Errors
/// When there is no thread or no output.
pub(super) fn start() -> io::Result<()> {
    // Past the standard library's own buffer and lock, so that nobody waits for this thread.
    let output = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let told = |lost| {
        tracing::warn!(
            lost,
            "lines of the log were lost: they were not read in time"
        )
    };
    let serve = move || STANDARD_OUTPUT.serve(output, told);
    thread::Builder::new().name("log".into()).spawn(serve)?;
    Ok(())
}

/// Where the formatter writes one event.
pub(super) struct Line;

impl Write for Line {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        STANDARD_OUTPUT.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
