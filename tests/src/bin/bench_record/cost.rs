//! Processor time of a recording in copy mode, beside that of plain FFmpeg which
//! records the same camera at the same time.

use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use padelvar_tests::{Config, Host, processes};
use rustix::process::Signal;
use tokio::time::{Instant, sleep};

use padelvar_tests::simulated::{Cameras, FPS};
use padelvar_tests::sums::{median, verdict};
use padelvar_tests::usage::cpu;

const ROUNDS: u32 = 3;
/// What comes before is the start of two programs and not the recording.
const SETTLE: Duration = Duration::from_secs(2);
const SPAN: Duration = Duration::from_secs(20);
/// What is aimed at: the host and its FFmpeg cost no more than plain FFmpeg.
const AIM: f64 = 1.0;
/// Bound of plain FFmpeg's end.
const END: Duration = Duration::from_secs(10);

/// Processor seconds of one round.
struct Round {
    /// The host itself, its FFmpeg, plain FFmpeg: while all of them record.
    steady: [f64; 3],
    /// The same from before the start until after the end; for the host from `create` on.
    whole: [f64; 3],
    /// Megabits a second of the camera.
    mbps: f64,
}

/// Measures and prints.
pub async fn measure(cameras: &Cameras) {
    let url = &cameras.urls[0];
    let host = Host::start(&Config::new().level("info").url(url)).await;
    let mut rounds = Vec::new();
    for number in 1..=ROUNDS {
        eprintln!("recording, round {number} of {ROUNDS} ...");
        rounds.push(round(&host, url).await);
    }
    host.end().await;

    let mbps = median(&rounds.iter().map(|round| round.mbps).collect::<Vec<_>>());
    println!("CPU, milliseconds a second: 1080p{FPS} H.264 of {mbps:.1} Mbit/s over RTSP, copied");
    let span = SPAN.as_secs_f64();
    table("while recording", &rounds, |round| {
        round.steady.map(|cpu| cpu / span * 1000.0)
    });
    let life = (SPAN + SETTLE).as_secs_f64();
    table("with start and end", &rounds, |round| {
        round.whole.map(|cpu| cpu / life * 1000.0)
    });
}

fn table(name: &str, rounds: &[Round], numbers: impl Fn(&Round) -> [f64; 3]) {
    println!(
        "  {name:20} {:>8} {:>8} {:>8} {:>14} {:>7}",
        "host", "FFmpeg", "both", "plain FFmpeg", "ratio"
    );
    let mut ratios = Vec::new();
    for (index, round) in rounds.iter().enumerate() {
        let [host, child, plain] = numbers(round);
        let (both, name) = (host + child, format!("round {}", index + 1));
        let ratio = both / plain;
        println!("  {name:20} {host:8.2} {child:8.2} {both:8.2} {plain:14.2} {ratio:7.2}");
        ratios.push(ratio);
    }
    let ratio = median(&ratios);
    let verdict = verdict(ratio, AIM);
    println!("  median ratio {ratio:.2} (aim {AIM:.1} or less: {verdict})\n");
}

async fn round(host: &Host, url: &str) -> Round {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let (file, me) = (folder.path().join("out.mp4"), std::process::id());
    let (host_before, mine_before) = (cpu(host.pid()), cpu(me));
    let id = host.api.create(1).await;
    let mut plain = Plain::start(url, &file);
    host.api.start(&id).await;
    sleep(SETTLE).await;
    let child = child_of(host);
    let pids = [host.pid(), child, plain.0.id()];
    let began = pids.map(cpu);
    sleep(SPAN).await;
    let ended = pids.map(cpu);
    let stopping = Instant::now();
    let stopped = host.api.stop(&id).await;
    let status = plain.end().await;
    assert!(status.success(), "plain FFmpeg ended with {status}");
    let lasted = SETTLE + SPAN + stopping.elapsed();
    assert_eq!(stopped["recording"]["mode"], "copy", "{stopped}");
    let (host_after, mine_after) = (cpu(host.pid()), cpu(me));
    let bytes = std::fs::metadata(&file).expect("plain FFmpeg wrote").len() as f64;
    let recorded = stopped["file"]["size_bytes"].as_f64().unwrap_or_default();
    // Else they did not record the same, and there is nothing to compare.
    assert!((recorded / bytes - 1.0).abs() < 0.2, "{recorded} {bytes}");
    Round {
        steady: std::array::from_fn(|of| ended[of].since(&began[of])),
        whole: [
            host_after.since(&host_before),
            host_after.children_since(&host_before),
            mine_after.children_since(&mine_before),
        ],
        mbps: bytes * 8.0 / 1e6 / lasted.as_secs_f64(),
    }
}

/// The one FFmpeg that records.
fn child_of(host: &Host) -> u32 {
    let children = processes::below(host.pid());
    let mut recording = children.iter().filter(|p| p.command.contains("pipe:0"));
    let child = recording.next().expect("FFmpeg records");
    assert!(recording.next().is_none(), "one FFmpeg only: {children:?}");
    child.pid
}

/// FFmpeg as one would type it. Dropping it kills it.
struct Plain(Child);

impl Plain {
    fn start(url: &str, file: &Path) -> Self {
        let child = Command::new("ffmpeg")
            .args(["-rtsp_transport", "tcp", "-i", url, "-c", "copy"])
            .arg(file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self(child.expect("ffmpeg starts"))
    }

    /// Interrupts it, so that it writes the file's end, and awaits it.
    async fn end(&mut self) -> ExitStatus {
        processes::signal(self.0.id(), Signal::INT);
        let deadline = Instant::now() + END;
        loop {
            if let Some(status) = self.0.try_wait().expect("it is our child") {
                // FFmpeg calls an interruption 255.
                return if status.code() == Some(255) {
                    ExitStatus::default()
                } else {
                    status
                };
            }
            assert!(Instant::now() < deadline, "plain FFmpeg does not end");
            sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Plain {
    fn drop(&mut self) {
        // One that has ended and was awaited is not signalled.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
