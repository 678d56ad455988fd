//! The RTP header (RFC 3550, section 5.1).

/// Why bytes are not an RTP packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RtpError {
    /// Fewer bytes than the header says.
    #[error("the packet is cut short")]
    Short,
    /// Not version 2.
    #[error("not RTP version 2")]
    Version,
    /// More padding than payload.
    #[error("more padding than payload")]
    Padding,
}

/// One packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rtp<'a> {
    /// For video: the last packet of a picture, if the camera is honest.
    pub marker: bool,
    /// 0 to 127.
    pub payload_type: u8,
    /// Counts packets.
    pub sequence: u16,
    /// In ticks of the track.
    pub timestamp: u32,
    /// Who sends.
    pub ssrc: u32,
    /// Without padding; may be empty.
    pub payload: &'a [u8],
}

impl<'a> Rtp<'a> {
    /// Takes a packet apart: contributing sources and extension are stepped over.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, RtpError> {
        let (head, rest) = bytes.split_first_chunk::<12>().ok_or(RtpError::Short)?;
        if head[0] >> 6 != 2 {
            return Err(RtpError::Version);
        }
        let sources = 4 * usize::from(head[0] & 0x0f);
        let mut payload = rest.get(sources..).ok_or(RtpError::Short)?;
        if head[0] & 0x10 != 0 {
            let (extension, after) = payload.split_first_chunk::<4>().ok_or(RtpError::Short)?;
            let words = usize::from(u16::from_be_bytes([extension[2], extension[3]]));
            payload = after.get(4 * words..).ok_or(RtpError::Short)?;
        }
        if head[0] & 0x20 != 0
            && let Some(padding) = payload.last()
        {
            // A count of 0 is wrong, and harmless.
            let kept = payload.len().checked_sub(usize::from(*padding));
            payload = &payload[..kept.ok_or(RtpError::Padding)?];
        }
        Ok(Self {
            marker: head[1] & 0x80 != 0,
            payload_type: head[1] & 0x7f,
            sequence: u16::from_be_bytes([head[2], head[3]]),
            timestamp: u32::from_be_bytes([head[4], head[5], head[6], head[7]]),
            ssrc: u32::from_be_bytes([head[8], head[9], head[10], head[11]]),
            payload,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(first: u8, rest: &[u8]) -> Vec<u8> {
        [&[first, 0xe0, 0, 7, 0, 0, 0, 8, 0, 0, 0, 9][..], rest].concat()
    }

    #[test]
    fn header_sources_extension_and_padding() {
        let plain = packet(0x80, b"ab");
        let rtp = Rtp::parse(&plain).unwrap();
        assert_eq!(
            rtp,
            Rtp {
                marker: true,
                payload_type: 96,
                sequence: 7,
                timestamp: 8,
                ssrc: 9,
                payload: b"ab"
            }
        );
        let all = packet(
            0xb1,
            &[1, 1, 1, 1, 0xbe, 0xde, 0, 1, 2, 2, 2, 2, b'x', 0, 2],
        );
        assert_eq!(Rtp::parse(&all).unwrap().payload, b"x");
        assert_eq!(
            Rtp::parse(&packet(0xa0, &[b'x', 0])).unwrap().payload,
            b"x\0"
        );
        assert_eq!(Rtp::parse(&packet(0xa0, &[])).unwrap().payload, b"");
    }

    #[test]
    fn refuses_what_is_none() {
        assert_eq!(Rtp::parse(&[0x80; 11]), Err(RtpError::Short));
        assert_eq!(Rtp::parse(&packet(0x40, b"")), Err(RtpError::Version));
        assert_eq!(Rtp::parse(&packet(0x8f, b"")), Err(RtpError::Short));
        assert_eq!(
            Rtp::parse(&packet(0x90, &[0, 0, 0, 9])),
            Err(RtpError::Short)
        );
        assert_eq!(Rtp::parse(&packet(0xa0, &[3])), Err(RtpError::Padding));
    }
}
