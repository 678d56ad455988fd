//! Faults strike.

use std::time::Duration;

use rustix::process::Signal;
use tokio::time::{Instant, sleep, timeout};

use super::judge::Struck;
use super::now;
use super::plan::{Camera, Fault};
use super::stage::Stage;
use crate::processes;
use crate::together;

/// A slow viewer reads once in so long.
const SLOW_READ: Duration = Duration::from_millis(700);
/// The length that the adapter of `tests/guests/fragile` does not survive.
const TRAP_LENGTH: u64 = 0xdead;

/// Does it to a court's camera, or to the recording of this session, and tells when that was.
///
/// # Errors
/// In words, where it could not be done.
pub async fn strike(
    stage: &Stage,
    court: usize,
    session: &str,
    fault: Fault,
) -> Result<Struck, String> {
    let camera = &stage.courts[court].handle;
    let mut from = now();
    match fault {
        Fault::Close => camera.inject(simcam::Fault::Close),
        Fault::Loss(count) => camera.inject(simcam::Fault::DropNext(count)),
        Fault::Outage(seconds) => {
            camera.inject(simcam::Fault::Outage(Duration::from_secs_f64(seconds)));
        }
        Fault::Stall(seconds) => {
            camera.inject(simcam::Fault::Stall(Duration::from_secs_f64(seconds)));
        }
        Fault::Trap => {
            if stage.courts[court].camera != Camera::Fragile {
                return Err("this camera's adapter does not trap".into());
            }
            camera.inject(simcam::Fault::LengthLie(TRAP_LENGTH));
        }
        Fault::KillFfmpeg | Fault::StopFfmpeg(_) => {
            let Some(child) = stage.ffmpeg(session).await else {
                return Err("no FFmpeg records it".into());
            };
            from = now();
            if fault == Fault::KillFfmpeg {
                processes::signal(child.pid, Signal::KILL);
            } else {
                processes::signal(child.pid, Signal::STOP);
                sleep(Duration::from_secs_f64(fault.lasts())).await;
                // One that the host has replaced is gone, and its number may be another's.
                let still = processes::start_of(child.pid);
                let session = session.as_bytes();
                if still.windows(session.len()).any(|w| w == session) {
                    processes::signal(child.pid, Signal::CONT);
                }
            }
        }
        Fault::SlowViewers(count, seconds) => {
            let viewers = (0..count).map(|_| view(stage, session, seconds));
            let refused = together(viewers).await.into_iter().find_map(Result::err);
            if let Some(refused) = refused {
                return Err(refused);
            }
        }
        Fault::KillHost(_) | Fault::FullDisk => return Err("it is not one session's".into()),
    }
    let lasted = now() - from;
    sleep(Duration::from_secs_f64((fault.lasts() - lasted).max(0.0))).await;
    Ok(Struck {
        fault,
        from,
        until: from
            + fault
                .lasts()
                .max(lasted * f64::from(u8::from(fault.lasts() > 0.0))),
    })
}

/// A viewer that reads next to nothing.
async fn view(stage: &Stage, session: &str, seconds: f64) -> Result<(), String> {
    let api = stage.host().await.api.clone();
    let answer = api.session(session).await;
    let Some(url) = answer["preview"]["mjpeg_url"].as_str() else {
        return Err(format!("there is no preview: {answer}"));
    };
    let url = match url.strip_prefix('/') {
        Some(path) => format!("{}/{path}", api.base),
        None => url.to_owned(),
    };
    let opened = api.client.get(url).send().await;
    let mut stream = opened.map_err(|error| format!("the preview does not open: {error}"))?;
    if stream.status() != 200 {
        return Err(format!("the preview answers {}", stream.status()));
    }
    let until = Instant::now() + Duration::from_secs_f64(seconds);
    while Instant::now() < until {
        // What it brings, and whether it breaks off, is not what is tested.
        let _ = timeout(SLOW_READ, stream.chunk()).await;
        sleep(SLOW_READ.min(until.saturating_duration_since(Instant::now()))).await;
    }
    Ok(())
}
