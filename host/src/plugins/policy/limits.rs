//! What a policy may use beside what every guest may. Each number says which attack it stops.

use std::time::Duration;

/// Units of fuel for one question, about one an instruction: stops loops after about 10 ms of
/// work. Measured: 5 units a nanosecond for rules of `cedar` (0.7 million, 0.13 ms, a
/// question), 4 to 8 for a tight loop (the test `fuel_is_about_ten_milliseconds`).
pub const QUESTION_FUEL: u64 = 50_000_000;
/// Time on the clock for one question, waiting for an instance included: stops what no fuel
/// is counted for, and holds on a busy machine.
pub const QUESTION_WALL: Duration = Duration::from_millis(250);
/// Units of fuel for making an instance and introducing, validating or configuring it: about
/// a second of work.
pub const SETUP_FUEL: u64 = 100 * QUESTION_FUEL;
/// Time on the clock for the same.
pub const SETUP_WALL: Duration = Duration::from_secs(5);
/// Bytes that the host allocates for one answer: stops giant lists and texts.
pub const ANSWER_BYTES: usize = 256 << 10;
/// What may be printed in one call, bytes: stops a policy that only prints, since fuel does
/// not count the host's own work.
pub const PRINT_BYTES: usize = 256 << 10;
/// What one act of printing costs beside its bytes, in bytes: stops printing letter by letter.
pub const PRINT_COST: usize = 64;
/// Questions after which an instance is replaced, as soon as another is ready: stops leaks, and
/// a policy that remembers.
pub const QUESTIONS: u32 = 1000;
/// Findings about settings that are kept: stops a flood of them.
pub const FINDINGS: usize = 100;
/// Characters of a code, of an obligation's name and of its value.
pub const WORD_CHARS: usize = 64;
/// Characters of a reason that are shown.
pub const REASON_CHARS: usize = 200;
/// Obligations in one answer.
pub const OBLIGATIONS: usize = 8;

/// What a question says that ran out of [`QUESTION_WALL`].
pub const LATE: &str = "took too long on the clock";
/// What a question says that found no instance free within [`QUESTION_WALL`].
pub const BUSY: &str = "is busy: none of its instances was free in time";

/// Whether it was the machine that was slow: what a policy computes is counted in fuel, and it
/// has nothing that it could wait for.
pub fn is_hurried(trap: &str) -> bool {
    trap.contains(LATE) || trap.contains(BUSY)
}
