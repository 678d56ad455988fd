//! Log lines that are said once a session, since a camera repeats its oddities with
//! every picture and a flood of lines ends the session.

use std::collections::BTreeSet;

use padelvar_sdk::Io;

/// Which oddities were told.
#[derive(Debug)]
pub struct Notes {
    io: Io,
    told: BTreeSet<&'static str>,
}

impl Notes {
    /// Nothing told yet.
    pub fn new(io: &Io) -> Self {
        let (io, told) = (io.clone(), BTreeSet::new());
        Self { io, told }
    }

    /// Warns, unless that very text was told before.
    pub fn once(&mut self, message: &'static str) {
        if self.told.insert(message) {
            self.io.warn(message);
        }
    }
}
