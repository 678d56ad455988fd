//! ADTS (ISO/IEC 13818-7, section 6.2): AAC with a header before each frame.

use super::AacConfig;

/// Samples in a frame.
const FRAME_SAMPLES: u64 = 1024;

/// A PES packet of sound holds some frames; what is larger is cut off.
const MAX_BYTES: usize = 256 * 1024;

/// One frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// In force.
    pub config: AacConfig,
    /// Presentation time, 90 kHz.
    pub pts: u64,
    /// The raw access unit.
    pub data: Vec<u8>,
}

/// Cuts a stream into frames.
#[derive(Debug, Default)]
pub struct Adts {
    buffer: Vec<u8>,
    /// Time of the next frame, and what is left of a tick.
    next: Option<(u64, u64)>,
    skipped: u32,
}

impl Adts {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets what was begun: bytes are missing.
    pub fn interrupt(&mut self) {
        self.buffer.clear();
        self.next = None;
    }

    /// Frames and stretches that could not be used, since the last call.
    pub fn take_skipped(&mut self) -> u32 {
        core::mem::take(&mut self.skipped)
    }

    /// Takes the payload of a PES packet. `pts` is that of the first frame that begins in it.
    pub fn push(&mut self, bytes: &[u8], pts: Option<u64>, frames: &mut Vec<Frame>) {
        let begins = self.buffer.len();
        let mut pts = pts;
        self.buffer
            .extend_from_slice(&bytes[..bytes.len().min(MAX_BYTES)]);
        let mut at = 0;
        let mut in_step = true;
        while let Some(rest) = self.buffer.get(at..).filter(|rest| rest.len() >= 7) {
            let Some(header) = Header::parse(rest) else {
                self.skipped += u32::from(in_step);
                in_step = false;
                at += 1;
                continue;
            };
            let Some(frame) = rest.get(header.payload_at..header.len) else {
                break;
            };
            in_step = true;
            if at >= begins
                && let Some(pts) = pts.take()
            {
                self.next = Some((pts, 0));
            }
            at += header.len;
            let rate = u64::from(header.config.rate);
            if let Some((pts, part)) = &mut self.next {
                if !frame.is_empty() && header.blocks == 1 {
                    frames.push(Frame {
                        config: header.config,
                        pts: *pts,
                        data: frame.to_vec(),
                    });
                } else {
                    self.skipped += 1;
                }
                let ticks = *part + FRAME_SAMPLES * header.blocks * 90_000;
                (*pts, *part) = (pts.saturating_add(ticks / rate), ticks % rate);
            }
        }
        self.buffer.drain(..at.min(self.buffer.len()));
        // A frame of 13 bits of length would have ended.
        if self.buffer.len() > 16 * 1024 {
            self.interrupt();
        }
    }
}

struct Header {
    config: AacConfig,
    payload_at: usize,
    len: usize,
    /// Raw data blocks, 1 to 4.
    blocks: u64,
}

impl Header {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let &[0xff, b1, b2, b3, b4, b5, b6, ..] = bytes else {
            return None;
        };
        if b1 & 0xf6 != 0xf0 {
            return None;
        }
        let payload_at = if b1 & 1 == 0 { 9 } else { 7 };
        let len = usize::from(b3 & 3) << 11 | usize::from(b4) << 3 | usize::from(b5 >> 5);
        if len < payload_at {
            return None;
        }
        Some(Self {
            config: AacConfig::new((b2 >> 6) + 1, b2 >> 2 & 0xf, (b2 & 1) << 2 | b3 >> 6)?,
            payload_at,
            len,
            blocks: u64::from(b6 & 3) + 1,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame of AAC-LC, 44.1 kHz, stereo.
    fn frame(payload: &[u8]) -> Vec<u8> {
        let len = payload.len() + 7;
        let mut bytes = vec![
            0xff,
            0xf1,
            0x50,
            0x80,
            (len >> 3) as u8,
            (len << 5) as u8 | 0x1f,
            0xfc,
        ];
        bytes.extend(payload);
        bytes
    }

    #[test]
    fn frames_across_packets_keep_their_times() {
        let stream: Vec<u8> = (0..4u8).flat_map(|n| frame(&[n; 10])).collect();
        let mut adts = Adts::new();
        let mut frames = Vec::new();
        adts.push(&stream[..25], Some(900), &mut frames);
        adts.push(&stream[25..], Some(100_000), &mut frames);
        let times: Vec<u64> = frames.iter().map(|frame| frame.pts).collect();
        assert_eq!(times, [900, 2989, 100_000, 102_089]);
        assert_eq!(frames[3].data, [3; 10]);
        assert_eq!(
            (frames[0].config.rate, frames[0].config.channels),
            (44_100, 2)
        );
        assert_eq!(adts.take_skipped(), 0);
    }

    #[test]
    fn finds_its_way_back() {
        let mut adts = Adts::new();
        let mut frames = Vec::new();
        let stream = [&[1, 2, 0xff, 0xff][..], &frame(&[7; 5])].concat();
        adts.push(&stream, Some(0), &mut frames);
        assert_eq!(frames.len(), 1);
        assert_eq!(adts.take_skipped(), 1);
    }

    #[test]
    fn any_bytes_are_bounded() {
        bolero::check!().for_each(|input: &[u8]| {
            let mut adts = Adts::new();
            let mut frames = Vec::new();
            for piece in input.chunks(50) {
                adts.push(piece, Some(1), &mut frames);
                assert!(adts.buffer.len() <= 16 * 1024);
            }
        });
    }
}
