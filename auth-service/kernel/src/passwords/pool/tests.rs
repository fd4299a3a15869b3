use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::metrics::Metrics;

/// How many threads of a pool are alive.
type Alive = Arc<()>;

const SOON: Duration = Duration::from_secs(5);

fn pool(queue_length: usize, deadline: Duration) -> (Arc<Pool<Alive>>, Alive) {
    let alive = Alive::default();
    let memory = Arc::clone(&alive);
    let measured = Metrics::default().hashing;
    let pool = Pool::start(1, queue_length, deadline, measured, move || {
        Arc::clone(&memory)
    });
    (Arc::new(pool.unwrap()), alive)
}

/// Occupies the pool's one thread until the sender is dropped.
async fn occupy(pool: &Arc<Pool<Alive>>) -> mpsc::Sender<()> {
    let (release, released) = mpsc::channel::<()>();
    let (begin, begun) = oneshot::channel();
    let pool = Arc::clone(pool);
    tokio::spawn(async move {
        let work = move |_: &mut Alive| {
            begin.send(()).unwrap();
            let _ = released.recv();
        };
        pool.run(work).await
    });
    begun.await.unwrap();
    release
}

async fn until(condition: impl Fn() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(SOON, waiting).await.unwrap();
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    // L10
    let (pool, _) = pool(1, Duration::from_secs(3600));
    let release = occupy(&pool).await;
    let queued = tokio::spawn({
        let pool = Arc::clone(&pool);
        async move { pool.run(|_| "done").await }
    });
    until(|| pool.queue_depth() == 1).await;

    let refused = timeout(SOON, pool.run(|_| ())).await.unwrap();
    assert_eq!(refused, Err(PoolError::Busy));
    assert_eq!(pool.shed(), 1);

    drop(release);
    assert_eq!(queued.await.unwrap(), Ok("done"));
    assert_eq!(pool.queue_depth(), 0);
}

#[tokio::test]
async fn a_job_that_does_not_start_before_the_deadline_is_refused() {
    // L10
    let (pool, _) = pool(8, Duration::from_millis(20));
    let _release = occupy(&pool).await;
    let refused = timeout(SOON, pool.run(|_| ())).await.unwrap();
    assert_eq!(refused, Err(PoolError::Busy));
    assert_eq!((pool.queue_depth(), pool.shed()), (0, 1));
}

#[tokio::test]
async fn a_job_that_started_may_outlast_the_deadline() {
    let (pool, _) = pool(8, Duration::ZERO);
    let slow = |_: &mut Alive| thread::sleep(Duration::from_millis(20));
    assert_eq!(pool.run(slow).await, Ok(()));
}

#[tokio::test]
async fn a_job_whose_caller_left_is_not_run() {
    // L10
    let (pool, _) = pool(8, SOON);
    let release = occupy(&pool).await;
    let ran = Arc::new(AtomicBool::new(false));
    let abandoned = tokio::spawn({
        let (pool, ran) = (Arc::clone(&pool), Arc::clone(&ran));
        async move { pool.run(move |_| ran.store(true, Ordering::SeqCst)).await }
    });
    until(|| pool.queue_depth() == 1).await;
    abandoned.abort();
    assert!(abandoned.await.unwrap_err().is_cancelled());
    assert_eq!(pool.queue_depth(), 0);

    drop(release);
    assert_eq!(pool.run(|_| ()).await, Ok(()));
    assert!(!ran.load(Ordering::SeqCst));
    assert_eq!(pool.shed(), 0);
}

#[tokio::test]
async fn a_panic_costs_one_job_only() {
    let (pool, _) = pool(8, SOON);
    let panics = |_: &mut Alive| panic!("on purpose");
    assert_eq!(pool.run(panics).await, Err::<(), _>(PoolError::Panicked));
    assert_eq!(pool.run(|_| 7).await, Ok(7));
}

#[tokio::test]
async fn threads_end_with_the_pool() {
    let (pool, alive) = pool(8, SOON);
    assert_eq!(pool.run(|_| ()).await, Ok(()));
    drop(pool);
    until(|| Arc::strong_count(&alive) == 1).await;
}

#[tokio::test]
async fn its_threads_yield_to_others_and_nobody_else_does() {
    let nice = || rustix::process::getpriority_process(None).unwrap();
    let before = nice();
    let (pool, _alive) = pool(1, SOON);
    let within = pool.run(move |_: &mut Alive| nice()).await.unwrap();
    assert_eq!((within, nice()), ((before + NICE).min(19), before));
}
