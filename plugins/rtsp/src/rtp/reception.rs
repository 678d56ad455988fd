//! What a receiver counts for its reports (RFC 3550, section 6.4.1 and appendix A). Pure.

use padelvar_sdk::Microseconds;

use super::packet::Rtp;

/// RFC 3550, appendix A.1: a step further than this is a sender that began anew.
const MAX_DROPOUT: u16 = 3_000;
const MAX_MISORDER: u16 = 100;

/// A report block: how one source is received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// The source.
    pub ssrc: u32,
    /// Lost since the last report, in 1/256.
    pub fraction_lost: u8,
    /// Lost since the beginning; negative where packets came twice. 24 bits.
    pub lost: i32,
    /// Highest sequence number, with the times it wrapped around above it.
    pub highest: u32,
    /// Mean deviation of the packets' spacing, in ticks.
    pub jitter: u32,
    /// Middle 32 bits of the last sender report's NTP time, 0 for none.
    pub last_report: u32,
    /// Time since that report came, in 1/65536 s.
    pub delay: u32,
}

/// The source that is received now.
#[derive(Debug)]
struct Source {
    ssrc: u32,
    base: u32,
    /// Sequence number with the times it wrapped around above it.
    highest: u32,
    received: u32,
    expected_before: u32,
    received_before: u32,
    /// Arrival minus timestamp, in ticks, wrapping.
    transit: u32,
    /// Jitter in 1/16 ticks (appendix A.8).
    jitter: u32,
    /// A far-off sequence number: a second one that follows it is a new beginning.
    bad: Option<u16>,
    /// The last sender report: NTP's middle 32 bits, arrival.
    report: Option<(u32, Microseconds)>,
}

/// The statistics of one stream.
#[derive(Debug)]
pub struct Reception {
    clock_rate: u32,
    source: Option<Source>,
}

impl Reception {
    /// Before the first packet. `clock_rate`: ticks a second.
    pub fn new(clock_rate: u32) -> Self {
        Self {
            clock_rate,
            source: None,
        }
    }

    /// Whether anything came.
    pub fn is_begun(&self) -> bool {
        self.source.is_some()
    }

    /// Counts a packet.
    pub fn packet(&mut self, rtp: &Rtp<'_>, arrived: Microseconds) {
        let ticks = u128::from(arrived) * u128::from(self.clock_rate) / 1_000_000;
        let transit = (ticks as u32).wrapping_sub(rtp.timestamp);
        match &mut self.source {
            Some(source) if source.ssrc == rtp.ssrc => source.packet(rtp.sequence, transit),
            _ => self.source = Some(Source::new(rtp, transit)),
        }
    }

    /// Remembers a sender report.
    pub fn report(&mut self, ssrc: u32, ntp: u64, arrived: Microseconds) {
        if let Some(source) = self.source.as_mut().filter(|source| source.ssrc == ssrc) {
            source.report = Some(((ntp >> 16) as u32, arrived));
        }
    }

    /// What to report at `now`; the fraction counts from here on anew.
    pub fn block(&mut self, now: Microseconds) -> Option<Block> {
        self.source.as_mut().map(|source| source.block(now))
    }
}

impl Source {
    fn new(rtp: &Rtp<'_>, transit: u32) -> Self {
        let first = u32::from(rtp.sequence);
        Self {
            ssrc: rtp.ssrc,
            base: first,
            highest: first,
            received: 1,
            expected_before: 0,
            received_before: 0,
            transit,
            jitter: 0,
            bad: None,
            report: None,
        }
    }

    fn packet(&mut self, sequence: u16, transit: u32) {
        let ahead = sequence.wrapping_sub(self.highest as u16);
        if ahead < MAX_DROPOUT {
            self.highest = self.highest.wrapping_add(u32::from(ahead));
        } else if ahead <= u16::MAX - MAX_MISORDER {
            if self.bad != Some(sequence) {
                self.bad = Some(sequence.wrapping_add(1));
                return;
            }
            self.base = u32::from(sequence);
            self.highest = self.base;
            self.received = 0;
            self.expected_before = 0;
            self.received_before = 0;
        }
        self.bad = None;
        self.received = self.received.wrapping_add(1);
        let change = transit.wrapping_sub(self.transit) as i32;
        self.transit = transit;
        // A sender whose clock jumps may bring this to the top; there it stays without overflow.
        let decay = self.jitter.saturating_add(8) >> 4;
        self.jitter = (self.jitter - decay).saturating_add(change.unsigned_abs());
    }

    fn block(&mut self, now: Microseconds) -> Block {
        let expected = self.highest.wrapping_sub(self.base).wrapping_add(1);
        let lost = i64::from(expected) - i64::from(self.received);
        let expected_now = expected.wrapping_sub(self.expected_before);
        let received_now = self.received.wrapping_sub(self.received_before);
        self.expected_before = expected;
        self.received_before = self.received;
        let lost_now = u64::from(expected_now.saturating_sub(received_now));
        let fraction = (lost_now << 8).checked_div(u64::from(expected_now));
        let delay = self.report.map_or(0, |(_, at)| {
            u128::from(now.saturating_sub(at)) * 65_536 / 1_000_000
        });
        Block {
            ssrc: self.ssrc,
            fraction_lost: fraction.unwrap_or(0).min(255) as u8,
            lost: lost.clamp(-0x80_0000, 0x7f_ffff) as i32,
            highest: self.highest,
            jitter: self.jitter >> 4,
            last_report: self.report.map_or(0, |(middle, _)| middle),
            delay: u32::try_from(delay).unwrap_or(u32::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(reception: &mut Reception, ssrc: u8, sequence: u16, timestamp: u32, at_us: u64) {
        let mut bytes = vec![0x80, 96];
        bytes.extend(sequence.to_be_bytes());
        bytes.extend(timestamp.to_be_bytes());
        bytes.extend([0, 0, 0, ssrc]);
        reception.packet(&Rtp::parse(&bytes).unwrap(), at_us);
    }

    #[test]
    fn losses_and_the_wrap() {
        let mut reception = Reception::new(90_000);
        assert_eq!(reception.block(0), None);
        for sequence in [65_534u16, 65_535, 2, 3, 1] {
            packet(&mut reception, 9, sequence, 0, 0);
        }
        let block = reception.block(0).unwrap();
        // Six were expected, five came.
        assert_eq!((block.lost, block.fraction_lost), (1, 42));
        assert_eq!(block.highest, 65_536 + 3);
        packet(&mut reception, 9, 4, 0, 0);
        let block = reception.block(0).unwrap();
        assert_eq!((block.lost, block.fraction_lost), (1, 0));
        // Twice the same: negative in the end.
        for _ in 0..3 {
            packet(&mut reception, 9, 4, 0, 0);
        }
        assert_eq!(reception.block(0).unwrap().lost, -2);
    }

    #[test]
    fn a_new_beginning_and_a_new_source() {
        let mut reception = Reception::new(90_000);
        packet(&mut reception, 9, 10, 0, 0);
        packet(&mut reception, 9, 30_000, 0, 0);
        assert_eq!(reception.block(0).unwrap().highest, 10, "one is stale data");
        packet(&mut reception, 9, 30_001, 0, 0);
        assert_eq!(reception.block(0).unwrap().highest, 30_001);
        packet(&mut reception, 8, 5, 0, 0);
        let block = reception.block(0).unwrap();
        assert_eq!((block.ssrc, block.highest, block.lost), (8, 5, 0));
    }

    #[test]
    fn jitter_and_delays() {
        let mut reception = Reception::new(90_000);
        // Spaced evenly by 40 ms, every second one 2 ms late.
        for number in 0..200u32 {
            let late = u64::from(number % 2) * 2_000;
            let at = u64::from(number) * 40_000 + late;
            packet(&mut reception, 9, number as u16, number * 3_600, at);
        }
        let jitter = reception.block(0).unwrap().jitter;
        assert!((170..=185).contains(&jitter), "{jitter} of 180 ticks");
        reception.report(8, 1, 0);
        reception.report(9, 0x1122_3344_5566_7788, 1_000_000);
        let block = reception.block(1_500_000).unwrap();
        assert_eq!((block.last_report, block.delay), (0x3344_5566, 32_768));
    }

    #[test]
    fn a_clock_that_jumps_back_and_forth_overflows_nothing() {
        let mut reception = Reception::new(90_000);
        for number in 0..100u16 {
            packet(&mut reception, 9, number, u32::from(number % 2) << 31, 0);
        }
        assert_eq!(reception.block(0).unwrap().jitter, u32::MAX >> 4);
    }

    #[test]
    fn any_packets_are_counted() {
        bolero::check!()
            .with_type::<Vec<(u8, u16, u32, u32)>>()
            .for_each(|packets| {
                let mut reception = Reception::new(90_000);
                for (ssrc, sequence, timestamp, at) in packets {
                    packet(
                        &mut reception,
                        *ssrc & 1,
                        *sequence,
                        *timestamp,
                        u64::from(*at),
                    );
                    if *timestamp % 7 == 0 {
                        reception.block(u64::from(*at));
                    }
                }
            });
    }
}
