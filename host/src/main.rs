//! The `padelvar` command.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    padelvar::install_crypto();
    padelvar::cli::run()
}
