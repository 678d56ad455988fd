//! Whole recordings through FFmpeg, host form, final form and ffprobe.

mod broken;
mod facts;
mod finish;
mod full;
mod parts;
mod reopening;
mod splitting;

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

/// A file in a folder of its own.
fn file(bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recording.mp4.part");
    fs::write(&path, bytes).unwrap();
    (folder, path)
}

/// Random numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) as usize % end
    }
}
