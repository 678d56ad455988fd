//! A small file system in memory, for tests of disks that fill up. Needs root.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A file system of its own at a folder. Dropping it unmounts it.
#[derive(Debug)]
pub struct SmallDisk {
    folder: PathBuf,
}

/// What fills it.
const FILLING: &str = "filling";

impl SmallDisk {
    /// Mounts one of so many KB. None, with a printed reason, where this user may not.
    pub fn mount(folder: &Path, kb: u64) -> Option<Self> {
        std::fs::create_dir_all(folder).expect("a folder can be made");
        let size = format!("size={kb}k,mode=0755");
        let output = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "padelvar-test"])
            .arg(folder)
            .output()
            .expect("mount can be run");
        if !output.status.success() {
            let reason = String::from_utf8_lossy(&output.stderr);
            eprintln!(
                "skipped: no file system can be mounted here: {}",
                reason.trim()
            );
            return None;
        }
        let folder = folder.to_owned();
        Some(Self { folder })
    }

    /// Takes all of its space but for so many KB.
    pub fn fill(&self, leaving_kb: u64) {
        let left = self.free_bytes().saturating_sub(leaving_kb << 10);
        let path = self.folder.join(FILLING);
        let have = std::fs::metadata(&path).map_or(0, |found| found.len());
        run(Command::new("fallocate")
            .args(["-l", &(have + left).to_string()])
            .arg(path));
    }

    /// Gives it back.
    pub fn free(&self) {
        std::fs::remove_file(self.folder.join(FILLING)).expect("it is there");
    }

    /// Free bytes.
    pub fn free_bytes(&self) -> u64 {
        let output = Command::new("stat")
            .args(["-f", "-c", "%a %S"])
            .arg(&self.folder)
            .output()
            .expect("stat can be run");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let numbers: Vec<u64> = text
            .split_whitespace()
            .filter_map(|n| n.parse().ok())
            .collect();
        assert_eq!(numbers.len(), 2, "{text}");
        numbers[0] * numbers[1]
    }

    /// Mounts it anew with these options, `ro` or `rw`.
    pub fn remount(&self, options: &str) {
        let options = format!("remount,{options}");
        run(Command::new("mount")
            .args(["-o", &options])
            .arg(&self.folder));
    }

    /// Takes it away, as when a cable is pulled: files that are open stay open.
    pub fn detach(self) {
        drop(self);
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        run(Command::new("umount").arg("--lazy").arg(&self.folder));
    }
}

#[track_caller]
fn run(command: &mut Command) {
    let output = command.output().expect("it can be run");
    let complaint = String::from_utf8_lossy(&output.stderr);
    // While a test fails already, nothing may hide why.
    assert!(
        output.status.success() || std::thread::panicking(),
        "{command:?}: {complaint}"
    );
}
