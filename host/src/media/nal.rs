//! NAL units behind lengths of four bytes, as adapters hand them over, and the
//! H.264 facts that the host needs of them.

use bytes::{BufMut, Bytes, BytesMut};

use super::sps::Sps;

/// Why data is no list of NAL units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A length points past the end of the data.
    #[error("NAL unit at byte {at} says {length} bytes, {left} are there")]
    TooLong {
        /// Where its length stands.
        at: usize,
        /// What the length says.
        length: usize,
        /// Bytes behind the length.
        left: usize,
    },
    /// Less than four bytes where a length should stand.
    #[error("{left} stray bytes behind the last NAL unit")]
    Stray {
        /// How many.
        left: usize,
    },
    /// A NAL unit without its header byte.
    #[error("NAL unit at byte {at} is empty")]
    Empty {
        /// Where its length stands.
        at: usize,
    },
    /// A decoder configuration cannot be built of these parameter sets.
    #[error("no decoder configuration: {reason}")]
    ParameterSets {
        /// What is missing or too much.
        reason: &'static str,
    },
}

/// H.264 `nal_unit_type` (ITU-T H.264, table 7-1), as far as the host cares.
pub mod h264_type {
    /// Slice of a picture that needs others.
    pub const SLICE: u8 = 1;
    /// Slice of a picture where decoding can start.
    pub const IDR: u8 = 5;
    /// Supplemental enhancement information.
    pub const SEI: u8 = 6;
    /// Sequence parameter set.
    pub const SPS: u8 = 7;
    /// Picture parameter set.
    pub const PPS: u8 = 8;
    /// Access unit delimiter.
    pub const AUD: u8 = 9;
}

/// The H.264 type of a NAL unit (0 for an empty one).
pub fn h264_type_of(unit: &[u8]) -> u8 {
    unit.first().map_or(0, |header| header & 0x1f)
}

/// Checks that the lengths add up and no unit is empty, then walks the units.
pub fn units(data: &[u8]) -> Result<Units<'_>, Error> {
    let mut rest = data;
    while !rest.is_empty() {
        let at = data.len() - rest.len();
        let Some((length, behind)) = rest.split_first_chunk::<4>() else {
            return Err(Error::Stray { left: rest.len() });
        };
        let (length, left) = (u32::from_be_bytes(*length) as usize, behind.len());
        if length == 0 {
            return Err(Error::Empty { at });
        }
        rest = behind
            .get(length..)
            .ok_or(Error::TooLong { at, length, left })?;
    }
    Ok(Units { rest: data })
}

/// Iterator over the units of data that was checked; see [`units`].
#[derive(Clone, Debug)]
pub struct Units<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Units<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (length, behind) = self.rest.split_first_chunk::<4>()?;
        let (unit, rest) = behind.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        self.rest = rest;
        Some(unit)
    }
}

/// Whether an access unit holds an H.264 IDR picture.
pub fn is_h264_idr(data: &[u8]) -> Result<bool, Error> {
    Ok(units(data)?.any(|unit| h264_type_of(unit) == h264_type::IDR))
}

/// Appends a unit behind its length.
pub fn push_unit(to: &mut impl BufMut, unit: &[u8]) {
    to.put_u32(unit.len() as u32);
    to.put_slice(unit);
}

/// The H.264 parameter sets found in a track's configuration or in an access unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParameterSets<'a> {
    /// Sequence parameter sets, in their order.
    pub sps: Vec<&'a [u8]>,
    /// Picture parameter sets, in their order.
    pub pps: Vec<&'a [u8]>,
}

impl<'a> ParameterSets<'a> {
    /// Those among the NAL units of `data`, each content once.
    pub fn find(data: &'a [u8]) -> Result<Self, Error> {
        let mut sets = Self::default();
        for unit in units(data)? {
            let list = match h264_type_of(unit) {
                h264_type::SPS => &mut sets.sps,
                h264_type::PPS => &mut sets.pps,
                _ => continue,
            };
            // 31 and 255 are what a decoder configuration can hold; a hostile
            // access unit may be made of parameter sets only.
            if list.len() < 256 && !list.contains(&unit) {
                list.push(unit);
            }
        }
        Ok(sets)
    }

    /// Whether a decoder could start with these.
    pub fn is_complete(&self) -> bool {
        !self.sps.is_empty() && !self.pps.is_empty()
    }

    /// Each behind its length, as in [`VideoTrack::config`](super::VideoTrack).
    pub fn to_config(&self) -> Bytes {
        let mut out = BytesMut::new();
        for unit in self.sps.iter().chain(&self.pps) {
            push_unit(&mut out, unit);
        }
        out.freeze()
    }

    /// Width and height of the shown picture, from the first sequence parameter
    /// set that can be read.
    pub fn dimensions(&self) -> Option<(u32, u32)> {
        let sps = self.sps.iter().find_map(|unit| Sps::parse(unit).ok())?;
        Some((sps.width, sps.height))
    }

    /// The `AVCDecoderConfigurationRecord` (ISO 14496-15, 5.3.3.1), with lengths of
    /// four bytes: the content of `avcC` and Matroska's `CodecPrivate`.
    pub fn avcc(&self) -> Result<Vec<u8>, Error> {
        let reason = |reason| Error::ParameterSets { reason };
        let first = self.sps.first().ok_or(reason("there is no SPS"))?;
        let &[_, profile, compatibility, level, ..] = *first else {
            return Err(reason("the SPS is cut"));
        };
        if self.pps.is_empty() {
            return Err(reason("there is no PPS"));
        }
        if self.sps.len() > 31 || self.pps.len() > 255 {
            return Err(reason("there are too many parameter sets"));
        }
        let mut out = vec![1, profile, compatibility, level, 0xff];
        let mut put = |marker: u8, units: &[&[u8]]| {
            out.push(marker | units.len() as u8);
            for unit in units {
                let length = u16::try_from(unit.len()).map_err(|_| reason("one is too long"))?;
                out.put_u16(length);
                out.put_slice(unit);
            }
            Ok(())
        };
        put(0xe0, &self.sps)?;
        put(0, &self.pps)?;
        // Only profiles below "High" do without the chroma and depth fields.
        if !matches!(profile, 66 | 77 | 88) {
            let sps = Sps::parse(first).map_err(|_| reason("the SPS cannot be read"))?;
            out.extend([
                0xfc | sps.chroma_format,
                0xf8 | (sps.bit_depth_luma - 8),
                0xf8 | (sps.bit_depth_chroma - 8),
                0, // SPS extensions
            ]);
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::media::testing;

    #[test]
    fn lengths_must_add_up() {
        let listed = |data: &[u8]| units(data).map(|u| u.map(<[u8]>::to_vec).collect::<Vec<_>>());
        assert_eq!(listed(&[]), Ok(vec![]));
        assert_eq!(
            listed(&[0, 0, 0, 1, 9, 0, 0, 0, 2, 5, 6]),
            Ok(vec![vec![9], vec![5, 6]])
        );
        assert_eq!(listed(&[0, 0, 0, 0]), Err(Error::Empty { at: 0 }));
        assert_eq!(
            listed(&[0, 0, 0, 1, 9, 0, 0]),
            Err(Error::Stray { left: 2 })
        );
        let too_long = Error::TooLong {
            at: 5,
            length: 0xffff_ffff,
            left: 1,
        };
        assert_eq!(
            listed(&[0, 0, 0, 1, 9, 255, 255, 255, 255, 1]),
            Err(too_long)
        );
    }

    #[test]
    fn parameter_sets_are_found_once_each() {
        let mut data = BytesMut::new();
        for unit in [
            &[0x67, 1, 2, 3][..],
            &[0x68, 1],
            &[0x67, 1, 2, 3],
            &[0x68, 2],
            &[0x65, 7],
        ] {
            push_unit(&mut data, unit);
        }
        let sets = ParameterSets::find(&data).unwrap();
        assert_eq!((sets.sps.len(), sets.pps.len()), (1, 2));
        assert!(sets.is_complete());
        assert_eq!(ParameterSets::find(&sets.to_config()).unwrap(), sets);
        assert!(is_h264_idr(&data).unwrap());
        assert!(!is_h264_idr(&sets.to_config()).unwrap());
    }

    #[test]
    fn a_decoder_configuration_needs_both_sets() {
        let mut sets = ParameterSets::default();
        assert!(sets.avcc().is_err());
        sets.sps.push(&[0x67, 66, 0xc0, 30, 1]);
        assert!(sets.avcc().is_err());
        sets.pps.push(&[0x68, 9]);
        let wanted = [
            1, 66, 0xc0, 30, 0xff, 0xe1, 0, 5, 0x67, 66, 0xc0, 30, 1, 1, 0, 2, 0x68, 9,
        ];
        assert_eq!(sets.avcc().unwrap(), wanted);
        sets.sps[0] = &[0x67, 66];
        assert!(sets.avcc().is_err());
    }

    #[test]
    fn ffmpeg_agrees_on_the_decoder_configuration() {
        for profile in ["baseline", "main", "high", "high422", "high10"] {
            let encoded = testing::h264(&["-profile:v", profile, "-s", "322x182"], 5);
            let data = testing::from_annex_b(&encoded);
            let sets = ParameterSets::find(&data).unwrap();
            assert_eq!(sets.dimensions(), Some((322, 182)), "{profile}");
            let avcc = sets.avcc().unwrap();
            let mp4 = testing::ffmpeg(
                &[
                    "-f",
                    "h264",
                    "-i",
                    "pipe:0",
                    "-c",
                    "copy",
                    "-f",
                    "mp4",
                    "-movflags",
                    "empty_moov+frag_keyframe",
                    "pipe:1",
                ],
                &encoded,
            );
            assert!(
                mp4.windows(avcc.len()).any(|w| w == avcc),
                "{profile}: {avcc:x?}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(data in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(sets) = ParameterSets::find(&data) {
                let _ = (sets.avcc(), sets.dimensions());
            }
        }

        #[test]
        fn any_parameter_sets_are_taken(
            mut sps in prop::collection::vec(any::<u8>(), 0..60),
            profile in prop::sample::select(vec![66u8, 77, 100, 110, 122, 244, 44]),
        ) {
            if sps.len() > 2 { sps[0] = 0x67; sps[1] = profile; }
            let sets = ParameterSets { sps: vec![&sps], pps: vec![&[0x68]] };
            let _ = (sets.avcc(), sets.dimensions());
        }
    }
}
