//! What compiling a plugin's file may use. Each number says which attack it stops. What honest
//! files take, with `padelvar plugin inspect` of an optimised host on two processors: an adapter of
//! 0.26 MB 0.6 s of processor time and 29 MiB, `cedar` (4.3 MB) 11 s and 140 MiB, a policy in
//! Python (18 MB) 27 s and 377 MiB, one in JavaScript (12 MB) 30 s and 427 MiB.

use std::time::Duration;

/// An unoptimised host has so much more time: `cedar` takes 23 s of processor time in it, twice as
/// much, and tests run side by side.
const SLOWNESS: u64 = if cfg!(debug_assertions) { 6 } else { 1 };

/// Memory that the compiling process may write to, bytes: stops small files that grow without
/// end when they are compiled.
pub const MEMORY_BYTES: u64 = 2 << 30;
/// Processor time of the compiling process, seconds: stops files that take for ever.
pub const CPU_SECONDS: u64 = 60 * SLOWNESS;
/// Time on the clock for the same: stops a process that waits, and one that a busy machine
/// never lets run.
pub const WALL: Duration = Duration::from_secs(300 * SLOWNESS);
/// Time on the clock for all files together that a host finds when it starts: stops files that
/// hold up the cameras of the others. What was not finished is compiled when the host runs.
pub const START: Duration = Duration::from_secs(30 * SLOWNESS);
/// Threads that compile: the cameras and their recordings need the rest of the machine.
pub const THREADS: &str = "2";
/// How far the compiling process stands back behind the host, as `nice` counts: as far as FFmpeg's
/// children, since one that stands back further never ends beside encoders that keep a machine busy.
pub const CHILD_NICENESS: i32 = 5;
/// Files that the compiling process may have open: stdin, stdout, stderr, and what libraries
/// look at.
pub const OPEN_FILES: u64 = 16;
/// Compiled code, bytes: stops a component that fills the host's memory and the cache's disk
/// by being accepted. Code is two to four times as long as its component.
pub const CODE_BYTES: u64 = 256 << 20;
/// What is kept of the compiling process's stderr, bytes.
pub const SAID_BYTES: u64 = 4 << 10;
/// Files in the cache: stops many small plugins, one after the other, from filling a folder.
pub const CACHE_FILES: usize = 128;
/// The cache's files together, bytes: stops large ones from filling the disk.
pub const CACHE_BYTES: u64 = 1 << 30;
