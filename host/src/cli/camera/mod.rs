//! `padelvar camera …`

mod add;
mod discover;
mod probe;

use anyhow::Result;
use clap::Subcommand;

/// What can be done with cameras.
#[derive(Subcommand)]
pub enum CameraCommand {
    /// Find cameras that speak ONVIF on a network.
    Discover(discover::DiscoverArguments),
    /// Tell what a camera sends, and what to change in its settings.
    ///
    /// Exit code 0: pictures come; 1: none do, or something failed.
    Probe(probe::ProbeArguments),
    /// Write a camera into the configuration as a terrain; its comments stay.
    Add(add::AddArguments),
}

/// Runs a camera command.
pub fn run(command: &CameraCommand) -> Result<()> {
    match command {
        CameraCommand::Discover(arguments) => discover::run(arguments),
        CameraCommand::Probe(arguments) => probe::run(arguments),
        CameraCommand::Add(arguments) => add::run(arguments),
    }
}
