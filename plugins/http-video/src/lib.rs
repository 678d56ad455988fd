//! Video over HTTP: MPEG-TS and FLV as one long answer, and HLS with segments of MPEG-TS or fragmented
//! MP4.
//!
//! What a camera sends is told by its first bytes, not by its URL: `#EXTM3U` is HLS, `FLV` is
//! FLV, and a 0x47 every 188 bytes is MPEG-TS. JPEGs, multipart answers and web pages are
//! refused as `unsupported` at once, so that other adapters for `http` get their turn.
//!
//! Pictures are H.264 or H.265; sound, where it is wanted, is AAC (and G.711 in FLV). Encrypted
//! streams are refused with the reason. Segments may be byte ranges of one file. Of a master
//! playlist one variant is read, with its sound where that stands in a playlist of its own (of
//! fragmented MP4, with AAC).
//!
//! One long answer is handed on as it arrives. HLS comes in bursts of some seconds: there each
//! sample is held back until it is due (`pace`), three segments behind the end of the playlist.
//!
//! Options: `variant`, `highest` (unless set) or `lowest`: which bandwidth of a master playlist.
#![forbid(unsafe_code)]

pub mod audio;
mod bits;
pub mod clock;
pub mod flv;
pub mod fmp4;
pub mod hls;
mod kind;
mod output;
mod pace;
mod progressive;
mod run;
pub mod sample;
pub mod ts;
pub mod video;

pub use kind::{Container, Verdict, judge, refused_ending, refused_type};
pub use pace::Pacer;
pub use run::run;

padelvar_sdk::adapter! {
    title: "Video over HTTP (MPEG-TS, FLV, HLS)",
    version: env!("CARGO_PKG_VERSION"),
    schemes: ["http", "https"],
    options: ["variant"],
    run: run,
}
