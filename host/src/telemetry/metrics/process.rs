//! The host's own process, as Linux tells of it. Elsewhere nothing is told.

use jiff::Timestamp;

/// What a process uses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProcessState {
    /// Processor time so far, seconds.
    pub cpu_seconds: f64,
    /// Memory that is in use, bytes.
    pub resident_bytes: u64,
    /// Threads.
    pub threads: u64,
    /// Open files, sockets and pipes.
    pub open_fds: u64,
    /// How long it has been running, seconds.
    pub uptime_seconds: f64,
    /// When it began, Unix time in seconds.
    pub start_time_seconds: f64,
}

impl ProcessState {
    /// This process, now; none where the system does not tell.
    pub fn now() -> Option<Self> {
        let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
        let boot = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        let since_boot = boot.tv_sec as f64 + boot.tv_nsec as f64 / 1e9;
        let ticks = rustix::param::clock_ticks_per_second() as f64;
        let fields = Fields::of(&stat)?;
        let uptime_seconds = (since_boot - fields.start_ticks / ticks).max(0.0);
        let now = Timestamp::now().as_microsecond() as f64 / 1e6;
        Some(Self {
            cpu_seconds: fields.cpu_ticks / ticks,
            resident_bytes: fields.resident_pages * rustix::param::page_size() as u64,
            threads: fields.threads,
            // Reading the folder opens it: one of those that are seen.
            open_fds: (std::fs::read_dir("/proc/self/fd").ok()?.count() as u64).saturating_sub(1),
            uptime_seconds,
            start_time_seconds: now - uptime_seconds,
        })
    }
}

/// The fields of `/proc/<pid>/stat` that are of use (`proc_pid_stat(5)`).
#[derive(Debug, PartialEq)]
struct Fields {
    cpu_ticks: f64,
    threads: u64,
    start_ticks: f64,
    resident_pages: u64,
}

impl Fields {
    fn of(stat: &str) -> Option<Self> {
        // Counted behind the name, which may hold anything; the first one there is number 3.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let field = |number: usize| fields.get(number - 3).copied();
        Some(Self {
            cpu_ticks: field(14)?.parse::<f64>().ok()? + field(15)?.parse::<f64>().ok()?,
            threads: field(20)?.parse().ok()?,
            start_ticks: field(22)?.parse().ok()?,
            resident_pages: field(24)?.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_behind_any_name() {
        let stat = "17 (a) b (c)) S 1 17 17 0 -1 4194560 900 0 3 0 120 30 0 0 20 0 9 0 4400 \
            123456789 2500 18446744073709551615 1 1 0";
        let fields = Fields {
            cpu_ticks: 150.0,
            threads: 9,
            start_ticks: 4400.0,
            resident_pages: 2500,
        };
        assert_eq!(Fields::of(stat), Some(fields));
        for broken in ["", "17 (padelvar", "17 (padelvar) S 1", "17 (x) S a b c"] {
            assert_eq!(Fields::of(broken), None, "{broken}");
        }
    }

    #[test]
    fn this_process_is_told() {
        let state = ProcessState::now().unwrap();
        assert!(state.resident_bytes > 1 << 20, "{state:?}");
        assert!(state.threads >= 1 && state.open_fds >= 3, "{state:?}");
        assert!(state.start_time_seconds > 1.6e9, "{state:?}");
    }
}
