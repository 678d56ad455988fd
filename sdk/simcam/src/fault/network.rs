//! What a network does to datagrams.

use std::time::Duration;

use crate::rng::Rng;

/// How bad the network is between the camera and its clients over UDP. Shares are 0 to 1.
///
/// The same seed gives the same fate to the same packets of every client: what a packet's number
/// on its channel decides, and not the time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Network {
    /// Share of packets that get lost.
    pub loss: f64,
    /// Share of packets that arrive behind others, by [`Network::delay`].
    pub reorder: f64,
    /// By how much a packet is late that arrives behind others.
    pub delay: Duration,
    /// Share of packets that arrive twice.
    pub duplicate: f64,
    /// Every packet is late by up to this, without a change of their order.
    pub jitter: Duration,
    /// Seed of all that happens by chance.
    pub seed: u64,
}

impl Default for Network {
    /// A good one, which loses nothing.
    fn default() -> Self {
        Self {
            loss: 0.0,
            reorder: 0.0,
            delay: Duration::from_millis(30),
            duplicate: 0.0,
            jitter: Duration::ZERO,
            seed: 1,
        }
    }
}

/// What becomes of one packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fate {
    pub(crate) lost: bool,
    /// Later packets may overtake it.
    pub(crate) overtaken: bool,
    pub(crate) twice: bool,
    pub(crate) late: Duration,
}

/// The fates of the packets of one channel, one after the other.
#[derive(Debug)]
pub(crate) struct Fates(Rng);

impl Fates {
    pub(crate) fn new(seed: u64, channel: u8) -> Self {
        Self(Rng::new(seed ^ u64::from(channel) << 56))
    }

    pub(crate) fn next(&mut self, network: &Network) -> Fate {
        // Always as many numbers, so that one setting does not change what another one does.
        let lost = self.0.chance(network.loss);
        let overtaken = self.0.chance(network.reorder);
        let twice = self.0.chance(network.duplicate);
        let part = (self.0.next() >> 40) as f64 / (1_u64 << 24) as f64;
        let late = if overtaken {
            network.delay
        } else {
            network.jitter.mul_f64(part)
        };
        Fate {
            lost,
            overtaken,
            twice,
            late,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Fates, Network};
    use std::time::Duration;

    #[test]
    fn the_same_seed_is_the_same_network() {
        let network = Network {
            loss: 0.1,
            reorder: 0.05,
            duplicate: 0.02,
            jitter: Duration::from_millis(10),
            ..Network::default()
        };
        let fates = |seed| {
            let mut fates = Fates::new(seed, 0);
            (0..2000).map(|_| fates.next(&network)).collect::<Vec<_>>()
        };
        let made = fates(3);
        assert_eq!(made, fates(3));
        assert_ne!(made, fates(4));
        let count = |fits: fn(&super::Fate) -> bool| made.iter().filter(|fate| fits(fate)).count();
        assert!((140..260).contains(&count(|fate| fate.lost)));
        assert!((60..140).contains(&count(|fate| fate.overtaken)));
        assert!((20..65).contains(&count(|fate| fate.twice)));
        assert!(made.iter().all(|fate| fate.late <= network.delay));
    }

    #[test]
    fn a_good_one_does_nothing() {
        let mut fates = Fates::new(1, 2);
        for _ in 0..100 {
            let fate = fates.next(&Network::default());
            assert!(!fate.lost && !fate.overtaken && !fate.twice && fate.late.is_zero());
        }
    }
}
