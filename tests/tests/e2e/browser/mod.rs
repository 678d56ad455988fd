//! What people see: pages in Chromium.

mod court;
mod reference;
mod seeking;

use std::path::PathBuf;

/// Screenshots are left here for people.
fn pictures() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("browser")
}
