//! Pictures made into something that no decoder likes.

use bytes::Bytes;

use super::Faults;
use crate::clip::{Codec, hevc};

/// Bytes of a slice that stay: its head says what kind of picture it is.
const SLICE_HEAD: usize = 12;

/// What becomes of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spoil {
    /// The heads stay, the rest is noise.
    Noise,
    /// Random bytes.
    Rubbish,
}

impl Spoil {
    /// A NAL unit of that codec as it goes out. The parameter sets are heads.
    pub(crate) fn unit(self, faults: &Faults, codec: Codec, unit: &Bytes) -> Bytes {
        let (is_slice, header) = if codec == Codec::H265 {
            (hevc::is_slice(unit), 2)
        } else {
            let kind = unit.first().map(|header| header & 0x1f);
            (matches!(kind, Some(1..=5)), 1)
        };
        let kept = match self {
            Self::Noise if is_slice => SLICE_HEAD,
            Self::Noise => return unit.clone(),
            Self::Rubbish => header,
        };
        let mut out = unit.to_vec();
        let from = kept.min(out.len());
        let mut noise = faults.random(out.len() - from);
        if self == Self::Noise {
            // Without zeros there are no start codes in it.
            for byte in &mut noise {
                *byte |= 1;
            }
        }
        out[from..].copy_from_slice(&noise);
        out.into()
    }

    /// A JPEG as it goes out.
    pub(crate) fn jpeg(self, faults: &Faults, jpeg: &[u8]) -> Vec<u8> {
        if self == Self::Rubbish {
            return faults.random(jpeg.len());
        }
        let mut out = jpeg.to_vec();
        let scan = jpeg.windows(2).rposition(|pair| pair == [0xff, 0xda]);
        let length = |at: usize| match jpeg.get(at + 2..at + 4) {
            Some(&[high, low]) => 2 + usize::from(u16::from_be_bytes([high, low])),
            _ => 0,
        };
        let end = out.len().saturating_sub(2);
        let from = scan.map_or(end, |at| (at + length(at)).min(end));
        let mut noise = faults.random(end - from);
        // FF would begin a marker.
        for byte in &mut noise {
            *byte &= 0xfe;
        }
        out[from..end].copy_from_slice(&noise);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_stay_in_noise_and_lengths_always() {
        let faults = Faults::new();
        let slice = Bytes::from([&[0x41_u8][..], &[0; 99]].concat());
        let noise = Spoil::Noise.unit(&faults, Codec::H264, &slice);
        assert_eq!((noise.len(), &noise[..12]), (100, &slice[..12]));
        assert!(noise[12..].iter().all(|byte| *byte != 0));
        let set = Bytes::from_static(&[0x67, 1, 2, 3]);
        assert_eq!(Spoil::Noise.unit(&faults, Codec::H264, &set), set);
        assert_eq!(Spoil::Rubbish.unit(&faults, Codec::H264, &set)[0], 0x67);
        let slice = Bytes::from([&[0x26_u8, 1][..], &[0; 99]].concat());
        let noise = Spoil::Noise.unit(&faults, Codec::H265, &slice);
        assert_eq!(noise[..12], slice[..12]);
        assert!(noise[12..].iter().all(|byte| *byte != 0));
        let set = Bytes::from_static(&[0x42, 1, 2, 3]);
        assert_eq!(Spoil::Noise.unit(&faults, Codec::H265, &set), set);
        assert_eq!(
            Spoil::Rubbish.unit(&faults, Codec::H265, &set)[..2],
            set[..2]
        );
        assert!(
            Spoil::Rubbish
                .unit(&faults, Codec::H264, &Bytes::new())
                .is_empty()
        );
        let jpeg = [&[0xff, 0xd8, 0xff, 0xda, 0, 2][..], &[7; 50], &[0xff, 0xd9]].concat();
        let noise = Spoil::Noise.jpeg(&faults, &jpeg);
        assert_eq!(
            (noise.len(), &noise[..6], &noise[56..]),
            (58, &jpeg[..6], &jpeg[56..])
        );
        assert!(!noise[6..56].contains(&0xff));
        assert_eq!(Spoil::Rubbish.jpeg(&faults, &jpeg).len(), 58);
        assert!(Spoil::Noise.jpeg(&faults, &[]).is_empty());
    }
}
