//! How long `record/stop` takes at the end of a long recording. `cargo xtask bench stop` builds
//! what it needs and runs it.
//!
//! Nobody waits 90 minutes: some seconds are recorded, the host is killed, its unfinished file
//! is made 90 minutes long with the same fragments, the catalogue is told that it began so much
//! earlier, and the next host goes on with it. What is stopped then is a running recording of
//! 90 minutes.
#![forbid(unsafe_code)]

mod forge;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use clap::Parser;
use padelvar_tests::sums::{greatest, median, verdict};
use padelvar_tests::{Config, Host, boxes, cameras, document, processes};
use simcam::{ClipParams, RtspConfig};
use tokio::time::{Instant, sleep};

/// What the recording is to be like, where nothing else is said.
const MINUTES: f64 = 90.0;
const KBPS: u32 = 4000;
const ROUNDS: usize = 3;
/// What is recorded before the death of the host.
const BEFORE: Duration = Duration::from_secs(25);
/// What is recorded by the host that is asked to stop.
const AFTER: Duration = Duration::from_secs(8);
/// What is aimed at, seconds.
const AIM: f64 = 1.0;
/// Minutes that are planned beside those that are forged.
const PLANNED: f64 = 5.0;

/// Tells the catalogue that a recording began earlier.
const EARLIER: &str = "
import json, sqlite3, sys
path, session, microseconds = sys.argv[1], sys.argv[2], int(sys.argv[3])
base = sqlite3.connect(path)
query = 'SELECT clock, started_us FROM recordings WHERE session_id = ?'
clock, started = base.execute(query, [session]).fetchone()
clock = json.loads(clock)
for name in ('requested_us', 'zero_us'):
    clock[name] -= microseconds
change = 'UPDATE recordings SET clock = ?, started_us = ? WHERE session_id = ?'
base.execute(change, [json.dumps(clock), started - microseconds, session])
base.commit()
";

/// One round.
struct Round {
    /// From the call to the answer, seconds.
    stop: f64,
    /// FFmpeg copies the same file to nowhere, seconds.
    remux: f64,
    mib: f64,
    minutes: f64,
}

/// Times `record/stop` at the end of a long recording.
#[derive(Parser)]
#[command(name = "cargo xtask bench stop", bin_name = "cargo xtask bench stop")]
struct Arguments {
    /// Length of the recording
    #[arg(default_value_t = MINUTES)]
    minutes: f64,
    /// Also write the table into this document, between the marks that are there for it
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { minutes, write } = Arguments::parse();
    if !(1.0..=600.0).contains(&minutes) {
        eprintln!("error: {minutes} minutes\n  hint: 1 to 600");
        return ExitCode::from(2);
    }
    let text = tokio::select! {
        text = measure(minutes) => text,
        _ = tokio::signal::ctrl_c() => return ExitCode::FAILURE,
    };
    print!("{text}");
    let written = write.map(|file| document::write(&file, "stop", &text));
    if let Some(Err(error)) = written {
        eprintln!("error: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

async fn measure(minutes: f64) -> String {
    eprintln!("encoding the camera's picture ...");
    let camera = cameras::rtsp(RtspConfig {
        clip: ClipParams {
            width: 1280,
            height: 720,
            bitrate_kbps: Some(KBPS),
            ..ClipParams::default()
        },
        ..RtspConfig::default()
    })
    .await;
    let mut rounds = Vec::new();
    for number in 1..=ROUNDS {
        eprintln!("recording, round {number} of {ROUNDS} ...");
        rounds.push(round(camera.url(), minutes).await);
    }
    table(&rounds)
}

fn table(rounds: &[Round]) -> String {
    let mut text = String::from(
        "| round | minutes |  MiB | stop, s | FFmpeg -c copy, s | ratio |\n\
         |------:|--------:|-----:|--------:|------------------:|------:|\n",
    );
    for (index, round) in rounds.iter().enumerate() {
        let Round {
            stop,
            remux,
            mib,
            minutes,
        } = round;
        let (number, ratio) = (index + 1, stop / remux);
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "| {number:5} | {minutes:7.1} | {mib:4.0} | {stop:7.2} | {remux:17.1} | {ratio:5.2} |"
        );
    }
    let all: Vec<f64> = rounds.iter().map(|round| round.stop).collect();
    let worst = greatest(&all);
    let kept = verdict(worst, AIM);
    let _ = writeln!(
        text,
        "\nmedian {:.2} s, worst {worst:.2} s (aim {AIM:.0} s or less: {kept})",
        median(&all)
    );
    text
}

async fn round(url: &str, minutes: f64) -> Round {
    let mut host = Host::start(&Config::new().level("info").url(url)).await;
    let id = host.api.create(1).await;
    host.api.try_start(&id, minutes + PLANNED).await.ok(200);
    sleep(BEFORE).await;
    let children = processes::below(host.pid());
    host.kill().await;
    let left = processes::left_of(&children, Duration::from_secs(15)).await;
    assert!(left.is_empty(), "they outlive the host: {left:?}");
    let part = host.video(&id).with_extension("mp4.part");
    let (seconds, bytes) = forge::lengthen(&part, minutes * 60.0);
    eprintln!("  {:.0} MiB, {:.1} min", mib(bytes), seconds / 60.0);
    earlier(&host.path("padelvar.db"), &id, seconds);

    let next = Host::start_in(host.folder()).await;
    next.api.until_recording(&id, "recording").await;
    sleep(AFTER).await;
    let asked = Instant::now();
    let stopped = next.api.stop(&id).await;
    let stop = asked.elapsed().as_secs_f64();
    let file = next.video(&id);
    let shown = &stopped["file"];
    let length = shown["duration_seconds"].as_f64().unwrap_or_default();
    assert!(length > minutes * 60.0, "it is too short: {stopped}");
    assert_eq!(boxes::outermost(&file), ["ftyp", "mdat", "moov"]);
    let size = shown["size_bytes"].as_u64().unwrap_or_default();
    assert!(size > bytes, "it is too small: {stopped}");
    let remux = remux(&file);
    next.end().await;
    Round {
        stop,
        remux,
        mib: mib(size),
        minutes: length / 60.0,
    }
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

fn earlier(catalogue: &Path, session: &str, seconds: f64) {
    let microseconds = ((seconds * 1e6) as i64).to_string();
    let status = Command::new("python3")
        .args(["-c", EARLIER])
        .arg(catalogue)
        .args([session, &microseconds])
        .status();
    assert!(
        status.is_ok_and(|s| s.success()),
        "the catalogue is not told"
    );
}

/// What everybody else does at the end of a fragmented recording, but for the writing of a
/// second file.
fn remux(file: &Path) -> f64 {
    let began = Instant::now();
    let status = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-y", "-i"])
        .arg(file)
        .args(["-c", "copy", "-f", "mp4", "/dev/null"])
        .stdin(Stdio::null())
        .status();
    let took = began.elapsed().as_secs_f64();
    assert!(status.is_ok_and(|status| status.success()), "FFmpeg failed");
    took
}
