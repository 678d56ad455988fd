//! The frame header: how a picture is coded and how large it is (ISO/IEC 10918-1, B.2.2).

/// Baseline, the coding of nearly all cameras (SOF0).
const BASELINE: u8 = 0;
/// Extended sequential with Huffman codes (SOF1).
const EXTENDED: u8 = 1;
/// Macroblocks of a picture that H.264 can hold: level 6.2 (ITU-T H.264, table A-1).
const MAX_MACROBLOCKS: u32 = 139_264;
/// Macroblocks of a side: the root of eight times that (A.3.1).
const MAX_SIDE_MACROBLOCKS: u32 = 1_055;

/// What a frame header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// The kind of coding: the low nibble of the `SOFn` marker.
    pub coding: u8,
    /// Bits a sample.
    pub precision: u8,
    /// In pixels.
    pub width: u16,
    /// In pixels; 0 where it is told after the first scan.
    pub height: u16,
}

impl Frame {
    /// Bytes of the header that are looked at.
    pub(super) const BYTES: usize = 6;

    /// Of the content of a `SOFn` segment.
    pub(super) fn new(coding: u8, content: [u8; Self::BYTES]) -> Self {
        let [precision, h1, h0, w1, w0, _] = content;
        Self {
            coding,
            precision,
            width: u16::from_be_bytes([w1, w0]),
            height: u16::from_be_bytes([h1, h0]),
        }
    }

    /// Whether the typical Huffman tables may be meant where it has none.
    pub fn is_sequential(&self) -> bool {
        matches!(self.coding, BASELINE | EXTENDED)
    }

    /// Why such a picture is not to be handed to the host; none where it is. Only what any
    /// decoder of a camera's MJPEG can show is: sequential, Huffman codes, 8 bits, a size that
    /// can be recorded.
    pub fn refusal(&self) -> Option<&'static str> {
        match self.coding {
            BASELINE | EXTENDED => {}
            2 => return Some("they are progressive JPEGs"),
            3 => return Some("they are lossless JPEGs"),
            5..=7 => return Some("they are hierarchical JPEGs"),
            _ => return Some("they are JPEGs with arithmetic coding"),
        }
        if self.precision != 8 {
            return Some("they have more than 8 bits a sample");
        }
        let [wide, high] = [self.width, self.height].map(|side| u32::from(side).div_ceil(16));
        if wide == 0 || high == 0 {
            return Some("they do not say how large they are");
        }
        if wide.max(high) > MAX_SIDE_MACROBLOCKS || wide * high > MAX_MACROBLOCKS {
            return Some("they are larger than 35 megapixels or 16,880 pixels a side");
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(coding: u8, precision: u8, width: u16, height: u16) -> Option<&'static str> {
        let [h1, h0] = height.to_be_bytes();
        let [w1, w0] = width.to_be_bytes();
        let frame = Frame::new(coding, [precision, h1, h0, w1, w0, 3]);
        assert_eq!((frame.width, frame.height), (width, height));
        frame.refusal()
    }

    #[test]
    fn what_cameras_send_is_taken() {
        for (coding, width, height) in [(0, 640, 480), (1, 1, 1), (0, 8192, 4320), (0, 16_880, 16)]
        {
            assert_eq!(refusal(coding, 8, width, height), None);
        }
    }

    #[test]
    fn the_rest_is_refused_with_its_reason() {
        for (coding, reason) in [
            (2, "progressive"),
            (3, "lossless"),
            (5, "hierarchical"),
            (9, "arithmetic"),
            (10, "arithmetic"),
            (15, "arithmetic"),
        ] {
            assert!(refusal(coding, 8, 640, 480).unwrap().contains(reason));
        }
        assert!(refusal(1, 12, 640, 480).unwrap().contains("8 bits"));
        for (width, height) in [(0, 480), (640, 0)] {
            assert!(refusal(0, 8, width, height).unwrap().contains("how large"));
        }
        for (width, height) in [(u16::MAX, u16::MAX), (16_881, 16), (8192, 4368)] {
            assert!(refusal(0, 8, width, height).unwrap().contains("megapixels"));
        }
    }
}
