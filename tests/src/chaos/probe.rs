//! From a camera and a file to what the judge wants to know.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;
use simcam::{Handle, strip};

use super::judge::{Gap, Recorded, Sent, Shown};
use super::{now, unix};
use crate::judge::{self, Video};
use crate::{Api, Host, clock};

/// How far a file's length may be from the recording's, seconds.
const LENGTH: f64 = 0.5;

/// One session from its start to its file.
#[derive(Clone, Debug)]
pub struct Done {
    /// The session.
    pub id: String,
    /// When `start` was called, seconds since 1970.
    pub start_call: f64,
    /// When `stop` was called, or when the recording was to end.
    pub stop_call: f64,
    /// The API's `recording` at the end.
    pub recording: Value,
    /// The API's `report` on it.
    pub report: Value,
    /// The file.
    pub file: PathBuf,
    /// Whether its length is known beforehand.
    pub length_known: bool,
}

impl Done {
    /// Stops a recording.
    pub async fn stop(host: &Host, id: String, start_call: f64) -> Self {
        let stop_call = now();
        let stopped = host.api.stop(&id).await;
        Self {
            file: host.video(&id),
            report: report(&host.api, &id).await,
            id,
            start_call,
            stop_call,
            recording: stopped["recording"].clone(),
            length_known: true,
        }
    }
}

/// What the host itself says of a recording.
pub async fn report(api: &Api, id: &str) -> Value {
    let path = format!("/api/video/record/report/{id}");
    api.get(&path).await.ok(200)["report"].clone()
}

/// What a camera sent, as the judge wants it.
pub fn sent(camera: &Handle) -> Sent {
    let params = camera.clip().params();
    let pictures = camera.clip().pictures();
    let group = pictures.iter().skip(1).position(|picture| picture.key);
    let mut sent = Sent {
        began: unix(camera.started_at()),
        fps: f64::from(params.fps),
        group: group.map_or(u64::from(params.frames()), |group| group as u64 + 1),
        damaged: BTreeSet::new(),
        late_ms: BTreeMap::new(),
        passed_over: BTreeSet::new(),
        pauses: Vec::new(),
    };
    let mut went_out = BTreeSet::new();
    for client in camera.sent() {
        let mut damaged = false;
        let mut next = None;
        for frame in client.frames {
            // With B-frames the order is another one; they are not used here.
            let over = next.unwrap_or(frame.number)..frame.number;
            sent.passed_over.extend(over);
            next = Some(frame.number + 1);
            went_out.insert(frame.number);
            damaged = !frame.whole || (damaged && !frame.key);
            if damaged {
                sent.damaged.insert(frame.number);
            }
            if frame.rtp_timestamp == 0 {
                let due = frame.number as f64 / sent.fps;
                let late = ((frame.at.as_secs_f64() - due) * 1000.0).max(0.0);
                let known = sent.late_ms.entry(frame.number).or_insert(late);
                *known = known.max(late);
            }
        }
    }
    sent.passed_over.retain(|number| !went_out.contains(number));
    sent
}

/// Looks at a file; what is wrong with it by itself, in words.
pub async fn recorded(done: &Done, camera: &Handle, sent: &Sent) -> (Recorded, Vec<String>) {
    let mut wrong = Vec::new();
    let recording = &done.recording;
    let mut recorded = Recorded {
        asked: done.start_call,
        began: unix_of(&recording["started_at"]),
        ended: done.stop_call,
        shown: Vec::new(),
        gaps: gaps(&recording["gaps"]),
        scattered: if recording["mode"] == "encode" { 2 } else { 0 },
    };
    if recording["status"] != "completed" {
        wrong.push(format!("it is not completed: {recording}"));
    }
    let video = match whole(&done.file).await {
        Ok(video) => video,
        Err(error) => {
            wrong.push(error);
            return (recorded, wrong);
        }
    };
    let expected = recorded.ended - recorded.began;
    if done.length_known && (video.duration - expected).abs() > LENGTH {
        wrong.push(format!(
            "it is {:.2} s long and not {expected:.2} s",
            video.duration
        ));
    }
    if let Err(error) = plays(&done.file).await {
        wrong.push(error);
    }
    let clip = camera.clip().params();
    let size = (clip.width, clip.height);
    let read = simcam::judge::strips_of_file("ffmpeg".as_ref(), &done.file, size).await;
    let strips = match read {
        Ok(strips) => strips,
        Err(error) => {
            wrong.push(format!("its pictures cannot be read: {error}"));
            return (recorded, wrong);
        }
    };
    let damaged = strips.iter().filter(|strip| strip.is_none()).count();
    let (all, packets) = (strips.len(), video.packets.len());
    if all != packets || damaged > 0 {
        wrong.push(format!(
            "{packets} pictures are in the file, {all} are shown, {damaged} of them damaged"
        ));
    }
    // Where the decoder left some out, their times are its own.
    let at = if all == packets {
        video.shown()
    } else {
        judge::decoded(&done.file).await
    };
    recorded.shown = shown(&at, &strips, camera, sent, &recorded);
    (recorded, wrong)
}

/// What is true of every final file; see [`judge::whole_file`].
async fn whole(file: &Path) -> Result<Video, String> {
    let path = file.to_owned();
    let looked = tokio::spawn(async move { judge::whole_file(&path).await }).await;
    looked.map_err(|error| words("the file", error))
}

/// Whether all of it decodes without a complaint.
async fn plays(file: &Path) -> Result<(), String> {
    let path = file.to_owned();
    let played = tokio::spawn(async move { judge::plays(&path).await }).await;
    played.map_err(|error| words("the file", error))
}

/// The clip is a loop: of all pictures with this strip, the one that is nearest in time is meant.
fn shown(
    at: &[f64],
    strips: &[Option<u32>],
    camera: &Handle,
    sent: &Sent,
    recorded: &Recorded,
) -> Vec<Shown> {
    let frames = camera.clip().params().frames();
    let number = |(at, strip): (&f64, &Option<u32>)| {
        let strip = (*strip)?;
        let newest = ((recorded.began + at - sent.began) * sent.fps).floor() as i64;
        let length = i64::from(frames);
        let place = newest.rem_euclid(length) as u32;
        let ahead = i64::from(strip::advance(place, strip, frames));
        let ahead = if ahead > length / 2 {
            ahead - length
        } else {
            ahead
        };
        Some(Shown {
            at: *at,
            number: (newest + ahead).max(0) as u64,
        })
    };
    at.iter().zip(strips).filter_map(number).collect()
}

/// The API's list.
fn gaps(list: &Value) -> Vec<Gap> {
    let gap = |gap: &Value| Gap {
        from: gap["start_seconds"].as_f64().unwrap_or_default(),
        seconds: gap["seconds"].as_f64().unwrap_or_default(),
        cause: gap["cause"].as_str().unwrap_or_default().to_owned(),
    };
    list.as_array().into_iter().flatten().map(gap).collect()
}

fn unix_of(time: &Value) -> f64 {
    if time.is_null() {
        return 0.0;
    }
    clock::time(time).as_nanosecond() as f64 / 1e9
}

/// Why a task ended early.
pub fn words(of: &str, error: tokio::task::JoinError) -> String {
    let Ok(panic) = error.try_into_panic() else {
        return format!("{of}: it was given up");
    };
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    format!("{of}: {}", text.unwrap_or("a panic"))
}
