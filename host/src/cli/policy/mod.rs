//! `padelvar policy …`

mod diff;
pub(in crate::cli) mod source;
mod test;

use anyhow::Result;
use clap::Subcommand;

/// What can be done with policies.
#[derive(Subcommand)]
pub enum PolicyCommand {
    /// Hold a policy to a table of expectations.
    ///
    /// Prints a line for each expectation that it does not meet. Exit code 0: it meets all; 1: it
    /// does not, or something failed.
    Test(test::TestArguments),
    /// Tell what another policy would change: the cells of role, action and ownership whose
    /// answer is another one.
    ///
    /// Prints a line for each. Exit code 0: nothing changes; 1: something does, or something
    /// failed.
    Diff(diff::DiffArguments),
}

/// Runs a policy command.
pub fn run(command: &PolicyCommand) -> Result<()> {
    match command {
        PolicyCommand::Test(arguments) => test::run(arguments),
        PolicyCommand::Diff(arguments) => diff::run(arguments),
    }
}
