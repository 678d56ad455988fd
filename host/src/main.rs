//! The `padelvar` command.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    padelvar::memory::settle();
    padelvar::install_crypto();
    padelvar::cli::run()
}
