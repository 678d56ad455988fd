//! The parameter sets that are in force.

use super::super::unit::Unit;
use super::nal::{Kind, kind, pps_id, sps_id};

/// A stream has one or two. More are an attack on memory; the oldest go.
const MAX_SETS: usize = 32;

/// The largest set with all its scaling lists stays far below.
const MAX_SET_BYTES: usize = 2 * 1024;

/// Sets by their ids: a new one with the same id takes the place of the old.
#[derive(Debug, Default)]
pub struct Parameters {
    sps: Vec<Set>,
    pps: Vec<Set>,
    generation: u32,
    /// Counts the pictures.
    unit: u32,
}

#[derive(Debug)]
struct Set {
    id: u32,
    data: Vec<u8>,
    /// The picture that it came with last.
    unit: u32,
}

impl Parameters {
    /// Takes in a NAL unit; anything but a parameter set is ignored.
    pub fn insert(&mut self, nal: &[u8]) {
        if nal.len() > MAX_SET_BYTES {
            return;
        }
        let (sets, id) = match nal.first().map(|header| kind(*header)) {
            // Profile, constraints and level come before the id.
            Some(Kind::Sps) if nal.len() > 4 => (&mut self.sps, sps_id(nal)),
            Some(Kind::Pps) if nal.len() > 1 => (&mut self.pps, pps_id(nal)),
            _ => return,
        };
        let unit = self.unit;
        if let Some(set) = sets.iter_mut().find(|set| set.id == id) {
            set.unit = unit;
            if set.data == nal {
                return;
            }
            set.data = nal.to_vec();
        } else {
            if sets.len() == MAX_SETS {
                sets.remove(0);
            }
            let data = nal.to_vec();
            sets.push(Set { id, data, unit });
        }
        self.generation = self.generation.wrapping_add(1);
    }

    /// The sets from here on come with another picture.
    pub fn next_unit(&mut self) {
        self.unit = self.unit.wrapping_add(1);
    }

    /// To be called with each key picture. Where it brought both kinds of sets, those that it did
    /// not bring are of the past: what a camera once sent, or rubbish, must not go along for ever.
    pub fn forget_others(&mut self) {
        let unit = self.unit;
        let brought = |sets: &[Set]| sets.iter().any(|set| set.unit == unit);
        if !brought(&self.sps) || !brought(&self.pps) {
            return;
        }
        let before = self.sps.len() + self.pps.len();
        self.sps.retain(|set| set.unit == unit);
        self.pps.retain(|set| set.unit == unit);
        if self.sps.len() + self.pps.len() < before {
            self.generation = self.generation.wrapping_add(1);
        }
    }

    /// Whether a decoder could start with them.
    pub fn is_complete(&self) -> bool {
        !self.sps.is_empty() && !self.pps.is_empty()
    }

    /// Changes with every change.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// All of them behind their lengths, SPS first. Empty while incomplete.
    pub fn config(&self) -> Vec<u8> {
        let mut unit = Unit::default();
        if self.is_complete() {
            for set in self.sps.iter().chain(&self.pps) {
                unit.append(&set.data);
            }
        }
        unit.into_data()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPS: [u8; 6] = [0x67, 0x4d, 0, 0x2a, 0x95, 0xa8];
    const PPS: [u8; 4] = [0x68, 0xee, 0x3c, 0x80];

    #[test]
    fn replaces_by_id_and_counts_changes() {
        let mut parameters = Parameters::default();
        parameters.insert(&SPS);
        assert!(parameters.config().is_empty());
        parameters.insert(&PPS);
        let (config, generation) = (parameters.config(), parameters.generation());
        assert_eq!(
            config,
            [&[0, 0, 0, 6][..], &SPS, &[0, 0, 0, 4], &PPS].concat()
        );
        parameters.insert(&SPS);
        assert_eq!(parameters.generation(), generation);
        let mut other = SPS;
        other[5] = 1;
        parameters.insert(&other);
        assert_ne!(parameters.generation(), generation);
        assert_eq!(parameters.config().len(), config.len());
    }

    #[test]
    fn a_key_picture_with_both_kinds_brings_all_there_are() {
        let mut parameters = Parameters::default();
        let rubbish = [0x68, 0x30, 7];
        for set in [&SPS[..], &PPS, &rubbish] {
            parameters.insert(set);
        }
        let (whole, generation) = (parameters.config(), parameters.generation());
        // Only one kind: the other one may stand in the session description.
        parameters.next_unit();
        parameters.insert(&SPS);
        parameters.forget_others();
        assert_eq!(parameters.config(), whole);
        parameters.next_unit();
        parameters.insert(&SPS);
        parameters.insert(&PPS);
        parameters.forget_others();
        assert_eq!(parameters.config().len(), whole.len() - 4 - rubbish.len());
        assert_ne!(parameters.generation(), generation);
    }

    #[test]
    fn bounded() {
        let mut parameters = Parameters::default();
        for id in 0..=255u8 {
            parameters.insert(&[0x68, 0, id | 0x80, id, id]);
            parameters.insert(&[0x68, id, id]);
        }
        parameters.insert(&[0x67; MAX_SET_BYTES + 1]);
        parameters.insert(&[]);
        assert!(parameters.pps.len() <= MAX_SETS && parameters.sps.is_empty());
    }
}
