//! What setting cameras up works with.

use std::path::{Path, PathBuf};

use axum::http::StatusCode;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::problem::Problem;

/// Cameras that are watched at a time for somebody who sets them up: recordings come first.
const MOST_PROBES: usize = 2;

/// The configuration's file, and what may go on at a time.
#[derive(Debug)]
pub struct SetUp {
    file: Option<PathBuf>,
    searches: Semaphore,
    probes: Semaphore,
}

impl SetUp {
    /// `file`: the configuration's, where there is one that may be changed.
    pub fn new(file: Option<PathBuf>) -> Self {
        Self {
            file,
            searches: Semaphore::new(1),
            probes: Semaphore::new(MOST_PROBES),
        }
    }

    /// The configuration's file.
    pub fn file(&self) -> Result<&Path, Problem> {
        let detail = "this host's configuration is no file that could be changed";
        let none = || Problem::new(StatusCode::CONFLICT, "no_file", detail);
        self.file.as_deref().ok_or_else(none)
    }

    /// The place for a search of a network.
    pub fn search(&self) -> Result<SemaphorePermit<'_>, Problem> {
        place(&self.searches, "cameras are being searched already")
    }

    /// A place for watching a camera.
    pub fn probe(&self) -> Result<SemaphorePermit<'_>, Problem> {
        place(&self.probes, "other cameras are being probed")
    }
}

fn place<'a>(places: &'a Semaphore, detail: &str) -> Result<SemaphorePermit<'a>, Problem> {
    let busy = |_| Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail);
    places.try_acquire().map_err(busy)
}
