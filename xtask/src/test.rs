//! `cargo xtask test`.

use std::env::consts::EXE_SUFFIX;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::thread;

use anyhow::{Context as _, Result, ensure};

use crate::command::{self, cargo, root};
use crate::summary::Summary;
use crate::{chaos, deny, setup};

/// The guests are a workspace of their own.
const PLUGINS: [&str; 2] = ["--manifest-path", "plugins/Cargo.toml"];
/// So are the guests that misbehave; they exist as components only.
const BAD_GUESTS: [&str; 2] = ["--manifest-path", "tests/guests/Cargo.toml"];
/// And each example, as its reader would copy it. Their own tests are run by the end-to-end ones.
const EXAMPLES: [&str; 3] = ["adapter-hello", "adapter-vendor", "policy-opening-hours"];
const AS_COMPONENTS: [&str; 4] = ["--release", "--locked", "--target", "wasm32-wasip2"];
/// Tests at once, a processor core: most wait for their cameras' time more than they compute.
const TESTS_A_CORE: usize = 2;
const DENY_WARNINGS: [&str; 3] = ["--", "-D", "warnings"];

/// Sets up, makes every check and runs every test, the quick ones first, and tells
/// how each ended.
pub fn run() -> Result<ExitCode> {
    setup::for_test()?;
    let mut summary = Summary::default();
    step(&mut summary, "fmt", &[&["fmt", "--all", "--check"]]);
    step(
        &mut summary,
        "fmt plugins",
        &[&["fmt", "--all", "--check"], &PLUGINS],
    );
    step(
        &mut summary,
        "fmt bad guests",
        &[&["fmt", "--all", "--check"], &BAD_GUESTS],
    );
    step(
        &mut summary,
        "clippy bad guests",
        &[&["clippy"], &BAD_GUESTS, &AS_COMPONENTS, &DENY_WARNINGS],
    );
    for example in EXAMPLES {
        let manifest = format!("examples/{example}/Cargo.toml");
        let manifest = ["--manifest-path", &manifest];
        step(
            &mut summary,
            &format!("fmt {example}"),
            &[&["fmt", "--check"], &manifest],
        );
        step(
            &mut summary,
            &format!("clippy {example}"),
            &[
                &["clippy", "--locked", "--all-targets"],
                &manifest,
                &DENY_WARNINGS,
            ],
        );
    }
    summary.step("clippy plugins", || clippy_as_built(&PLUGINS));
    step(
        &mut summary,
        "test plugins",
        &[&["test"], &PLUGINS, &["--workspace"]],
    );
    summary.step("clippy", || clippy_as_built(&[]));
    deny::check(&mut summary);
    // The end-to-end tests start the programs; `cargo test` alone does not build them. With the
    // tests, whose dependencies ask others for more: built apart, many crates are built twice.
    step(
        &mut summary,
        "build",
        &[&["build", "--workspace", "--bins", "--tests"]],
    );
    summary.step("test", || {
        // All of them, so that one failure does not hide the next crate's.
        let mut test = cargo(["test", "--workspace", "--no-fail-fast"]);
        let threads = thread::available_parallelism().map_or(1, usize::from) * TESTS_A_CORE;
        command::run(test.env("RUST_TEST_THREADS", threads.to_string()))
    });
    summary.step("chaos", chaos::minute);
    eprintln!("\n{}", summary.table());
    Ok(if summary.passed() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Clippy over all of a workspace, as a build. `cargo clippy` alone is a check, and what it has
/// checked of the packages that the workspace depends on serves no build after it: with a cold
/// target folder that is most of its time. The programs are linted on their way, and built again
/// by the compiler itself before anything runs.
fn clippy_as_built(workspace: &[&str]) -> Result<()> {
    let mut build = cargo(["build", "--workspace", "--all-targets"]);
    build
        .args(workspace)
        .env("RUSTC_WORKSPACE_WRAPPER", clippy_driver()?)
        // How `cargo clippy` hands on what stands behind its `--`.
        .env(
            "CLIPPY_ARGS",
            "-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__",
        );
    command::run(&mut build)
}

/// The compiler with clippy's lints, where the compiler is.
fn clippy_driver() -> Result<PathBuf> {
    let mut rustc = Command::new("rustc");
    rustc.args(["--print", "sysroot"]).current_dir(root());
    let sysroot = command::output(&mut rustc).context("`rustc --print sysroot` failed")?;
    let file = format!("clippy-driver{EXE_SUFFIX}");
    let driver = PathBuf::from(sysroot).join("bin").join(file);
    ensure!(
        driver.is_file(),
        "{} is missing\n  hint: rustup component add clippy",
        driver.display()
    );
    Ok(driver)
}

fn step(summary: &mut Summary, name: &str, words: &[&[&str]]) {
    summary.step(name, || command::run(&mut cargo(words.concat())));
}
