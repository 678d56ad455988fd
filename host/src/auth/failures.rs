//! Failed authentications, counted by address: whoever tries tokens is slowed down.
//!
//! What was presented is checked first, so that a good token is never held up by what others
//! behind the same address do. Only what was presented and is bad counts: a browser that has no
//! cookie yet has not failed.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

/// Failures of one address in a window that are answered as such. Stops the trying out of
/// tokens and tickets.
const MOST_FAILURES: u32 = 100;
/// The window, from an address's first failure on.
const WINDOW: Duration = Duration::from_mins(1);
/// Addresses that are remembered. Stops an attacker who owns many from filling the memory: the
/// oldest is forgotten.
const MOST_ADDRESSES: usize = 10_000;

/// Counts failures. A function of the instants that the caller brings, which never go back.
#[derive(Default)]
pub struct Failures {
    windows: HashMap<IpAddr, Window>,
    /// Those in `windows`, the oldest first.
    begun: VecDeque<IpAddr>,
}

struct Window {
    begun: Instant,
    failures: u32,
}

/// What a failure is to be answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As what it is.
    Tell,
    /// That there were too many; other answers come after this time. `first`: the limit was
    /// passed just now.
    TooMany {
        /// Until the window ends.
        retry_after: Duration,
        /// Whether this failure was the one that passed the limit.
        first: bool,
    },
}

impl Failures {
    /// One more failure of an address.
    pub fn add(&mut self, address: IpAddr, now: Instant) -> Verdict {
        let address = network(address);
        while let Some(oldest) = self.begun.front() {
            let over = self.windows.get(oldest).is_none_or(|w| w.is_over(now));
            let full = self.begun.len() >= MOST_ADDRESSES && !self.windows.contains_key(&address);
            if !over && !full {
                break;
            }
            self.windows.remove(oldest);
            self.begun.pop_front();
        }
        let window = self.windows.entry(address).or_insert_with(|| {
            self.begun.push_back(address);
            Window {
                begun: now,
                failures: 0,
            }
        });
        window.failures = window.failures.saturating_add(1);
        if window.failures <= MOST_FAILURES {
            return Verdict::Tell;
        }
        Verdict::TooMany {
            retry_after: (window.begun + WINDOW).saturating_duration_since(now),
            first: window.failures == MOST_FAILURES + 1,
        }
    }
}

impl Window {
    fn is_over(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.begun) >= WINDOW
    }
}

/// Who is taken to be one: an IPv4 address, or an IPv6 network of 64 bits, since every customer
/// has at least one of these to choose addresses from.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAST: Duration = Duration::from_secs(1);

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn many(failures: &mut Failures, from: &str, count: u32, now: Instant) -> Verdict {
        let verdicts = (0..count).map(|_| failures.add(address(from), now));
        verdicts.last().unwrap()
    }

    #[test]
    fn a_hundred_a_minute() {
        let mut failures = Failures::default();
        let start = Instant::now();
        assert_eq!(many(&mut failures, "10.0.0.1", 100, start), Verdict::Tell);
        let late = start + WINDOW.checked_sub(LAST).unwrap();
        let too_many = |first| Verdict::TooMany {
            retry_after: LAST,
            first,
        };
        assert_eq!(many(&mut failures, "10.0.0.1", 1, late), too_many(true));
        assert_eq!(many(&mut failures, "10.0.0.1", 1, late), too_many(false));
        assert_eq!(many(&mut failures, "10.0.0.2", 1, late), Verdict::Tell);
        let after = start + WINDOW;
        assert_eq!(many(&mut failures, "10.0.0.1", 100, after), Verdict::Tell);
    }

    #[test]
    fn who_is_one() {
        let mut failures = Failures::default();
        let now = Instant::now();
        many(&mut failures, "10.0.0.1", 100, now);
        assert_ne!(
            many(&mut failures, "::ffff:10.0.0.1", 1, now),
            Verdict::Tell
        );
        many(&mut failures, "2001:db8:0:1::1", 50, now);
        many(&mut failures, "2001:db8:0:1:ffff::2", 50, now);
        assert_ne!(
            many(&mut failures, "2001:db8:0:1::3", 1, now),
            Verdict::Tell
        );
        assert_eq!(
            many(&mut failures, "2001:db8:0:2::1", 1, now),
            Verdict::Tell
        );
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_goes_first() {
        let mut failures = Failures::default();
        let now = Instant::now();
        many(&mut failures, "192.0.2.1", 101, now);
        for number in 0..MOST_ADDRESSES as u32 * 2 {
            let other = IpAddr::from(std::net::Ipv4Addr::from_bits(number));
            assert_eq!(failures.add(other, now), Verdict::Tell);
            assert!(failures.windows.len() <= MOST_ADDRESSES);
            assert_eq!(failures.windows.len(), failures.begun.len());
        }
        assert_eq!(many(&mut failures, "192.0.2.1", 1, now), Verdict::Tell);
        failures.add(address("192.0.2.2"), now + WINDOW);
        assert_eq!(failures.windows.len(), 1, "what is over is forgotten");
    }
}
