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

/// Whether Linux schedules sessions as groups. On saturated cores it can then keep a session of its
/// own, which each connection's server of PostgreSQL is, waiting for most of a second.
pub fn groups_sessions() -> bool {
    fs::read_to_string("/proc/sys/kernel/sched_autogroup_enabled").is_ok_and(|on| on.trim() == "1")
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

/// Processor time that a process has taken, with all its threads and the processes it started.
///
/// # Errors
/// When one of them is gone.
pub fn cpu_time(pid: u32) -> io::Result<Duration> {
    let taken = |pid: u32| {
        let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        let ticks = ticks(&text).map(|ticks| TICK * ticks);
        ticks.ok_or_else(|| io::Error::other("/proc/PID/stat reads otherwise"))
    };
    with_children(pid)?.into_iter().map(taken).sum()
}

/// A process, those that its first thread started, and theirs. This one counts alone: it started
/// what it measures.
fn with_children(pid: u32) -> io::Result<Vec<u32>> {
    let (mut all, mut at) = (vec![pid], 0);
    if pid == std::process::id() {
        return Ok(all);
    }
    while let Some(pid) = all.get(at) {
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
        all.extend(children.split_whitespace().flat_map(str::parse::<u32>));
        at += 1;
    }
    Ok(all)
}

/// utime and stime: the 14th and 15th field. The second, a name, may hold spaces.
fn ticks(stat: &str) -> Option<u32> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut times = fields.split(' ').skip(11);
    let mut next = || times.next()?.parse::<u32>().ok();
    Some(next()? + next()?)
}

/// Memory in RAM of a process and those it started, in MiB. What they hold of files, their program
/// above all, they share: it counts once, as much as the largest of them holds.
///
/// # Errors
/// When one of them is gone.
pub fn resident_mib(pid: u32) -> io::Result<f64> {
    let (mut own, mut files) = (0.0, 0.0_f64);
    for pid in with_children(pid)? {
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let file = kib(&status, "RssFile:")?;
        own += kib(&status, "VmRSS:")? - file;
        files = files.max(file);
    }
    Ok((own + files) / 1024.0)
}

fn kib(status: &str, name: &'static str) -> io::Result<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    kib.ok_or_else(|| io::Error::other(format!("no {name}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;

    #[test]
    fn times_are_found_behind_a_name_with_spaces() {
        let stat = "7 (a (b) c) S 1 7 7 0 -1 4194560 1 2 3 4 123 45 0 0 20 0 1 0 9 9 9";
        assert_eq!(ticks(stat), Some(168));
        assert_eq!(ticks(""), None);
    }

    #[test]
    fn memory_of_children_counts_and_shared_files_do_not_count_twice() {
        let mut shell = std::process::Command::new("sh")
            .args(["-c", "sh -c 'echo started; read _'; :"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // A child that was only just forked, or still loads its program, has not its memory yet.
        let mut said = String::new();
        let output = shell.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut said).unwrap();
        assert_eq!(said, "started\n");
        let children = with_children(shell.id()).unwrap();
        let [pid, child] = children[..] else {
            panic!("{children:?}")
        };
        let status = |pid: u32| fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let each = [pid, child].map(|pid| kib(&status(pid), "VmRSS:").unwrap() / 1024.0);
        let both = resident_mib(pid).unwrap();
        assert!(
            both > each[0] && both < each[0] + each[1],
            "{both} {each:?}"
        );
        drop(shell.stdin.take());
        shell.wait().unwrap();
    }

    #[test]
    fn this_process_has_memory_and_time() {
        let pid = std::process::id();
        assert!(resident_mib(pid).unwrap() > 0.5);
        cpu_time(pid).unwrap();
    }
}
