//! One recording of one camera, and what is wrong with it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use padelvar_tests::sync::{Heard, IN_STEP_MS};
use padelvar_tests::{Host, clock, files, judge};
use serde_json::Value;
use simcam::Codec;
use tokio::process::Command;
use tokio::time::{Instant, sleep};

use crate::camera::is_copied;
use crate::combination::{Audio, Combination, Transport};

/// Within this a camera must be live.
const LIVE: Duration = Duration::from_secs(30);
/// How far a file's length may be from the time of its recording, seconds.
const LENGTH: f64 = 0.3;
/// All cameras have 25 pictures a second: two that are further apart than this, seconds, have
/// lost one between them. The first one may stand 21 ms longer: so much earlier than the sound
/// begins what FFmpeg's AAC encoder puts before it.
const HOLE: f64 = 0.070;
/// How long the last picture may stand, seconds: what follows it was on its way.
const LAST: f64 = 0.3;
/// What may begin with half a beep, seconds.
const CUT: f64 = 0.2;
/// Minutes that are planned beside those that are recorded.
const SPARE_MINUTES: f64 = 5.0;

/// A file with what the host says of it.
pub struct Recorded {
    file: PathBuf,
    /// From its first picture to the call of stop, seconds.
    expected: f64,
    stopped: Value,
    /// Files that are there of this session.
    files: usize,
    /// What FFmpeg said.
    log: Option<String>,
}

impl Recorded {
    /// Copies the file, and what FFmpeg said, to a place whose folder need not be there.
    pub fn keep(&self, to: &Path) {
        let folder = to.parent().expect("a file is in a folder");
        std::fs::create_dir_all(folder).expect("the folder can be made");
        std::fs::copy(&self.file, to).expect("there is room");
        if let Some(log) = &self.log {
            std::fs::write(to.with_extension("log"), log).expect("there is room");
        }
    }
}

/// What was measured in a file that is good, or most of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Measured {
    /// Seconds.
    pub length: f64,
    /// By how much sound is late, milliseconds: most, and the worst. None without sound.
    pub sound: Option<(f64, f64)>,
}

/// Records a terrain for so long.
pub async fn record(host: &Host, terrain: usize, seconds: f64) -> Result<Recorded, String> {
    let created = host.api.try_create(terrain).await;
    let id = created.json["session"]["session_id"].as_str();
    let id = id.ok_or_else(|| created.text())?.to_owned();
    until_live(host, &id).await?;
    let began = Instant::now();
    let started = host
        .api
        .try_start(&id, seconds / 60.0 + SPARE_MINUTES)
        .await;
    if started.status != 200 {
        return Err(started.text());
    }
    tokio::time::sleep_until(began + Duration::from_secs_f64(seconds)).await;
    let stop_call = clock::now();
    let stopped = host.api.try_stop(&id).await;
    let recording = &stopped.json["recording"];
    if stopped.status != 200 || recording["status"] != "completed" || !recording["error"].is_null()
    {
        return Err(stopped.text());
    }
    let of_session = |path: &PathBuf| path.to_string_lossy().contains(&id);
    let found = files::entries(&host.videos());
    Ok(Recorded {
        log: host.ffmpeg_log(&id),
        file: host.video(&id),
        expected: clock::seconds(clock::time(&recording["started_at"]), stop_call),
        stopped: stopped.json.clone(),
        files: found.iter().filter(|path| of_session(path)).count(),
    })
}

async fn until_live(host: &Host, id: &str) -> Result<(), String> {
    let deadline = Instant::now() + LIVE;
    loop {
        let camera = host.api.session(id).await["camera"].clone();
        if camera["state"] == "live" {
            return Ok(());
        }
        if Instant::now() > deadline {
            let error = &camera["last_error"];
            return Err(format!("not live after {} s: {error}", LIVE.as_secs()));
        }
        sleep(Duration::from_millis(50)).await;
    }
}

/// All that is wrong with a recording; nothing where it is good.
pub async fn judged(combination: Combination, recorded: &Recorded) -> (Measured, Vec<String>) {
    let file = recorded.file.as_path();
    let video = judge::whole_file(file).await;
    let complaints = judge::complaints(file).await;
    let mut broken = Vec::new();
    let mut must = |kept: bool, text: String| {
        if !kept {
            broken.push(text);
        }
    };
    let (length, expected) = (video.duration, recorded.expected);
    let is_close = (length - expected).abs() <= LENGTH;
    must(is_close, format!("{length:.2} s instead of {expected:.2}"));
    must(recorded.files == 1, format!("{} files", recorded.files));
    if let Some(complaint) = complaints.first() {
        let many = complaints.len();
        must(
            false,
            format!("the decoder complains {many} times: {complaint}"),
        );
    }
    let codec = match combination.codec {
        Codec::H265 => "hevc",
        Codec::H264 | Codec::Jpeg => "h264",
    };
    must(video.codec == codec, format!("it is {}", video.codec));
    let mode = if is_copied(combination.codec) {
        "copy"
    } else {
        "encode"
    };
    let recording = &recorded.stopped["recording"];
    must(
        recording["mode"] == mode,
        format!("mode {}", recording["mode"]),
    );
    let gaps = &recording["gaps"];
    must(
        gaps.as_array().is_some_and(Vec::is_empty),
        format!("gaps: {gaps}"),
    );
    let shown = video.shown();
    let holes = shown.windows(2).filter(|two| two[1] - two[0] > HOLE);
    let holes: Vec<String> = holes.map(|two| format!("{:.2}", two[0])).collect();
    must(
        holes.is_empty(),
        format!("no pictures after {}", holes.join(", ")),
    );
    let last = length - shown.last().copied().unwrap_or_default();
    must(last <= LAST, format!("no pictures in the last {last:.2} s"));

    let wanted = (combination.audio != Audio::None).then_some("aac");
    let sound = video.sound.as_deref();
    must(sound == wanted, format!("sound is {sound:?}"));
    let mut measured = Measured {
        length,
        sound: None,
    };
    if sound.is_some() {
        let from = video.sound_from.unwrap_or_default();
        match in_step(file, from + CUT).await {
            Ok((count, most, worst)) => {
                // A beep a second, but for those at the ends.
                let heard = count + 3.0 >= length - from;
                must(
                    heard,
                    format!("{count} beeps, sound from second {from:.2} on"),
                );
                let text = if most.abs() > IN_STEP_MS {
                    format!("sound is {most:.0} ms late all the time")
                } else {
                    format!("sound is {worst:.0} ms late at worst")
                };
                must(worst.abs() <= IN_STEP_MS, text);
                measured.sound = Some((most, worst));
            }
            Err(error) => must(false, error),
        }
    }
    (measured, broken)
}

/// Beeps that have a flash, by how much they are late, and the worst of them.
async fn in_step(file: &Path, from: f64) -> Result<(f64, f64, f64), String> {
    let heard = Heard::of(file).await.map_err(|error| error.to_string())?;
    let apart = heard.apart(from);
    Ok((apart.at.len() as f64, apart.median(), apart.worst()))
}

/// What plain FFmpeg makes of the same camera, for comparison: by how much sound is late in its
/// file, milliseconds, most and the worst.
pub async fn beside(
    combination: Combination,
    url: &str,
    seconds: f64,
) -> Result<(f64, f64), String> {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join("beside.mkv");
    let transport = match combination.transport {
        Transport::Udp => "udp",
        Transport::Tcp | Transport::Tls => "tcp",
    };
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-nostdin", "-v", "error", "-y"]);
    ffmpeg.args(["-rtsp_transport", transport, "-i", url]);
    ffmpeg.args(["-t", &seconds.to_string(), "-map", "0", "-c", "copy"]);
    let output = judge::run(ffmpeg.arg(&file)).await;
    if !file.is_file() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let (_, most, worst) = in_step(&file, 1.0).await?;
    Ok((most, worst))
}
