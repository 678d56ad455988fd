//! What users of programs like this one suffer from, pain by pain, each reproduced with simulated
//! cameras. Those that have no test of their own here are shown completely elsewhere:
//!
//! 1. A reconnect splits the recording: `outages::pain_01_plugs_pulled_and_connections_dropped_leave_one_file`,
//!    `outages::mjpeg_stays_at_its_rate_through_the_gap`.
//! 2. A camera that is off at the start, a child process that hangs: `absent`, `hangs`.
//! 3. Only the sound comes back: `sound`.
//! 4. A camera's clock that drifts: `clocks`.
//! 5. RTP timestamps wrap: `camera_faults::pain_05_and_06_timestamps_wrap_and_jump_by_hours`.
//! 6. A timestamp jumps by hours: the same.
//! 7. Timestamps that go back or stand still: `clocks`.
//! 8. Parameter sets and resolution change in mid-stream:
//!    `bad_streams::pain_08_other_settings_in_mid_stream_stay_in_one_file`.
//! 9. A killed recorder: `killed`, `resume`, `kills`,
//!    `deaths::ffmpeg_dies_twice_and_nothing_is_missing`.
//! 10. The disk is full: `full_disk`.
//! 11. Memory grows: `growth`.
//! 12. Digest and odd passwords: `passwords`, `rtsp_cameras::every_log_in_and_every_packetization`,
//!     `http_cameras::mjpeg_mistakes_accounts_and_tls`.
//! 13. A snapshot waits for a keyframe: `long_groups`, `snapshots::one_picture_has_one_tag`.
//! 14. A keyframe every 10 s or more: `long_groups`.
//! 15. Oddities: `oddities`; boundaries and lengths `http_cameras::mjpeg_boundaries_and_transfers`,
//!     `http_cameras::mjpeg_mistakes_accounts_and_tls`; session descriptions and stale packets the
//!     tests of the adapter `rtsp` (`dialects`, `conversation`).

mod absent;
mod clocks;
mod growth;
mod hangs;
mod killed;
mod long_groups;
mod oddities;
mod passwords;
mod sound;
