//! End-to-end: the real binary, simulated cameras, GStreamer's server, and
//! FFmpeg as the judge. One test binary, since linking is what costs time.
#![forbid(unsafe_code)]

mod bad_input;
mod camera_faults;
mod commands;
mod deaths;
mod demo;
mod downloads;
mod gstreamer;
mod http_cameras;
mod no_ffmpeg;
mod outages;
mod previews;
mod proxy;
mod reload;
mod rtsp_cameras;
mod secrets;
mod session_life;
mod ten_at_once;
mod tokens;
