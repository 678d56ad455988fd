//! Ends of FFmpeg's processes.

use std::process::ExitStatus;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

use super::{Fixed, metrics};

const PURPOSES: [&str; 3] = ["recorder", "preview", "snapshot"];
const STOPPED: &str = "stopped";
const OUTCOMES: [&str; 4] = ["success", "failure", "signal", STOPPED];

/// A process that runs. Its end is counted once: as what [`exited`](Self::exited) was told, or
/// as stopped by the host when it is dropped without that.
#[derive(Debug)]
pub struct FfmpegRun {
    purpose: &'static str,
    outcome: &'static str,
}

impl FfmpegRun {
    /// For `recorder`, `preview` or `snapshot`.
    pub fn of(purpose: &'static str) -> Self {
        Self {
            purpose,
            outcome: STOPPED,
        }
    }

    /// It ended by itself, or the host had to end it before its work was done.
    pub fn exited(&mut self, status: ExitStatus) {
        self.outcome = match status.code() {
            Some(0) => "success",
            Some(_) => "failure",
            None => "signal",
        };
    }
}

impl Drop for FfmpegRun {
    fn drop(&mut self) {
        let exits = &metrics().ffmpeg_exits;
        exits
            .get_or_create(&labels(self.purpose, self.outcome))
            .inc();
    }
}

fn labels(purpose: &'static str, outcome: &'static str) -> Fixed<2> {
    [("purpose", purpose), ("outcome", outcome)]
}

pub(super) fn begin_at_zero(exits: &Family<Fixed<2>, Counter>) {
    for purpose in PURPOSES {
        for outcome in OUTCOMES {
            let _ = exits.get_or_create(&labels(purpose, outcome));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn every_end_is_counted_once() {
        let exits = &metrics().ffmpeg_exits;
        // A purpose of this test's own: the counters are the process's.
        let count = |outcome| exits.get_or_create(&labels("test", outcome)).get();
        for (status, outcome) in [(0, "success"), (3 << 8, "failure"), (9, "signal")] {
            FfmpegRun::of("test").exited(ExitStatus::from_raw(status));
            assert_eq!(count(outcome), 1, "{outcome}");
        }
        drop(FfmpegRun::of("test"));
        assert_eq!(count("stopped"), 1);
    }
}
