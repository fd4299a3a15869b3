//! The process itself, under the names that every Prometheus client uses.

use procfs::WithCurrentSystemInfo;
use procfs::process::{LimitValue, Process};
use prometheus::Opts;
use prometheus::proto::MetricFamily;

use super::exposition::{counter, gauge};

/// What `/proc/self` says; nothing of what it does not.
pub(super) fn families() -> Vec<MetricFamily> {
    let Ok(process) = Process::myself() else {
        return Vec::new();
    };
    let mut families = Vec::new();
    let ticks = procfs::ticks_per_second() as f64;
    if let Ok(stat) = process.stat() {
        let cpu = (stat.utime + stat.stime) as f64 / ticks;
        families.extend(counter("process_cpu_seconds_total", CPU, cpu));
        let resident = stat.rss_bytes().get() as f64;
        families.extend(named("process_resident_memory_bytes", RESIDENT, resident));
        let virtual_memory = stat.vsize as f64;
        families.extend(named(
            "process_virtual_memory_bytes",
            VIRTUAL,
            virtual_memory,
        ));
        families.extend(named("process_threads", THREADS, stat.num_threads as f64));
        if let Ok(boot) = procfs::boot_time_secs() {
            let start = boot as f64 + stat.starttime as f64 / ticks;
            families.extend(named("process_start_time_seconds", START, start));
        }
    }
    if let Ok(open) = process.fd_count() {
        families.extend(named("process_open_fds", OPEN_FDS, open as f64));
    }
    let most = process
        .limits()
        .map(|limits| limits.max_open_files.soft_limit);
    if let Ok(LimitValue::Value(most)) = most {
        families.extend(named("process_max_fds", MAX_FDS, most as f64));
    }
    families
}

const CPU: &str = "User and system CPU time spent.";
const RESIDENT: &str = "Resident memory.";
const VIRTUAL: &str = "Virtual memory.";
const THREADS: &str = "Threads of the process.";
const START: &str = "When the process started, since the Unix epoch.";
const OPEN_FDS: &str = "Open file descriptors.";
const MAX_FDS: &str = "File descriptors that may be open.";

fn named(name: &str, help: &str, value: f64) -> Vec<MetricFamily> {
    gauge(Opts::new(name, help), value)
}
