//! Pages that show a stream by asking for snapshots again and again. Pure: the caller brings
//! the time.

use std::time::Duration;

use tokio::time::Instant;

/// So many questions within [`WITHIN`] are somebody who watches.
const QUESTIONS: usize = 3;
const WITHIN: Duration = Duration::from_secs(2);

/// When a session's snapshots were asked for.
#[derive(Debug, Default)]
pub struct Polls {
    /// The last ones, oldest first.
    recent: [Option<Instant>; QUESTIONS],
}

impl Polls {
    /// Notes a question; whether somebody watches in this way.
    pub fn asked(&mut self, now: Instant) -> bool {
        self.recent.rotate_left(1);
        self.recent[QUESTIONS - 1] = Some(now);
        self.recent[0].is_some_and(|first| now.duration_since(first) <= WITHIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_within_two_seconds() {
        let mut polls = Polls::default();
        let begun = Instant::now();
        let seconds = [0.0, 1.9, 2.1, 3.8, 9.0, 10.5, 11.1, 11.3];
        let said = seconds.map(|at| polls.asked(begun + Duration::from_secs_f64(at)));
        assert_eq!(said, [false, false, false, true, false, false, false, true]);
    }
}
