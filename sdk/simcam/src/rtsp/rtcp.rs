//! RTCP sender reports (RFC 3550 6.4.1) with the obligatory name (6.5).

use std::time::Duration;

/// Seconds from 1900, where NTP begins, to 1970.
const NTP_EPOCH: u64 = 2_208_988_800;

/// What a report says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Report {
    pub(super) ssrc: u32,
    /// Time since 1970.
    pub(super) unix: Duration,
    /// The RTP timestamp of the same moment.
    pub(super) rtp_timestamp: u32,
    pub(super) packets: u32,
    pub(super) octets: u32,
}

impl Report {
    /// A compound packet: the report and the source's name.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let seconds = (self.unix.as_secs() + NTP_EPOCH) as u32;
        let fraction = ((u64::from(self.unix.subsec_nanos()) << 32) / 1_000_000_000) as u32;
        let mut out = vec![0x80, 200, 0, 6];
        for word in [
            self.ssrc,
            seconds,
            fraction,
            self.rtp_timestamp,
            self.packets,
            self.octets,
        ] {
            out.extend_from_slice(&word.to_be_bytes());
        }
        // SDES with one chunk: CNAME "simcam", ended and padded by zeros.
        out.extend_from_slice(&[0x81, 202, 0, 4]);
        out.extend_from_slice(&self.ssrc.to_be_bytes());
        out.extend_from_slice(b"\x01\x06simcam\0\0\0\0");
        out
    }
}

#[cfg(test)]
mod tests {
    use super::Report;
    use std::time::Duration;

    #[test]
    fn lengths_and_ntp_time() {
        let report = Report {
            ssrc: 1,
            unix: Duration::from_millis(1_500),
            rtp_timestamp: 9,
            packets: 2,
            octets: 3,
        };
        let bytes = report.bytes();
        assert_eq!(bytes.len(), (6 + 1) * 4 + (4 + 1) * 4);
        assert_eq!(bytes[8..12], 2_208_988_801_u32.to_be_bytes());
        assert_eq!(bytes[12..16], 0x8000_0000_u32.to_be_bytes());
    }
}
