//! The commands. Data goes to stdout, all else to stderr.

mod camera;
mod check;
mod demo;
mod host;
mod import;
mod in_force;
mod init;
mod notify;
mod plugin;
mod policy;
mod pulse;
mod serve;
mod store;
mod token;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::plugins::{COMPILE_COMMAND, Kind, compile_for_host};

/// Records padel courts: one match, one MP4.
#[derive(Parser)]
#[command(name = "padelvar", version, about, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write a commented padelvar.toml.
    Init {
        /// Where to.
        #[arg(long, default_value = "padelvar.toml", value_name = "FILE")]
        config: PathBuf,
    },
    /// Run the host.
    Serve {
        #[command(flatten)]
        config: ConfigArgument,
    },
    /// Record two simulated cameras through the REST API: no hardware, no configuration.
    Demo(demo::DemoArguments),
    /// Check the configuration, FFmpeg, folders and plugins.
    Check {
        #[command(flatten)]
        config: ConfigArgument,
        /// Print the result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print a token signed with the configured secret.
    Token(token::TokenArguments),
    /// Find cameras, look at what they send, add them to the configuration.
    Camera {
        #[command(subcommand)]
        command: camera::CameraCommand,
    },
    /// Print the terrains that another program's cameras come to.
    Import {
        #[command(subcommand)]
        command: import::ImportCommand,
    },
    /// Look at plugins.
    Plugin {
        #[command(subcommand)]
        command: plugin::PluginCommand,
    },
    /// Try policies before they are in force.
    Policy {
        #[command(subcommand)]
        command: policy::PolicyCommand,
    },
    /// Compile a component from stdin: what a host runs itself for.
    #[command(name = COMPILE_COMMAND, hide = true)]
    CompilePlugin {
        /// What it is to be.
        #[arg(value_parser = kind)]
        kind: Kind,
    },
}

fn kind(text: &str) -> Result<Kind, String> {
    let mut kinds = [Kind::Adapter, Kind::Policy].into_iter();
    let found = kinds.find(|kind| kind.name() == text);
    found.ok_or_else(|| "no kind of plugin".to_owned())
}

/// Which configuration.
#[derive(clap::Args)]
struct ConfigArgument {
    /// The configuration file.
    #[arg(long, default_value = "padelvar.toml", value_name = "FILE")]
    config: PathBuf,
}

/// Runs the command that the process was started with.
pub fn run() -> ExitCode {
    // Wrong usage ends here, with exit code 2.
    let arguments = Arguments::parse();
    let result = match arguments.command {
        Command::Init { config } => init::run(&config),
        Command::Serve { config } => serve::run(&config.config),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Check { config, json } => check::run(&config.config, json),
        Command::Token(arguments) => token::run(&arguments),
        Command::Camera { command } => camera::run(&command),
        Command::Import { command } => import::run(&command),
        Command::Plugin { command } => plugin::run(&command),
        Command::Policy { command } => policy::run(&command),
        Command::CompilePlugin { kind } => return compile_for_host(kind),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
