//! What Linux tells of the machine and of its processes, in `/proc`.

use std::fs;
use std::io;
use std::time::Duration;

/// Processors that this process may use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// What the machine is, for the report.
pub fn described() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find(|line| line.starts_with("model name"));
    let model = model.and_then(|line| line.split(": ").nth(1));
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!(
        "{} × {}, Linux {}",
        cores(),
        model.unwrap_or("a processor"),
        kernel.trim()
    )
}

/// The part of all processors' time that was idle during `window`, from 0 to 1.
///
/// # Errors
/// Where there is no `/proc/stat`.
pub fn idle(window: Duration) -> io::Result<f64> {
    let before = jiffies()?;
    std::thread::sleep(window);
    let after = jiffies()?;
    let spent: u64 = after.iter().sum::<u64>() - before.iter().sum::<u64>();
    // The fourth is idle, the fifth waits for a disk.
    let idle = after[3] + after[4] - before[3] - before[4];
    Ok(idle as f64 / spent.max(1) as f64)
}

fn jiffies() -> io::Result<[u64; 8]> {
    let text = fs::read_to_string("/proc/stat")?;
    let mut numbers = text.split_whitespace().skip(1).map(str::parse);
    let mut jiffies = [0; 8];
    for jiffy in &mut jiffies {
        *jiffy = numbers.next().and_then(Result::ok).unwrap_or(0);
    }
    Ok(jiffies)
}

/// Linux counts the time of processes in hundredths of a second, whatever its clock does.
const TICK: Duration = Duration::from_millis(10);

/// Processor time that a process has taken, all its threads together.
///
/// # Errors
/// When the process is gone.
pub fn cpu_time(pid: u32) -> io::Result<Duration> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    ticks(&text)
        .map(|ticks| TICK * ticks)
        .ok_or_else(|| io::Error::other("/proc/PID/stat reads otherwise"))
}

/// utime and stime: the 14th and 15th field. The second, a name, may hold spaces.
fn ticks(stat: &str) -> Option<u32> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut times = fields.split(' ').skip(11);
    let mut next = || times.next()?.parse::<u32>().ok();
    Some(next()? + next()?)
}

/// Memory of a process that is in RAM, in MiB.
///
/// # Errors
/// When the process is gone.
pub fn resident_mib(pid: u32) -> io::Result<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
    kib.map(|kib| kib / 1024.0)
        .ok_or_else(|| io::Error::other("no VmRSS"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_behind_a_name_with_spaces() {
        let stat = "7 (a (b) c) S 1 7 7 0 -1 4194560 1 2 3 4 123 45 0 0 20 0 1 0 9 9 9";
        assert_eq!(ticks(stat), Some(168));
        assert_eq!(ticks(""), None);
    }

    #[test]
    fn this_process_has_memory_and_time() {
        let pid = std::process::id();
        assert!(resident_mib(pid).unwrap() > 0.5);
        cpu_time(pid).unwrap();
    }
}
