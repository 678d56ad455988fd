//! Faults on purpose: when they strike, and a judge of what they took.
//!
//! [`plan`] and [`judge`] are pure; [`stage`] runs cameras and host, [`faults`] strikes,
//! [`probe`] looks at the files, [`table`] tells.

use std::time::SystemTime;

pub mod dice;
pub mod disk;
pub mod faults;
pub mod growth;
pub mod judge;
pub mod kills;
pub mod pauses;
pub mod plan;
pub mod probe;
pub mod run;
pub mod soak;
pub mod stage;
pub mod table;

/// Now, seconds since 1970: the clock of [`judge`].
pub fn now() -> f64 {
    unix(SystemTime::now())
}

/// A time of the wall clock, seconds since 1970.
pub fn unix(time: SystemTime) -> f64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0.0, |since| since.as_secs_f64())
}

/// A camera's kind, for people.
pub fn name_of(camera: plan::Camera) -> &'static str {
    match camera {
        plan::Camera::Rtsp { gop: ..=25 } => "RTSP, a keyframe a second",
        plan::Camera::Rtsp { .. } => "RTSP, a keyframe in two seconds",
        plan::Camera::Fragile => "RTSP, fragile adapter",
        plan::Camera::Mjpeg => "MJPEG",
    }
}
