//! MJPEG over HTTP: a `multipart/x-mixed-replace` answer with a JPEG in each part.
//!
//! Cameras get everything about multipart wrong (boundaries, lengths, line ends), but
//! hardly ever the JPEGs. So [`Pictures`] relies on these: the text of a part's header
//! holds no JPEG start, and a walk along the JPEG's own markers finds its end.
#![forbid(unsafe_code)]

mod kind;
mod pictures;
mod run;

pub use kind::{Kind, kind};
pub use pictures::{Found, Pictures};
pub use run::run;

padelvar_sdk::adapter! {
    title: "MJPEG cameras over HTTP",
    version: env!("CARGO_PKG_VERSION"),
    schemes: ["http", "https"],
    options: [],
    run: run,
}
