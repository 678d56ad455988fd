//! Cameras that give one JPEG a request: asked again and again.
//!
//! Options: `fps`, pictures a second to ask for, 0.1 to 25, 2 unless set. A camera
//! that answers more slowly is asked as fast as it answers.
#![forbid(unsafe_code)]

mod gzip;
mod picture;
mod run;
mod schedule;

pub use run::run;
pub use schedule::{Schedule, period};

padelvar_sdk::adapter! {
    title: "Single JPEG pictures over HTTP",
    version: env!("CARGO_PKG_VERSION"),
    schemes: ["http", "https"],
    options: ["fps"],
    run: run,
}
