//! What `/proc` tells of processes.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{Instant, sleep};

/// A process as `/proc` shows it.
#[derive(Clone, Debug)]
pub struct Process {
    /// Its id.
    pub pid: u32,
    /// Its parent's id.
    pub parent: u32,
    /// Its command line, words separated by blanks; empty for a zombie.
    pub command: String,
    /// Its working directory, where it may be read.
    pub folder: Option<PathBuf>,
}

/// All processes of this machine.
pub fn all() -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let pids = entries.filter_map(|e| e.ok()?.file_name().to_str()?.parse().ok());
    pids.filter_map(process).collect()
}

fn process(pid: u32) -> Option<Process> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in brackets, may hold anything; state and parent follow it.
    let (_, rest) = stat.rsplit_once(") ")?;
    let parent = rest.split(' ').nth(1)?.parse().ok()?;
    let command = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    Some(Process {
        pid,
        parent,
        command: String::from_utf8_lossy(&command).replace('\0', " "),
        folder: fs::read_link(format!("/proc/{pid}/cwd")).ok(),
    })
}

/// A process's children and theirs.
pub fn below(pid: u32) -> Vec<Process> {
    let all = all();
    let mut found: Vec<Process> = Vec::new();
    let mut parents = vec![pid];
    while let Some(parent) = parents.pop() {
        let children = all.iter().filter(|p| p.parent == parent);
        for child in children {
            parents.push(child.pid);
            found.push(child.clone());
        }
    }
    found
}

/// What a process was started with: its command line and its environment, where they may be
/// read.
pub fn start_of(pid: u32) -> Vec<u8> {
    let read = |name: &str| fs::read(format!("/proc/{pid}/{name}")).unwrap_or_default();
    [read("cmdline"), read("environ")].join(&0)
}

/// Processes whose environment holds this text, whoever their parent is by now.
pub fn with_environment(text: &str) -> Vec<Process> {
    let holds = |process: &Process| {
        let environment = fs::read(format!("/proc/{}/environ", process.pid));
        environment.is_ok_and(|e| String::from_utf8_lossy(&e).contains(text))
    };
    all().into_iter().filter(holds).collect()
}

/// Sends a signal to a process that a test started.
pub fn signal(pid: u32, signal: Signal) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    if let Some(pid) = pid {
        // One that is gone already is what was wanted.
        let _ = kill_process(pid, signal);
    }
}

/// Whether a process is there and no zombie.
pub fn runs(pid: u32) -> bool {
    process(pid).is_some_and(|p| !p.command.is_empty())
}

/// Those of the processes that still run after a moment.
pub async fn left_of(processes: &[Process], patience: Duration) -> Vec<Process> {
    let deadline = Instant::now() + patience;
    loop {
        let left: Vec<_> = processes.iter().filter(|p| runs(p.pid)).cloned().collect();
        if left.is_empty() || Instant::now() > deadline {
            return left;
        }
        sleep(Duration::from_millis(50)).await;
    }
}
