//! What was lost, told together now and then: a bad line loses packets all the time.

use padelvar_sdk::{Io, Microseconds};

/// This far apart.
const INTERVAL_US: Microseconds = 10_000_000;

/// Since the last line about it.
#[derive(Debug, Default)]
pub struct Losses {
    packets: u32,
    pictures: u32,
    told_at: Microseconds,
}

impl Losses {
    /// Network packets of any stream.
    pub fn add_packets(&mut self, count: u32) {
        self.packets = self.packets.saturating_add(count);
    }

    /// Pictures that were dropped because a part of them is missing.
    pub fn add_pictures(&mut self, count: u32) {
        self.pictures = self.pictures.saturating_add(count);
    }

    /// Tells, if there is anything and it is time to.
    pub fn tell(&mut self, io: &Io) {
        let now = io.now();
        let Self {
            packets,
            pictures,
            told_at,
        } = *self;
        let any = packets > 0 || pictures > 0;
        if any && (told_at == 0 || now.saturating_sub(told_at) >= INTERVAL_US) {
            io.info(format_args!(
                "{packets} packets lost, {pictures} pictures dropped"
            ));
            *self = Self {
                told_at: now,
                ..Self::default()
            };
        }
    }
}
