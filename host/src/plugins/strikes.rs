//! How often a version of a plugin failed lately. Pure.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// So many failures within [`WITHIN`], and a version is put aside.
const MOST: usize = 5;
/// See [`MOST`].
pub const WITHIN: Duration = Duration::from_mins(1);

/// When a version failed.
#[derive(Debug, Default)]
pub struct Strikes(VecDeque<Instant>);

impl Strikes {
    /// What it means that [`count`](Self::count) said yes.
    pub const SAID: &str = "it failed 5 times within a minute";

    /// Counts a failure at `now`. Whether that is one too many.
    pub fn count(&mut self, now: Instant) -> bool {
        self.0.push_back(now);
        while let Some(first) = self.0.front()
            && now.saturating_duration_since(*first) > WITHIN
        {
            self.0.pop_front();
        }
        self.0.len() >= MOST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_within_a_minute() {
        let mut strikes = Strikes::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        for seconds in [0, 20, 40, 59] {
            assert!(!strikes.count(at(seconds)));
        }
        assert!(!strikes.count(at(61)), "the first is forgotten");
        assert!(strikes.count(at(62)));
        assert!(!strikes.count(at(200)));
        assert!(Strikes::SAID.contains(&MOST.to_string()));
    }
}
