//! What `/proc` tells of a process's use of processor and memory.

use std::fs;

/// Linux tells times in this unit on every architecture that this runs on (`USER_HZ`).
const TICKS_PER_SECOND: f64 = 100.0;

/// Processor time that a process had used at a moment, user and system, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Cpu {
    /// Of all its threads, those that have ended included. Exact to a hundredth.
    all: f64,
    /// Of the threads that it had at that moment. Exact.
    threads: f64,
    /// Of its children that have ended and were awaited. Exact to a hundredth.
    children: f64,
}

impl Cpu {
    /// Seconds that the process itself used since an earlier moment.
    pub fn since(&self, before: &Self) -> f64 {
        let (exact, coarse) = (self.threads - before.threads, self.all - before.all);
        // Threads that ended meanwhile, or a kernel that does not tell of threads.
        let is_part = exact < coarse - 1.0 / TICKS_PER_SECOND;
        if is_part { coarse } else { exact }
    }

    /// Seconds of the children that ended since then.
    pub fn children_since(&self, before: &Self) -> f64 {
        self.children - before.children
    }
}

/// Processor time that a process has used so far.
///
/// # Panics
/// Where it is gone.
pub fn cpu(pid: u32) -> Cpu {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
    let stat = stat.unwrap_or_else(|error| panic!("process {pid}: {error}"));
    // The name, in brackets, may hold anything; utime is the 12th field after it, then
    // stime, and both of the children.
    let (_, rest) = stat.rsplit_once(") ").expect("the name is in brackets");
    let times: Vec<f64> = rest
        .split(' ')
        .skip(11)
        .take(4)
        .map(|field| field.parse::<f64>().expect("a number") / TICKS_PER_SECOND)
        .collect();
    Cpu {
        all: times[0] + times[1],
        threads: threads(pid).iter().sum(),
        children: times[2] + times[3],
    }
}

/// Processor seconds of each of a process's threads.
pub fn threads(pid: u32) -> Vec<f64> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return Vec::new();
    };
    let seconds = |text: String| {
        let ns = text.split(' ').next()?.parse::<f64>().ok()?;
        Some(ns / 1e9)
    };
    threads
        .filter_map(|thread| {
            let path = thread.ok()?.path().join("schedstat");
            // One without a file ended this moment; its place in the count does not matter.
            seconds(fs::read_to_string(path).ok()?)
        })
        .collect()
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
