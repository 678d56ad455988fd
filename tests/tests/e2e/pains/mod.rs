//! What users of programs like this one suffer from, pain by pain, each reproduced with simulated
//! cameras. Those that have no test of their own here are shown completely elsewhere:
//!
//! 1. A reconnect splits the recording: `outages::plugs_pulled_connections_dropped_and_silence`,
//!    `outages::mjpeg_stays_at_its_rate_through_the_gap`.
//! 2. A camera that is off at the start, a child process that hangs: `absent`, `hangs`.
//! 3. Only the sound comes back: `sound`.
//! 4. A camera's clock that drifts: `clocks`.
//! 5. RTP timestamps wrap: `camera_faults::timestamps_jump_and_wrap`.
//! 6. A timestamp jumps by hours: `camera_faults::timestamps_jump_and_wrap`.
//! 7. Timestamps that go back or stand still: `clocks`.
//! 8. Parameter sets and resolution change in mid-stream: `bad_streams`.
//! 9. A killed recorder: `killed`, `deaths::a_killed_host_leaves_what_the_next_one_repairs`,
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
