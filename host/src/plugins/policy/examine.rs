//! A policy at a desk: one instance that is asked, and what each question cost.

use std::time::{Duration, Instant};

use super::super::loader::on_own_thread;
use super::super::trap::Trap;
use super::answer::tidy;
use super::instance::Instance;
use super::limits::{QUESTION_FUEL, QUESTION_WALL};
use super::plugin::PolicyPlugin;
use super::types::{Decision, Description, Finding, Request, Settings};

/// One instance with settings.
pub struct Examined(Instance);

/// What a question cost, as shares of what it may: 1.0 is the limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cost {
    /// Of the computing.
    pub fuel: f64,
    /// Of the time on the clock.
    pub wall: f64,
}

impl Examined {
    /// A fresh instance. The error continues "it …".
    pub fn new(plugin: &PolicyPlugin, settings: &Settings) -> Result<Self, Trap> {
        on_own_thread(|| plugin.configured(settings)).map(Self)
    }

    /// Asks one question. After an error the instance is dead.
    pub fn ask(&mut self, request: &Request) -> (Result<Decision, Trap>, Cost) {
        let begun = Instant::now();
        let answer = self.0.decide(request, begun + QUESTION_WALL);
        let used = QUESTION_FUEL.saturating_sub(self.0.fuel());
        let share = |took: Duration| took.as_secs_f64() / QUESTION_WALL.as_secs_f64();
        let cost = Cost {
            fuel: used as f64 / QUESTION_FUEL as f64,
            wall: share(begun.elapsed()),
        };
        (answer, cost)
    }
}

impl PolicyPlugin {
    /// What a fresh instance says of itself. The error continues "it …".
    pub fn describe_anew(&self) -> Result<Description, Trap> {
        on_own_thread(|| self.instance()?.describe())
    }

    /// What a fresh instance finds wrong with settings; unlike [`validate`](Self::validate) it
    /// tells a failure of the policy from a finding.
    pub fn findings(&self, settings: &Settings) -> Result<Vec<Finding>, Trap> {
        on_own_thread(|| self.instance()?.validate(settings)).map(tidy)
    }
}
