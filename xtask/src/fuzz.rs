//! `cargo xtask fuzz`: the fuzz targets of the adapters, for as long as one likes.
//!
//! A target is a test that calls `bolero::check!`. They are run natively by bolero's random
//! engine, since those that are guided by coverage need a nightly compiler. So a target makes
//! conversations that are mostly right, and chance spoils them.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use crate::command::{self, cargo, root};

/// What can be named: a package, and the folder and the manifest that it is in. The SDK goes
/// with the adapters, which are built upon it.
const PACKAGES: [(&str, &str, &str); 5] = [
    ("rtsp", "plugins/rtsp", "plugins/Cargo.toml"),
    ("http-video", "plugins/http-video", "plugins/Cargo.toml"),
    ("mjpeg", "plugins/mjpeg", "plugins/Cargo.toml"),
    ("snapshot", "plugins/snapshot", "plugins/Cargo.toml"),
    ("padelvar-sdk", "sdk/padelvar-sdk", "Cargo.toml"),
];

/// Quick code that still sees overflows and broken assumptions.
const PROFILE: [&str; 5] = [
    "profile.fuzz.inherits=\"dev\"",
    "profile.fuzz.opt-level=3",
    "profile.fuzz.debug=\"line-tables-only\"",
    "profile.fuzz.debug-assertions=true",
    "profile.fuzz.overflow-checks=true",
];

/// A whole conversation has more states than a function: it gets so many times the time of one.
const CONVERSATION: u32 = 4;

/// A target that goes on for so long after its time hangs. An input is done in milliseconds, but
/// on a busy machine it may take minutes until a failure was made small.
const HANGS: Duration = Duration::from_mins(5);

/// A test program of a package.
struct Program {
    path: PathBuf,
    /// In `tests/`: its targets are conversations.
    is_conversation: bool,
}

/// One target and how it went.
struct Row {
    package: &'static str,
    target: String,
    runs: u64,
    took: Duration,
    passed: bool,
}

/// Runs the targets of the named packages, or of all, for `minutes` each.
pub fn run(names: &[String], minutes: u64) -> Result<ExitCode> {
    for name in names {
        ensure!(
            PACKAGES.iter().any(|(known, ..)| known == name),
            "there is no adapter {name:?}; there are {}",
            PACKAGES.map(|(known, ..)| known).join(", ")
        );
    }
    let mut rows = Vec::new();
    for (package, folder, manifest) in PACKAGES {
        if names.is_empty() || names.iter().any(|name| name == package) {
            let time = Duration::from_mins(minutes);
            fuzz(package, folder, manifest, time, &mut rows)
                .with_context(|| format!("cannot fuzz {package}"))?;
        }
    }
    println!("{}", table(&rows));
    Ok(if rows.iter().all(|row| row.passed) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn fuzz(
    package: &'static str,
    folder: &str,
    manifest: &str,
    time: Duration,
    rows: &mut Vec<Row>,
) -> Result<()> {
    let folder = root().join(folder);
    let mut targets = Vec::new();
    for program in build(&folder, manifest)? {
        let found = find(&folder, &program)?;
        let weight = if program.is_conversation {
            CONVERSATION
        } else {
            1
        };
        targets.extend(
            found
                .into_iter()
                .map(|name| (program.path.clone(), weight, name)),
        );
    }
    let weights = targets.iter().map(|(_, weight, _)| weight).sum::<u32>();
    for (program, weight, target) in targets {
        let share = time * weight / weights;
        eprintln!("{package} {target}: {} s", share.as_secs());
        let mut test = test(&program, &folder);
        test.args(["--exact", &target])
            .env("BOLERO_RANDOM_ITERATIONS", u64::MAX.to_string())
            .env("BOLERO_RANDOM_TEST_TIME_MS", share.as_millis().to_string());
        let start = Instant::now();
        let (passed, told) = listen(&mut test, share + HANGS)?;
        let took = start.elapsed();
        let runs = reports(&told).map(|(_, runs)| runs).next();
        if !passed {
            eprintln!("{told}");
        }
        rows.push(Row {
            package,
            target,
            runs: runs.unwrap_or(0),
            took,
            passed: passed && runs.is_some(),
        });
    }
    Ok(())
}

/// Builds a package's test programs.
fn build(folder: &Path, manifest: &str) -> Result<Vec<Program>> {
    let name = fs::read_to_string(folder.join("Cargo.toml"))?
        .lines()
        .find_map(|line| {
            line.strip_prefix("name = ")
                .map(|name| name.replace('"', ""))
        })
        .context("the package has no name")?;
    let mut build = cargo(["test", "--no-run", "--profile", "fuzz", "--lib", "--tests"]);
    build.args(["--manifest-path", manifest, "--package", &name]);
    for setting in PROFILE {
        build.args(["--config", setting]);
    }
    eprintln!("\n$ {}", command::line(&build));
    let output = build.stdin(Stdio::null()).output()?;
    let told = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        bail!("it does not compile:\n{told}");
    }
    let programs: Vec<Program> = told.lines().filter_map(program).collect();
    ensure!(!programs.is_empty(), "there are no tests:\n{told}");
    Ok(programs)
}

/// The program of a line like `Executable tests/x.rs (target/…/x-123)`.
fn program(line: &str) -> Option<Program> {
    let rest = line.trim().strip_prefix("Executable ")?;
    let (source, path) = rest.strip_suffix(')')?.split_once(" (")?;
    Some(Program {
        // Relative to where cargo ran.
        path: root().join(path),
        is_conversation: !source.starts_with("unittests"),
    })
}

/// The targets of a program: its tests that report as such.
fn find(folder: &Path, program: &Program) -> Result<Vec<String>> {
    let mut test = test(&program.path, folder);
    test.env("BOLERO_RANDOM_ITERATIONS", "1");
    let (passed, told) = listen(&mut test, Duration::from_mins(10))?;
    ensure!(passed, "its tests fail:\n{told}");
    Ok(reports(&told).map(|(name, _)| name.to_owned()).collect())
}

fn test(program: &Path, folder: &Path) -> Command {
    let mut test = Command::new(program);
    test.args(["--nocapture", "--test-threads", "1"])
        .current_dir(folder)
        .env("RUST_BACKTRACE", "1");
    test
}

/// Runs a command; whether it succeeded within the time, and what it said on stderr.
fn listen(command: &mut Command, limit: Duration) -> Result<(bool, String)> {
    let line = command::line(command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run `{line}`"))?;
    let mut stderr = child.stderr.take().context("stderr is piped")?;
    let listener = thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was said before the pipe broke is what there is.
        let _ = stderr.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    });
    let start = Instant::now();
    let mut hangs = false;
    let passed = loop {
        if let Some(status) = child.try_wait()? {
            break status.success();
        }
        if start.elapsed() > limit && !hangs {
            child.kill()?;
            hangs = true;
        }
        thread::sleep(Duration::from_millis(50));
    };
    let mut told = listener.join().unwrap_or_default();
    if hangs {
        told.push_str("\nIt hangs, and was ended.");
    }
    Ok((passed && !hangs, told))
}

/// Names and numbers of runs in what bolero says at a target's end: `test NAME ...<tab>run time: …`.
fn reports(told: &str) -> impl Iterator<Item = (&str, u64)> {
    told.lines().filter_map(|line| {
        // Progress is shown by dots, which may stand before it.
        let (_, report) = line.split_once("test ")?;
        let (name, rest) = report.split_once(" ...\trun time: ")?;
        let runs = rest.split(" | ").filter_map(|item| {
            let (what, count) = item.split_once(": ")?;
            what.ends_with(" inputs")
                .then(|| count.parse::<u64>().ok())?
        });
        Some((name, runs.sum()))
    })
}

fn table(rows: &[Row]) -> String {
    let longest = |name: fn(&Row) -> &str| rows.iter().map(|row| name(row).len()).max();
    let packages = longest(|row| row.package).unwrap_or(0).max(7);
    let targets = longest(|row| &row.target).unwrap_or(0).max(6);
    let mut lines = vec![format!(
        "{:packages$}  {:targets$}  {:>12}  {:>9}  result",
        "adapter", "target", "runs", "runs/s"
    )];
    lines.extend(rows.iter().map(|row| {
        format!(
            "{:packages$}  {:targets$}  {:>12}  {:>9.0}  {}",
            row.package,
            row.target,
            row.runs,
            row.runs as f64 / row.took.as_secs_f64(),
            if row.passed { "passed" } else { "FAILED" }
        )
    }));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_bolero_says() {
        let told = "..test a::b ...\trun time: 1.5s | iterations/s: 20 | corpus inputs: 3 | \
                    rng inputs: 27 | exit reason: max duration (1s) exceeded\nnoise\n\
                    test c ...\trun time: 1s | iterations/s: 0.00";
        let found: Vec<_> = reports(told).collect();
        assert_eq!(found, [("a::b", 30), ("c", 0)]);
    }

    #[test]
    fn what_cargo_says() {
        let unit = program("  Executable unittests src/lib.rs (target/x/rtsp-1)").unwrap();
        assert!(!unit.is_conversation && unit.path.ends_with("target/x/rtsp-1"));
        let test = program("  Executable tests/fuzz.rs (/t/fuzz-1)").unwrap();
        assert!(test.is_conversation && test.path == Path::new("/t/fuzz-1"));
        assert!(program("    Finished `fuzz` profile").is_none());
    }

    #[test]
    fn a_program_that_hangs_is_ended() {
        let mut sleep = Command::new("sleep");
        let (passed, told) = listen(sleep.arg("60"), Duration::ZERO).unwrap();
        assert!(!passed && told.contains("hangs"));
    }
}
