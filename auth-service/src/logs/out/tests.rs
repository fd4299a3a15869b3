//! // I32, L12

use std::sync::{Arc, mpsc};
use std::time::Instant;

use super::*;

/// An output that takes bytes only when the test lets it.
struct Reader {
    taken: mpsc::Sender<Vec<u8>>,
    allowed: mpsc::Receiver<io::Result<usize>>,
}

impl Write for Reader {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let most = self.allowed.recv().unwrap_or(Ok(usize::MAX))?;
        let taken = &bytes[..most.min(bytes.len())];
        self.taken.send(taken.to_vec()).expect("the test reads");
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Bench {
    queue: Arc<Queue>,
    taken: mpsc::Receiver<Vec<u8>>,
    allow: mpsc::Sender<io::Result<usize>>,
    told: mpsc::Receiver<u64>,
}

fn bench() -> Bench {
    let (queue, (taken, out)) = (Arc::new(Queue::new()), mpsc::channel());
    let ((allow, allowed), (tell, told)) = (mpsc::channel(), mpsc::channel());
    let (serving, reader) = (queue.clone(), Reader { taken, allowed });
    thread::spawn(move || {
        serving.serve(reader, |lost| {
            let _ = tell.send(lost);
        })
    });
    Bench {
        queue,
        taken: out,
        allow,
        told,
    }
}

#[test]
fn who_reads_nothing_holds_nobody_up_and_memory_is_bounded() {
    let bench = bench();
    let line = [b"x".repeat(1023), b"\n".to_vec()].concat();
    let began = Instant::now();
    for _ in 0..10_000 {
        bench.queue.push(&line);
    }
    assert!(began.elapsed() < Duration::from_secs(5));
    assert!(bench.queue.lock().waiting.capacity() <= 2 * CAPACITY);
    let kept = 10_000 - bench.queue.lost();
    assert!((1024..=2 * 1024).contains(&kept), "{kept}");
    // It ends in time all the same.
    bench.queue.drain(Duration::from_millis(50));
    assert!(began.elapsed() < Duration::from_secs(5));
    drop(bench.allow);
    bench.queue.drain(Duration::from_secs(30));
    let written: usize = bench.taken.try_iter().map(|bytes| bytes.len()).sum();
    assert_eq!(written as u64, kept * 1024, "what was kept is whole");
    assert_eq!(bench.told.try_iter().sum::<u64>(), bench.queue.lost());
}

#[test]
fn what_cannot_be_written_is_counted_and_no_line_is_glued_to_half_of_another() {
    let bench = bench();
    let failed = || Err(io::Error::from(ErrorKind::StorageFull));
    bench.allow.send(Ok(3)).expect("a thread");
    bench.allow.send(failed()).expect("a thread");
    bench.queue.push(b"{first}\n");
    bench.queue.drain(Duration::from_secs(30));
    assert_eq!(bench.queue.lost(), 1);
    // Still full.
    bench.allow.send(failed()).expect("a thread");
    bench.queue.push(b"{second}\n");
    bench.queue.drain(Duration::from_secs(30));
    assert_eq!(bench.queue.lost(), 2);
    bench
        .allow
        .send(Err(ErrorKind::WouldBlock.into()))
        .expect("a thread");
    drop(bench.allow);
    bench.queue.push(b"{third}\n");
    bench.queue.drain(Duration::from_secs(30));
    let written: Vec<u8> = bench.taken.try_iter().flatten().collect();
    assert_eq!(String::from_utf8_lossy(&written), "{fi\n{third}\n");
    assert_eq!(bench.told.try_iter().collect::<Vec<_>>(), [2]);
}
