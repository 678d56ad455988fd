//! What `/proc` tells of a process's use of processor and memory.

use std::fs;

/// Linux tells times in this unit on every architecture that this runs on (`USER_HZ`).
const TICKS_PER_SECOND: f64 = 100.0;

/// Processor time, user and system, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Cpu {
    /// Of all the process's threads, those that have ended included.
    pub own: f64,
    /// Of its children that have ended and were awaited.
    pub children: f64,
}

/// Processor time that a process has used so far.
///
/// # Panics
/// Where it is gone.
pub fn cpu(pid: u32) -> Cpu {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
    let stat = stat.unwrap_or_else(|error| panic!("process {pid}: {error}"));
    // The name, in brackets, may hold anything; utime is the 12th field after it.
    let (_, rest) = stat.rsplit_once(") ").expect("the name is in brackets");
    let ticks: Vec<f64> = rest
        .split(' ')
        .skip(11)
        .take(4)
        .map(|field| field.parse().expect("a number of ticks"))
        .collect();
    let seconds = |ticks: &[f64]| ticks.iter().sum::<f64>() / TICKS_PER_SECOND;
    Cpu {
        own: seconds(&ticks[..2]),
        children: seconds(&ticks[2..]),
    }
}

/// Memory of a process in MiB.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// Proportional set size: shared pages count in parts.
    pub pss: f64,
    /// Resident set size.
    pub rss: f64,
}

/// Memory that a process uses now.
///
/// # Panics
/// Where it is gone.
pub fn memory(pid: u32) -> Memory {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"));
    let text = text.unwrap_or_else(|error| panic!("process {pid}: {error}"));
    let mib = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|rest| rest.trim().strip_suffix(" kB"));
        let kib: f64 = kib.and_then(|kib| kib.parse().ok()).expect("a size");
        kib / 1024.0
    };
    Memory {
        pss: mib("Pss:"),
        rss: mib("Rss:"),
    }
}

/// How many threads a process has.
pub fn threads(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/task")).map_or(0, Iterator::count)
}
