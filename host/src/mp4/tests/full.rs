//! The final form on a disk that is full: a small file system in memory, where this user may
//! mount one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::disk::{is_full, reserve};
use crate::mp4::testing::{copied, judge, kinds, recording};
use crate::mp4::{Error, finalize};

/// A file system of its own; unmounted when dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn new() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=64m", "padelvar-test"]);
        let mounted = mount.arg(folder.path()).output().unwrap();
        if !mounted.status.success() {
            eprintln!("skipped: no file system can be mounted here");
            return None;
        }
        Some(Self(folder))
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("x.mp4.part")
    }

    /// Nothing more can be written.
    fn fill(&self) {
        let file = fs::File::create(self.0.path().join("filling")).unwrap();
        let mut at = 0;
        for step in [1 << 20, 1 << 16, 1 << 12] {
            while reserve(&file, at, at + step).is_ok() {
                at += step;
            }
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount")
            .arg("--lazy")
            .arg(self.0.path())
            .status();
    }
}

fn sum(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap()
}

#[test]
fn the_index_takes_the_place_of_the_last_pictures() {
    let Some(disk) = SmallDisk::new() else {
        return;
    };
    let path = disk.path();
    // Its index needs several pages of the disk, its seconds more than that.
    fs::write(&path, recording(&[(0, &copied("640x360", 1500))])).unwrap();
    disk.fill();
    let summary = finalize(&path, true, Some(60_000_000)).unwrap();
    assert!((1400..1500).contains(&summary.samples), "{summary:?}");
    assert!(summary.duration_seconds > 56.0, "{summary:?}");
    assert_eq!(kinds(&sum(&path)), ["ftyp", "mdat", "moov"]);
    judge(&path);
}

#[test]
fn room_that_was_taken_ahead_is_there() {
    let Some(disk) = SmallDisk::new() else {
        return;
    };
    let path = disk.path();
    let whole = recording(&[(0, &copied("640x360", 1500))]);
    fs::write(&path, &whole).unwrap();
    let file = fs::File::options().write(true).open(&path).unwrap();
    let until = whole.len() as u64 + (64 << 10);
    reserve(&file, whole.len() as u64, until).unwrap();
    disk.fill();
    let summary = finalize(&path, true, Some(60_000_000)).unwrap();
    assert_eq!(summary.samples, 1500);
    judge(&path);
    // What is left of it is everybody's again.
    fs::write(disk.0.path().join("other"), vec![1; 8 << 10]).unwrap();
}

#[test]
fn what_cannot_be_finished_is_left_for_later() {
    let Some(disk) = SmallDisk::new() else {
        return;
    };
    let path = disk.path();
    // Many pictures of a few bytes: the index would take most of them.
    let whole = recording(&[(0, &copied("16x16", 8000))]);
    fs::write(&path, &whole).unwrap();
    disk.fill();
    match finalize(&path, true, None) {
        Err(Error::Io { source, .. }) => assert!(is_full(&source), "{source}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(sum(&path), whole);
    fs::remove_file(disk.0.path().join("filling")).unwrap();
    assert_eq!(finalize(&path, true, None).unwrap().samples, 8000);
    judge(&path);
}
