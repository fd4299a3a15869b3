//! Whether the Redis of the settings lets us count in it: its users can be forbidden scripts, writes
//! and keys.

use redis::{RedisResult, Script};

use super::shared::{ATTEMPT, DEADLINE, SETTLE};
use crate::kv::Kv;

/// A rate and a bucket of nobody.
const RATE: &str = "{limits}:check:rate";
const BUCKET: &str = "{limits}:check:failures";

/// Counts once for nobody, by the scripts that count for everybody, and forgets it.
///
/// # Errors
/// [`redis::RedisError`]: what could not be done.
pub async fn try_out(url: &str) -> RedisResult<()> {
    let mut commands = Kv::open(url)?.commands(DEADLINE * 8)?;
    let attempt = Script::new(ATTEMPT);
    let mut counted = attempt.key(RATE);
    counted.key(BUCKET);
    // One rate, by Redis's own clock; failures at 0 µs, without delay, remembered for 1 s. The rate
    // takes 1 ms, the bucket lets one failure pass.
    for number in ["1", "", "0", "0", "0", "1000000", "1000", "1", "1", "9"] {
        counted.arg(number);
    }
    let _: Vec<i64> = counted.invoke_async(&mut commands).await?;
    let settle = Script::new(SETTLE);
    let mut settled = settle.key(RATE);
    // Both are forgotten, nothing is taken back.
    settled.key(BUCKET).arg(0).arg(2).arg(0).arg(0);
    settled.invoke_async(&mut commands).await
}
