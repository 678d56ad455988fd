//! RTP packets (RFC 3550 5.1) in interleaved frames (RFC 2326 10.12).

/// RTP header and payload of a packet together, where the payload can be cut.
pub(super) const MTU: usize = 1400;
/// Bytes of an RTP header without extensions.
pub(super) const RTP_HEADER: usize = 12;
const FRAME_HEADER: usize = 4;
/// The largest NAL unit of mode 0: the interleaved length has 16 bits.
pub(super) const MAX_SINGLE_NAL: usize = 0xFFFF - RTP_HEADER;

/// Interleaved frames, one after the other.
#[derive(Debug, Default)]
pub(super) struct Frames {
    data: Vec<u8>,
    starts: Vec<usize>,
}

impl Frames {
    pub(super) fn clear(&mut self) {
        self.data.clear();
        self.starts.clear();
    }

    /// All of them as they go over TCP.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.data
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        let start = |i: usize| self.starts.get(i).copied().unwrap_or(self.data.len());
        (0..self.starts.len()).map(move |i| &self.data[start(i)..start(i + 1)])
    }

    /// Appends a frame of these parts.
    pub(super) fn push(&mut self, channel: u8, parts: &[&[u8]]) {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        self.starts.push(self.data.len());
        self.data.reserve(FRAME_HEADER + length);
        self.data.extend_from_slice(&[b'$', channel]);
        let size = length.min(0xFFFF) as u16;
        self.data.extend_from_slice(&size.to_be_bytes());
        for part in parts {
            self.data.extend_from_slice(part);
        }
    }

    /// Appends a frame that is whole already.
    pub(super) fn append(&mut self, frame: &[u8]) {
        self.starts.push(self.data.len());
        self.data.extend_from_slice(frame);
    }

    /// Lets the last frame claim this length.
    pub(super) fn claim(&mut self, length: u16) {
        if let Some(start) = self.starts.last() {
            self.data[start + 2..start + 4].copy_from_slice(&length.to_be_bytes());
        }
    }
}

/// Channel and payload of a frame.
pub(super) fn open(frame: &[u8]) -> Option<(u8, &[u8])> {
    Some((*frame.get(1)?, frame.get(FRAME_HEADER..)?))
}

/// Makes the packets of one source and counts them.
#[derive(Debug)]
pub(super) struct Rtp {
    /// The interleaved channel; the one after it carries RTCP.
    pub(super) channel: u8,
    pub(super) payload_type: u8,
    pub(super) ssrc: u32,
    pub(super) sequence: u16,
    pub(super) packets: u32,
    pub(super) octets: u32,
}

impl Rtp {
    pub(super) fn new(channel: u8, payload_type: u8, ssrc: u32, sequence: u16) -> Self {
        Self {
            channel,
            payload_type,
            ssrc,
            sequence,
            packets: 0,
            octets: 0,
        }
    }

    /// Appends a packet with a payload of these parts.
    pub(super) fn packet(
        &mut self,
        out: &mut Frames,
        timestamp: u32,
        marker: bool,
        payload: &[&[u8]],
    ) {
        let mut header = [0x80; RTP_HEADER];
        header[1] = self.payload_type | u8::from(marker) << 7;
        header[2..4].copy_from_slice(&self.sequence.to_be_bytes());
        header[4..8].copy_from_slice(&timestamp.to_be_bytes());
        header[8..].copy_from_slice(&self.ssrc.to_be_bytes());
        let mut parts: Vec<&[u8]> = Vec::with_capacity(payload.len() + 1);
        parts.push(&header);
        parts.extend_from_slice(payload);
        out.push(self.channel, &parts);
        let length: usize = payload.iter().map(|part| part.len()).sum();
        self.sequence = self.sequence.wrapping_add(1);
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(length as u32);
    }
}
