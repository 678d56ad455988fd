//! The parameter sets that are in force.

use super::append;
use super::nal::{Codec, set_id};

/// A stream has three or so. More are an attack on memory; the oldest go.
const MAX_SETS: usize = 48;

/// The largest set with all its scaling lists stays far below.
const MAX_SET_BYTES: usize = 4 * 1024;

/// Sets by kind and id: a new one takes the place of the old.
#[derive(Debug)]
pub struct Sets {
    codec: Codec,
    known: Vec<Set>,
    generation: u32,
    /// Counts the access units.
    unit: u32,
}

#[derive(Debug)]
struct Set {
    /// 0 VPS, 1 SPS, 2 PPS.
    kind: u8,
    id: u32,
    data: Vec<u8>,
    /// The access unit that brought it last.
    unit: u32,
}

impl Sets {
    /// None yet.
    pub fn new(codec: Codec) -> Self {
        Self {
            codec,
            known: Vec::new(),
            generation: 0,
            unit: 0,
        }
    }

    /// Takes in a NAL unit; anything but a parameter set is ignored.
    pub fn insert(&mut self, nal: &[u8]) {
        // Cameras pad with zeros, a unit never ends with one.
        let end = nal
            .iter()
            .rposition(|byte| *byte != 0)
            .map_or(0, |at| at + 1);
        let nal = &nal[..end];
        let Some((kind, id)) = set_id(self.codec, nal).filter(|_| nal.len() <= MAX_SET_BYTES)
        else {
            return;
        };
        let unit = self.unit;
        let same = |set: &&mut Set| (set.kind, set.id) == (kind, id);
        if let Some(set) = self.known.iter_mut().find(same) {
            set.unit = unit;
            if set.data == nal {
                return;
            }
            set.data = nal.to_vec();
        } else {
            if self.known.len() == MAX_SETS {
                self.known.remove(0);
            }
            let data = nal.to_vec();
            self.known.push(Set {
                kind,
                id,
                data,
                unit,
            });
        }
        self.generation = self.generation.wrapping_add(1);
    }

    /// What comes from here on belongs to another access unit.
    pub fn next_unit(&mut self) {
        self.unit = self.unit.wrapping_add(1);
    }

    /// To be called with each keyframe: where it brought all kinds of sets, those that it did
    /// not bring are of the past.
    pub fn forget_others(&mut self) {
        let unit = self.unit;
        if self.kinds().all(|kind| {
            self.known
                .iter()
                .any(|set| set.kind == kind && set.unit == unit)
        }) {
            let before = self.known.len();
            self.known.retain(|set| set.unit == unit);
            if self.known.len() < before {
                self.generation = self.generation.wrapping_add(1);
            }
        }
    }

    fn kinds(&self) -> core::ops::RangeInclusive<u8> {
        match self.codec {
            Codec::H264 => 1..=2,
            Codec::H265 => 0..=2,
        }
    }

    /// Whether a decoder could start with them.
    pub fn is_complete(&self) -> bool {
        self.kinds()
            .all(|kind| self.known.iter().any(|set| set.kind == kind))
    }

    /// Changes with every change.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// All of them behind their lengths, VPS and SPS first.
    pub fn config(&self) -> Vec<u8> {
        let mut config = Vec::new();
        for kind in self.kinds() {
            for set in self.known.iter().filter(|set| set.kind == kind) {
                append(&mut config, &set.data);
            }
        }
        config
    }
}
