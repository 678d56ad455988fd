//! What people who watch cost: many viewers of one MJPEG camera beside its recording, as a
//! table. `cargo xtask bench viewers` builds what it needs and runs it; the number of viewers
//! may be named (500).
//!
//! Everything is on loopback and ends with this program, also on Ctrl-C. The viewers and the
//! camera are in this process: what they use is not counted, but they share the machine.
#![forbid(unsafe_code)]

mod crowd;

use std::process::ExitCode;
use std::time::Duration;

use padelvar_tests::cameras::small_http;
use padelvar_tests::usage::{self, Memory};
use padelvar_tests::{Config, Host, cameras, clock, judge, processes};
use rustix::process::{Resource, getrlimit, setrlimit};
use simcam::{ClipParams, Codec, HttpConfig};
use tokio::time::{Instant, sleep};

use crowd::Crowd;

const VIEWERS: usize = 500;
/// Starts of programs and of answers are not what is measured.
const SETTLE: Duration = Duration::from_secs(4);
const SPAN: Duration = Duration::from_secs(20);

#[tokio::main]
async fn main() -> ExitCode {
    let named = std::env::args().nth(1).map(|text| text.parse());
    let Ok(viewers) = named.unwrap_or(Ok(VIEWERS)) else {
        eprintln!("error: the argument is a number of viewers");
        return ExitCode::from(2);
    };
    // A socket each, here and in the host, which inherits this.
    let mut files = getrlimit(Resource::Nofile);
    files.current = files.maximum;
    let _ = setrlimit(Resource::Nofile, files);
    tokio::select! {
        () = measure(viewers) => ExitCode::SUCCESS,
        _ = tokio::signal::ctrl_c() => ExitCode::FAILURE,
    }
}

/// Use of the host's own process over a time.
struct Span {
    cpu_ms_per_s: f64,
    memory: Memory,
}

async fn span(host: &Host) -> Span {
    let (before, began) = (usage::cpu(host.pid()), Instant::now());
    sleep(SPAN).await;
    let used = usage::cpu(host.pid()).since(&before);
    Span {
        cpu_ms_per_s: used / began.elapsed().as_secs_f64() * 1000.0,
        memory: usage::memory(host.pid()),
    }
}

async fn measure(viewers: usize) {
    let clip = ClipParams {
        width: 640,
        height: 360,
        codec: Codec::Jpeg,
        ..ClipParams::default()
    };
    let fps = clip.fps;
    let camera = cameras::http(HttpConfig {
        clip,
        ..small_http()
    })
    .await;
    let host = Host::start(&Config::of(&camera).level("info")).await;
    let id = host.api.create(1).await;
    host.api.start(&id).await;
    sleep(SETTLE).await;
    eprintln!("recording alone ...");
    let alone = span(&host).await;
    eprintln!("{viewers} viewers ...");
    let crowd = Crowd::gather(&host, &id, viewers).await;
    sleep(SETTLE).await;
    let (began, counted) = (Instant::now(), crowd.count());
    let watched = span(&host).await;
    let seconds = began.elapsed().as_secs_f64();
    let seen = crowd.count().since(&counted);
    let children = processes::below(host.pid());
    let children = children
        .iter()
        .filter(|p| p.command.contains("ffmpeg"))
        .count();
    let left = crowd.disperse().await;
    let stopped = host.api.stop(&id).await;
    let (file, recording) = (host.video(&id), &stopped["recording"]);
    let video = judge::video(&file).await;
    let offsets = clock::offsets(&file, &video, recording, &camera).await;
    let lost: u64 = offsets
        .numbers
        .windows(2)
        .map(|pair| u64::from(pair[1] > pair[0] + 1) * (pair[1].wrapping_sub(pair[0] + 1)))
        .sum();
    host.end().await;

    println!("The host's own process: 640x360 MJPEG at {fps} a second, recorded (encoded)");
    println!("                        CPU, ms a second    PSS, MiB");
    for (name, span) in [("nobody watches", &alone), ("watched", &watched)] {
        println!(
            "  {name:20} {:17.1} {:11.1}",
            span.cpu_ms_per_s, span.memory.pss
        );
    }
    let each = (watched.cpu_ms_per_s - alone.cpu_ms_per_s) / viewers as f64;
    println!("  a viewer             {each:17.3}");
    println!(
        "  {viewers} viewers, {left} of them to the end: {:.1} pictures a second each, {:.1} MB/s in all",
        seen.pictures_of_one / seconds,
        seen.bytes as f64 / seconds / 1e6
    );
    println!(
        "  the recording beside them: {} pictures, {lost} lost, gaps {}; FFmpeg processes: {children}",
        offsets.numbers.len(),
        recording["gaps"]
    );
}
