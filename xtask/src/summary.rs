//! A table of what was run and how it ended.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::Result;

/// How a step ended.
enum Ending {
    Passed,
    Failed,
    /// It could not be made here, for a reason that is not the code's.
    Skipped(String),
}

/// The steps so far.
#[derive(Default)]
pub struct Summary {
    steps: Vec<(String, Ending, Duration)>,
}

impl Summary {
    /// Does a step and notes how it ended. A failure does not end the run: all that
    /// is wrong shall come out at once.
    pub fn step(&mut self, name: &str, work: impl FnOnce() -> Result<()>) {
        let start = Instant::now();
        let ending = match work() {
            Ok(()) => Ending::Passed,
            Err(error) => {
                eprintln!("error: {error:#}");
                Ending::Failed
            }
        };
        self.steps.push((name.to_owned(), ending, start.elapsed()));
    }

    /// Notes a step that was not made.
    pub fn skip(&mut self, name: &str, reason: impl Into<String>) {
        let reason = reason.into();
        eprintln!("warning: {name}: {reason}");
        self.steps
            .push((name.to_owned(), Ending::Skipped(reason), Duration::ZERO));
    }

    /// Whether no step failed.
    pub fn passed(&self) -> bool {
        !self
            .steps
            .iter()
            .any(|(_, ending, _)| matches!(ending, Ending::Failed))
    }

    /// The table.
    pub fn table(&self) -> String {
        let width = self
            .steps
            .iter()
            .map(|(name, ..)| name.len())
            .max()
            .unwrap_or(0);
        let mut table = String::new();
        for (name, ending, took) in &self.steps {
            let seconds = took.as_secs_f64();
            let ending = match ending {
                Ending::Passed => "passed".to_owned(),
                Ending::Failed => "FAILED".to_owned(),
                Ending::Skipped(reason) => format!("skipped: {reason}"),
            };
            // Writing to a string cannot fail.
            let _ = writeln!(table, "  {name:width$}  {seconds:7.1} s  {ending}");
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failure_fails_all_and_stops_nothing() {
        let mut summary = Summary::default();
        summary.step("a", || Ok(()));
        assert!(summary.passed());
        summary.skip("advisories", "no network");
        assert!(summary.passed());
        summary.step("b", || anyhow::bail!("broken"));
        summary.step("c", || Ok(()));
        assert!(!summary.passed());
        let table = summary.table();
        let endings: Vec<&str> = table
            .lines()
            .map(|line| line.rsplit("s  ").next().unwrap_or(""))
            .collect();
        assert_eq!(
            endings,
            ["passed", "skipped: no network", "FAILED", "passed"]
        );
    }
}
