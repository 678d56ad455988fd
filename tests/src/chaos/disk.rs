//! A host whose disk gets full: on a file system of its own, which only root may mount.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::time::{Instant, sleep, sleep_until};

use super::judge::Struck;
use super::now;
use super::plan::{Camera, Fault, Planned};
use super::probe::{self, Done};
use super::run::{Outcome, judge_one};
use super::stage::Stage;
use crate::Config;

/// Its size, MiB: several short recordings at the rate that a host assumes.
const SIZE: u32 = 96;
/// The planned length of a recording, minutes.
const MINUTES: f64 = 0.7;
/// A recording is started so long before the disk is full, seconds.
const BEFORE: f64 = 9.0;
/// A recording on a full disk has ended within this time.
const ENDS_WITHIN: Duration = Duration::from_secs(20);
/// What is written at once to fill it, bytes; the last ones are single.
const PIECES: [usize; 4] = [1 << 20, 1 << 16, 1 << 10, 1];

/// A small file system. Dropping it takes it away.
struct Disk(TempDir);

impl Disk {
    /// Mounts it.
    fn mount() -> Result<Self, String> {
        let folder = TempDir::with_prefix("padelvar-disk-").map_err(|e| e.to_string())?;
        let mut mount = Command::new("mount");
        mount.args([
            "-t",
            "tmpfs",
            "-o",
            &format!("size={SIZE}m"),
            "padelvar-chaos",
        ]);
        let output = mount.arg(folder.path()).output();
        let output = output.map_err(|error| format!("there is no `mount`: {error}"))?;
        if output.status.success() {
            return Ok(Self(folder));
        }
        let complaint = String::from_utf8_lossy(&output.stderr);
        Err(format!(
            "no file system can be mounted: {}",
            complaint.trim()
        ))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes until no byte more is free.
    fn fill(&self) -> PathBuf {
        let ballast = self.path().join("ballast");
        let mut file = File::create(&ballast).expect("a file can be made");
        for piece in PIECES {
            let zeros = vec![0; piece];
            while file.write_all(&zeros).is_ok() {}
        }
        ballast
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Whoever still has a file of it open keeps it until then.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

/// Fills the disk under one recording after the other.
///
/// # Errors
/// In words, where no file system can be mounted.
pub async fn run(planned: Vec<Planned>, zero: Instant) -> Result<Outcome, String> {
    let mut outcome = Outcome::default();
    if planned.is_empty() {
        return Ok(outcome);
    }
    let disk = Disk::mount()?;
    let videos = disk.path().join("videos");
    let videos = format!("videos_dir = \"{}\"", videos.display());
    let config = Config::new().video(&videos);
    let stage = Stage::with(&[Camera::Rtsp { gop: 25 }], config).await;
    let name = "court on a small disk (RTSP, a keyframe in 25)";
    let camera = &stage.courts[0].handle;
    for Planned { at, fault } in planned {
        sleep_until(zero + Duration::from_secs_f64((at - BEFORE).max(0.0))).await;
        let host = stage.host().await;
        let id = host.api.create(1).await;
        let start_call = now();
        host.api.try_start(&id, MINUTES).await.ok(200);
        host.api.until_recording(&id, "recording").await;
        sleep_until(zero + Duration::from_secs_f64(at)).await;
        eprintln!("  {at:6.1} s  {name}: {fault}");
        let from = now();
        let ballast = disk.fill();
        let struck = Struck {
            fault: Fault::FullDisk,
            from,
            until: now(),
        };
        let recording = ended(&host.api, &id).await;
        fs::remove_file(ballast).expect("it is ours");
        let file = disk.path().join("videos/1").join(format!("{id}.mp4"));
        if recording["status"] == "recording" {
            outcome.broken.push(format!(
                "{name}, {id}: it does not end on a full disk: {recording}"
            ));
            host.api.try_close(&id).await;
            continue;
        }
        let done = Done {
            report: probe::report(&host.api, &id).await,
            id,
            start_call,
            // It had room until then.
            stop_call: struck.from,
            recording,
            file: file.clone(),
            length_known: false,
        };
        let sent = stage.sent(0);
        judge_one(&mut outcome, done, name, camera, &sent, vec![struck]).await;
        // Else the next one has no room.
        let _ = fs::remove_file(file);
    }
    stage.end().await;
    Ok(outcome)
}

/// The recording once it has ended, or as it is when it does not.
async fn ended(api: &crate::Api, id: &str) -> Value {
    let deadline = Instant::now() + ENDS_WITHIN;
    loop {
        let recording = api.recording(id).await;
        let over = recording["status"] == "completed" || recording["status"] == "failed";
        if over || Instant::now() > deadline {
            return recording;
        }
        sleep(Duration::from_millis(100)).await;
    }
}
