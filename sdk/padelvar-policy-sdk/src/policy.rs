//! What an author writes, and the instance around it.

use crate::{Decision, Finding, Request, Settings};

/// A permission policy.
pub trait Policy: Sized + 'static {
    /// Reads the settings; an error is everything that is wrong with them. What takes
    /// time belongs here and not into [`decide`](Self::decide): an instance is
    /// configured once for about a thousand questions.
    fn configure(settings: &Settings) -> Result<Self, Vec<Finding>>;

    /// Everything that is wrong with these settings. Where a check costs more than
    /// every new instance should pay, it stands here: the host configures only with
    /// settings that were found good.
    fn validate(settings: &Settings) -> Vec<Finding> {
        Self::configure(settings).err().unwrap_or_default()
    }

    /// Answers a question. The same question must have the same answer. Roles,
    /// actions and kinds of resources are open sets: deny what you do not know.
    fn decide(&self, request: &Request) -> Decision;
}

/// One instance as the host sees it: configured once, then asked.
#[derive(Debug)]
pub struct Instance<P>(Option<P>);

impl<P: Policy> Instance<P> {
    /// An instance without settings; it denies.
    pub const fn new() -> Self {
        Self(None)
    }

    /// Takes the settings. An error names everything that is wrong, and leaves the
    /// instance without settings.
    pub fn configure(&mut self, settings: &Settings) -> Result<(), String> {
        self.0 = None;
        match P::configure(settings) {
            Ok(policy) => {
                self.0 = Some(policy);
                Ok(())
            }
            Err(findings) => {
                let lines: Vec<String> = findings.iter().map(Finding::to_string).collect();
                Err(lines.join("; "))
            }
        }
    }

    /// Answers a question; before the settings the answer is no.
    pub fn decide(&self, request: &Request) -> Decision {
        match &self.0 {
            Some(policy) => policy.decide(request),
            None => Decision::deny("not_configured", "the policy has no settings yet"),
        }
    }
}

impl<P: Policy> Default for Instance<P> {
    fn default() -> Self {
        Self::new()
    }
}
