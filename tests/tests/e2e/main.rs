//! End-to-end: the real binary, simulated cameras, GStreamer's server, and
//! FFmpeg as the judge. One test binary, since linking is what costs time.
#![forbid(unsafe_code)]

mod bad_input;
mod gstreamer;
mod http_cameras;
mod no_ffmpeg;
mod reload;
mod rtsp_cameras;
mod session_life;
mod ten_at_once;
mod tokens;
