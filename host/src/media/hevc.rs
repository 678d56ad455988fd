//! What the host needs to know of H.265: its parameter sets, and the decoder configuration that
//! is made of them. NAL units stand behind lengths, as in [`nal`].

use bytes::{BufMut, Bytes, BytesMut};

use super::nal::{self, Error, push_unit};
use super::sps::{self, Bits, MAX_SIDE, unescape};

/// `nal_unit_type` (ITU-T H.265, table 7-1), as far as the host cares.
pub mod nal_type {
    /// The last type that a slice of a picture has.
    pub const LAST_SLICE: u8 = 31;
    /// The first one of pictures where decoding can start (IRAP).
    pub const FIRST_IRAP: u8 = 16;
    /// The last one of them; 22 and 23 are reserved.
    pub const LAST_IRAP: u8 = 23;
    /// Video parameter set.
    pub const VPS: u8 = 32;
    /// Sequence parameter set.
    pub const SPS: u8 = 33;
    /// Picture parameter set.
    pub const PPS: u8 = 34;
}

/// Bytes of a sequence parameter set that are looked at: what is read is far shorter.
const HEAD_BYTES: usize = 1_024;
/// Parameter sets of a kind at most; a hostile access unit may be made of nothing else.
const MOST_SETS: usize = 64;
/// Bytes of `profile_tier_level` without its sub-layers (7.3.3).
const PROFILE_BYTES: usize = 12;

/// The type of a NAL unit (7.3.1.2); 0 for one without a header.
pub fn type_of(unit: &[u8]) -> u8 {
    unit.first().map_or(0, |header| header >> 1 & 0x3f)
}

/// Whether a NAL unit is a slice of a picture.
pub fn is_slice(unit: &[u8]) -> bool {
    unit.len() > 2 && type_of(unit) <= nal_type::LAST_SLICE
}

/// The parameter sets found in a track's configuration or in an access unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParameterSets<'a> {
    /// Video parameter sets, in their order.
    pub vps: Vec<&'a [u8]>,
    /// Sequence parameter sets, in their order.
    pub sps: Vec<&'a [u8]>,
    /// Picture parameter sets, in their order.
    pub pps: Vec<&'a [u8]>,
}

impl<'a> ParameterSets<'a> {
    /// Those among the NAL units of `data`, each content once.
    pub fn find(data: &'a [u8]) -> Result<Self, Error> {
        let mut sets = Self::default();
        for unit in nal::units(data)? {
            let list = match type_of(unit) {
                nal_type::VPS => &mut sets.vps,
                nal_type::SPS => &mut sets.sps,
                nal_type::PPS => &mut sets.pps,
                _ => continue,
            };
            if list.len() < MOST_SETS && !list.contains(&unit) {
                list.push(unit);
            }
        }
        Ok(sets)
    }

    /// Whether a decoder could start with these.
    pub fn is_complete(&self) -> bool {
        !self.vps.is_empty() && !self.sps.is_empty() && !self.pps.is_empty()
    }

    /// Each behind its length, as in [`VideoTrack::config`](super::VideoTrack).
    pub fn to_config(&self) -> Bytes {
        let mut out = BytesMut::new();
        for unit in self.vps.iter().chain(&self.sps).chain(&self.pps) {
            push_unit(&mut out, unit);
        }
        out.freeze()
    }

    /// The first sequence parameter set that can be read.
    pub fn first_sps(&self) -> Option<Sps> {
        self.sps.iter().find_map(|unit| Sps::parse(unit).ok())
    }

    /// The `HEVCDecoderConfigurationRecord` (ISO 14496-15, 8.3.3.1), with lengths of four bytes:
    /// the content of `hvcC` and Matroska's `CodecPrivate`.
    pub fn hvcc(&self) -> Result<Vec<u8>, Error> {
        let reason = |reason| Error::ParameterSets { reason };
        if !self.is_complete() {
            return Err(reason("a VPS, an SPS or a PPS is missing"));
        }
        let sps = self.first_sps().ok_or(reason("the SPS cannot be read"))?;
        let mut out = vec![1];
        out.put_slice(&sps.profile);
        out.put_u16(0xf000); // min_spatial_segmentation_idc: unknown
        out.put_u8(0xfc); // parallelismType: unknown
        out.put_u8(0xfc | sps.chroma_format);
        out.put_u8(0xf8 | (sps.bit_depth_luma - 8));
        out.put_u8(0xf8 | (sps.bit_depth_chroma - 8));
        out.put_u16(0); // avgFrameRate: unknown
        // constantFrameRate unknown, then the layers; lengths of four bytes.
        out.put_u8(sps.sub_layers << 3 | u8::from(sps.nested) << 2 | 3);
        out.put_u8(3);
        for (kind, units) in [
            (nal_type::VPS, &self.vps),
            (nal_type::SPS, &self.sps),
            (nal_type::PPS, &self.pps),
        ] {
            out.put_u8(0x80 | kind); // array_completeness, as `hvc1` wants it
            out.put_u16(units.len() as u16);
            for unit in units {
                let length = u16::try_from(unit.len()).map_err(|_| reason("one is too long"))?;
                out.put_u16(length);
                out.put_slice(unit);
            }
        }
        Ok(out)
    }
}

/// The head of a sequence parameter set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sps {
    /// Width of the shown picture in pixels, at least 1.
    pub width: u32,
    /// Height of the shown picture in pixels, at least 1.
    pub height: u32,
    /// `chroma_format_idc`, 0 to 3.
    pub chroma_format: u8,
    /// Bits a sample of brightness, 8 to 16.
    pub bit_depth_luma: u8,
    /// Bits a sample of colour, 8 to 16.
    pub bit_depth_chroma: u8,
    /// Temporal layers, 1 to 7.
    pub sub_layers: u8,
    /// `sps_temporal_id_nesting_flag`.
    pub nested: bool,
    /// The general part of `profile_tier_level`, as it stands.
    pub profile: [u8; PROFILE_BYTES],
    /// Whether pictures may be shown in another order than they are decoded in
    /// (`sps_max_num_reorder_pics` of the highest layer).
    pub reorders: bool,
}

impl Sps {
    /// Reads a NAL unit of type 33, header included (ITU-T H.265, 7.3.2.2.1).
    pub fn parse(unit: &[u8]) -> Result<Self, sps::Error> {
        let payload = unescape(unit.get(2..).unwrap_or_default(), HEAD_BYTES);
        let profile = payload
            .get(1..)
            .and_then(|rest| rest.first_chunk::<PROFILE_BYTES>())
            .ok_or(sps::Error("profile_tier_level"))?;
        let mut bits = Bits::new(&payload);
        bits.take(4, "sps_video_parameter_set_id")?;
        let more_layers = bits.take(3, "sps_max_sub_layers_minus1")?;
        if more_layers > 6 {
            return Err(sps::Error("sps_max_sub_layers_minus1"));
        }
        let nested = bits.flag("sps_temporal_id_nesting_flag")?;
        skip_profile(&mut bits, more_layers)?;
        bits.golomb_to(15, "sps_seq_parameter_set_id")?;
        let chroma_format = bits.golomb_to(3, "chroma_format_idc")?;
        let separate_planes = chroma_format == 3 && bits.flag("separate_colour_plane_flag")?;
        let width = bits.golomb_to(MAX_SIDE, "pic_width_in_luma_samples")?;
        let height = bits.golomb_to(MAX_SIDE, "pic_height_in_luma_samples")?;
        let (mut cut_x, mut cut_y) = (0, 0);
        if bits.flag("conformance_window_flag")? {
            // Table 6-1: the window counts in colour samples.
            let planar = separate_planes || chroma_format == 0;
            let unit_x = if !planar && chroma_format < 3 { 2 } else { 1 };
            let unit_y = if !planar && chroma_format == 1 { 2 } else { 1 };
            let mut cut = |unit, name| -> Result<u32, sps::Error> {
                let first = bits.golomb_to(MAX_SIDE, name)?;
                Ok(unit * (first + bits.golomb_to(MAX_SIDE, name)?))
            };
            cut_x = cut(unit_x, "conf_win_left_offset")?;
            cut_y = cut(unit_y, "conf_win_top_offset")?;
        }
        let luma = 8 + bits.golomb_to(8, "bit_depth_luma_minus8")?;
        let chroma = 8 + bits.golomb_to(8, "bit_depth_chroma_minus8")?;
        bits.golomb_to(12, "log2_max_pic_order_cnt_lsb_minus4")?;
        let each_layer = bits.flag("sps_sub_layer_ordering_info_present_flag")?;
        let mut reorders = false;
        for _ in 0..=if each_layer { more_layers } else { 0 } {
            bits.golomb("sps_max_dec_pic_buffering_minus1")?;
            reorders = bits.golomb("sps_max_num_reorder_pics")? > 0;
            bits.golomb("sps_max_latency_increase_plus1")?;
        }
        let left = |whole: u32, cut| whole.checked_sub(cut).filter(|&left| left > 0);
        Ok(Self {
            width: left(width, cut_x).ok_or(sps::Error("conf_win_left_offset"))?,
            height: left(height, cut_y).ok_or(sps::Error("conf_win_top_offset"))?,
            chroma_format: chroma_format as u8,
            bit_depth_luma: luma as u8,
            bit_depth_chroma: chroma as u8,
            sub_layers: more_layers as u8 + 1,
            nested,
            profile: *profile,
            reorders,
        })
    }
}

/// 7.3.3; only to get past it.
fn skip_profile(bits: &mut Bits<'_>, more_layers: u32) -> Result<(), sps::Error> {
    let name = "profile_tier_level";
    for _ in 0..PROFILE_BYTES {
        bits.take(8, name)?;
    }
    let mut present = Vec::new();
    for _ in 0..more_layers {
        present.push((bits.flag(name)?, bits.flag(name)?));
    }
    if more_layers > 0 {
        bits.take(2 * (8 - more_layers), name)?;
    }
    for (profile, level) in present {
        let bytes = if profile { PROFILE_BYTES - 1 } else { 0 } + usize::from(level);
        for _ in 0..bytes {
            bits.take(8, name)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::media::testing;

    fn units(options: &[&str]) -> Vec<u8> {
        testing::from_annex_b(&testing::h265(options, 4))
    }

    #[test]
    fn reads_what_an_encoder_writes() {
        for (options, size, depth, reorders) in [
            (&["-s", "322x182"][..], (322, 182), 8, false),
            (&["-pix_fmt", "yuv420p10"], (320, 180), 10, false),
            (&["-pix_fmt", "yuv422p10"], (320, 180), 10, false),
            (
                &["-bf", "3", "-x265-params", "bframes=3:log-level=none"],
                (320, 180),
                8,
                true,
            ),
        ] {
            let data = units(options);
            let sets = ParameterSets::find(&data).unwrap();
            assert!(sets.is_complete(), "{options:?}");
            let sps = sets.first_sps().unwrap();
            assert_eq!((sps.width, sps.height), size, "{options:?}");
            assert_eq!(sps.bit_depth_luma, depth, "{options:?}");
            assert_eq!(sps.reorders, reorders, "{options:?}");
        }
    }

    #[test]
    fn a_decoder_configuration_needs_all_sets() {
        let data = units(&[]);
        let mut sets = ParameterSets::find(&data).unwrap();
        let hvcc = sets.hvcc().unwrap();
        assert_eq!((hvcc[0], hvcc[21] & 3, hvcc[22]), (1, 3, 3));
        assert_eq!(ParameterSets::find(&sets.to_config()).unwrap(), sets);
        sets.vps.clear();
        assert!(sets.hvcc().is_err());
    }

    #[test]
    fn a_cut_set_is_none() {
        let data = units(&[]);
        let sets = ParameterSets::find(&data).unwrap();
        for cut in 0..20 {
            assert!(Sps::parse(&sets.sps[0][..cut]).is_err(), "cut at {cut}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(mut sps in prop::collection::vec(any::<u8>(), 0..120)) {
            if let Some(first) = sps.first_mut() {
                *first = nal_type::SPS << 1;
            }
            let _ = Sps::parse(&sps);
            let sets = ParameterSets { vps: vec![&[0x40, 1]], sps: vec![&sps], pps: vec![&[0x44, 1]] };
            let _ = sets.hvcc();
        }
    }
}
