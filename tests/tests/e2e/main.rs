//! End-to-end: the real binary, simulated cameras, GStreamer's server, and
//! FFmpeg as the judge. One test binary, since linking is what costs time.
#![forbid(unsafe_code)]

mod bad_input;
mod bad_streams;
mod browser;
mod camera_commands;
mod camera_faults;
mod catalogue;
mod cleanup;
mod clients;
mod clock_changes;
mod commands;
mod cookies;
mod cross_origin;
mod deaths;
mod demo;
mod described;
mod dialects;
mod downloads;
mod events;
mod expectations;
mod full_disk;
mod gstreamer;
#[path = "../hostile/guests.rs"]
#[expect(dead_code, reason = "the tests of hostile plugins want more of them")]
mod guests;
mod h265;
mod http_cameras;
mod http_video;
mod key_sets;
mod kills;
mod library;
mod metrics;
mod no_ffmpeg;
mod outages;
mod pains;
mod permissions;
mod plugin_commands;
mod policy_changes;
mod preview_socket;
mod previews;
mod proxy;
mod rate_limit;
mod reload;
mod reports;
mod resume;
mod retention;
mod rtsp_cameras;
mod secrets;
mod service;
mod session_life;
mod set_up;
mod shadow;
mod snapshots;
mod sound;
mod swaps;
mod ten_at_once;
mod tickets;
mod tokens;
mod transports;
mod viewers_children;
