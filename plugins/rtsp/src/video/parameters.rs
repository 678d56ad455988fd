//! The parameter sets that are in force.

use core::marker::PhantomData;

use super::syntax::{Kind, SetName, Syntax};
use super::unit::Unit;

/// Sets of one kind. A stream has one or two; more are an attack on memory, and the
/// oldest go.
const MAX_SETS: usize = 32;

/// The largest set with all its scaling lists stays far below.
const MAX_SET_BYTES: usize = 2 * 1024;

/// Sets by their ids: a new one with the same id takes the place of the old.
#[derive(Debug)]
pub struct Parameters<S> {
    /// By rank, then in the order in which they came.
    sets: Vec<Set>,
    generation: u32,
    /// Counts the pictures.
    unit: u32,
    syntax: PhantomData<S>,
}

#[derive(Debug)]
struct Set {
    name: SetName,
    data: Vec<u8>,
    /// The picture that it came with last.
    unit: u32,
}

impl<S> Default for Parameters<S> {
    fn default() -> Self {
        Self {
            sets: Vec::new(),
            generation: 0,
            unit: 0,
            syntax: PhantomData,
        }
    }
}

impl<S: Syntax> Parameters<S> {
    /// Takes in a NAL unit; anything but a parameter set is ignored.
    pub fn insert(&mut self, nal: &[u8]) {
        let Kind::Set(name) = S::kind(nal) else {
            return;
        };
        if nal.len() > MAX_SET_BYTES {
            return;
        }
        let unit = self.unit;
        if let Some(set) = self.sets.iter_mut().find(|set| set.name == name) {
            set.unit = unit;
            if set.data == nal {
                return;
            }
            set.data = nal.to_vec();
        } else {
            let of_rank = |set: &Set| set.name.rank == name.rank;
            if self.sets.iter().filter(|set| of_rank(set)).count() == MAX_SETS
                && let Some(oldest) = self.sets.iter().position(of_rank)
            {
                self.sets.remove(oldest);
            }
            let at = self.sets.partition_point(|set| set.name.rank <= name.rank);
            let data = nal.to_vec();
            self.sets.insert(at, Set { name, data, unit });
        }
        self.generation = self.generation.wrapping_add(1);
    }

    /// The sets from here on come with another picture.
    pub fn next_unit(&mut self) {
        self.unit = self.unit.wrapping_add(1);
    }

    /// To be called with each key picture. Where it brought all kinds of sets, those that it did
    /// not bring are of the past: what a camera once sent, or rubbish, must not go along for ever.
    pub fn forget_others(&mut self) {
        let unit = self.unit;
        if !self.has_every_rank(|set| set.unit == unit) {
            return;
        }
        let before = self.sets.len();
        self.sets.retain(|set| set.unit == unit);
        if self.sets.len() < before {
            self.generation = self.generation.wrapping_add(1);
        }
    }

    fn has_every_rank(&self, counts: impl Fn(&Set) -> bool) -> bool {
        let has = |rank| {
            self.sets
                .iter()
                .any(|set| set.name.rank == rank && counts(set))
        };
        (0..S::RANKS).all(has)
    }

    /// Whether a decoder could start with them.
    pub fn is_complete(&self) -> bool {
        self.has_every_rank(|_| true)
    }

    /// Changes with every change.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// All of them behind their lengths, by rank. Empty while incomplete.
    pub fn config(&self) -> Vec<u8> {
        let mut unit = Unit::default();
        if self.is_complete() {
            for set in &self.sets {
                unit.append(&set.data);
            }
        }
        unit.into_data()
    }
}

#[cfg(test)]
mod tests {
    use super::super::h264::Avc;
    use super::*;

    const SPS: [u8; 6] = [0x67, 0x4d, 0, 0x2a, 0x95, 0xa8];
    const PPS: [u8; 4] = [0x68, 0xee, 0x3c, 0x80];

    #[test]
    fn replaces_by_id_and_counts_changes() {
        let mut parameters = Parameters::<Avc>::default();
        parameters.insert(&PPS);
        assert!(parameters.config().is_empty());
        parameters.insert(&SPS);
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
    fn a_key_picture_with_all_kinds_brings_all_there_are() {
        let mut parameters = Parameters::<Avc>::default();
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
        let mut parameters = Parameters::<Avc>::default();
        for id in 0..=255u8 {
            parameters.insert(&[0x68, 0, id | 0x80, id, id]);
            parameters.insert(&[0x68, id, id]);
        }
        parameters.insert(&[0x67; MAX_SET_BYTES + 1]);
        parameters.insert(&[]);
        assert!(parameters.sets.len() <= MAX_SETS && !parameters.is_complete());
    }
}
