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
    sps: Vec<(u32, Vec<u8>)>,
    pps: Vec<(u32, Vec<u8>)>,
    generation: u32,
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
        match sets.iter_mut().find(|(have, _)| *have == id) {
            Some((_, set)) if set == nal => return,
            Some((_, set)) => *set = nal.to_vec(),
            None => {
                if sets.len() == MAX_SETS {
                    sets.remove(0);
                }
                sets.push((id, nal.to_vec()));
            }
        }
        self.generation = self.generation.wrapping_add(1);
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
            for (_, set) in self.sps.iter().chain(&self.pps) {
                unit.append(set);
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
