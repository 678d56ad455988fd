//! The head of an H.264 sequence parameter set, up to the cropping.
//!
//! What follows (VUI) is not read: many cameras write it wrong, or understate
//! their level, and play everywhere all the same. A strict parser would take the
//! size from them.

/// What the host wants to know of a sequence parameter set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sps {
    /// Width of the shown picture in pixels, at least 1.
    pub width: u32,
    /// Height of the shown picture in pixels, at least 1.
    pub height: u32,
    /// `chroma_format_idc`, 0 to 3.
    pub chroma_format: u8,
    /// Bits a sample of brightness, 8 to 14.
    pub bit_depth_luma: u8,
    /// Bits a sample of colour, 8 to 14.
    pub bit_depth_chroma: u8,
}

/// The set is cut, or a field is outside what the standard allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sequence parameter set is malformed at {0}")]
pub struct Error(pub(super) &'static str);

/// The largest side in pixels, far beyond level 6.2: stops arithmetic on nonsense.
pub(super) const MAX_SIDE: u32 = 65_536;

impl Sps {
    /// Reads a NAL unit of type 7, header byte included (ITU-T H.264, 7.3.2.1.1).
    pub fn parse(unit: &[u8]) -> Result<Self, Error> {
        // The part read here is far shorter; a hostile unit may be megabytes.
        let payload = unescape(unit.get(1..).unwrap_or_default(), 1_024);
        let mut bits = Bits::new(&payload);
        let profile = bits.take(8, "profile_idc")?;
        bits.take(16, "level_idc")?;
        bits.golomb("seq_parameter_set_id")?;
        let (mut chroma_format, mut luma, mut chroma) = (1, 8, 8);
        let mut separate_planes = false;
        if has_chroma_fields(profile) {
            chroma_format = bits.golomb_to(3, "chroma_format_idc")?;
            if chroma_format == 3 {
                separate_planes = bits.flag("separate_colour_plane_flag")?;
            }
            luma = 8 + bits.golomb_to(6, "bit_depth_luma_minus8")?;
            chroma = 8 + bits.golomb_to(6, "bit_depth_chroma_minus8")?;
            bits.flag("qpprime_y_zero_transform_bypass_flag")?;
            if bits.flag("seq_scaling_matrix_present_flag")? {
                for list in 0..if chroma_format == 3 { 12 } else { 8 } {
                    if bits.flag("seq_scaling_list_present_flag")? {
                        skip_scaling_list(&mut bits, if list < 6 { 16 } else { 64 })?;
                    }
                }
            }
        }
        bits.golomb("log2_max_frame_num_minus4")?;
        match bits.golomb("pic_order_cnt_type")? {
            0 => {
                bits.golomb("log2_max_pic_order_cnt_lsb_minus4")?;
            }
            1 => {
                bits.flag("delta_pic_order_always_zero_flag")?;
                bits.golomb("offset_for_non_ref_pic")?;
                bits.golomb("offset_for_top_to_bottom_field")?;
                for _ in 0..bits.golomb_to(255, "num_ref_frames_in_pic_order_cnt_cycle")? {
                    bits.golomb("offset_for_ref_frame")?;
                }
            }
            _ => {}
        }
        bits.golomb("max_num_ref_frames")?;
        bits.flag("gaps_in_frame_num_value_allowed_flag")?;
        let width = 16 * (1 + bits.golomb_to(MAX_SIDE / 16, "pic_width_in_mbs_minus1")?);
        let rows = 16 * (1 + bits.golomb_to(MAX_SIDE / 16, "pic_height_in_map_units_minus1")?);
        let frames_only = bits.flag("frame_mbs_only_flag")?;
        if !frames_only {
            bits.flag("mb_adaptive_frame_field_flag")?;
        }
        bits.flag("direct_8x8_inference_flag")?;
        let fields = if frames_only { 1 } else { 2 };
        let (mut cut_x, mut cut_y) = (0, 0);
        if bits.flag("frame_cropping_flag")? {
            // Equations 7-19 to 7-22: cropping counts in colour samples.
            let planar = chroma_format == 0 || separate_planes;
            let unit_x = if !planar && chroma_format < 3 { 2 } else { 1 };
            let unit_y = fields * if !planar && chroma_format == 1 { 2 } else { 1 };
            let mut cut = |unit, name| -> Result<u32, Error> {
                let first = bits.golomb_to(MAX_SIDE, name)?;
                Ok(unit * (first + bits.golomb_to(MAX_SIDE, name)?))
            };
            cut_x = cut(unit_x, "frame_crop_left_offset")?;
            cut_y = cut(unit_y, "frame_crop_top_offset")?;
        }
        let left = |whole: u32, cut| whole.checked_sub(cut).filter(|&left| left > 0);
        Ok(Self {
            width: left(width, cut_x).ok_or(Error("frame_crop_left_offset"))?,
            height: left(rows * fields, cut_y).ok_or(Error("frame_crop_top_offset"))?,
            chroma_format: chroma_format as u8,
            bit_depth_luma: luma as u8,
            bit_depth_chroma: chroma as u8,
        })
    }
}

/// Profiles whose parameter set tells chroma format and bit depth (7.3.2.1.1).
fn has_chroma_fields(profile: u32) -> bool {
    matches!(
        profile,
        100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135
    )
}

/// 7.3.2.1.1.1; only to get past it.
fn skip_scaling_list(bits: &mut Bits<'_>, size: u32) -> Result<(), Error> {
    let (mut last, mut next) = (8_i64, 8_i64);
    for _ in 0..size {
        if next != 0 {
            let code = i64::from(bits.golomb("delta_scale")?);
            let delta = if code % 2 == 1 {
                (code + 1) / 2
            } else {
                -(code / 2)
            };
            next = (last + delta).rem_euclid(256);
        }
        if next != 0 {
            last = next;
        }
    }
    Ok(())
}

/// Takes the emulation prevention bytes out of the first `limit` bytes (7.4.1).
pub(super) fn unescape(unit: &[u8], limit: usize) -> Vec<u8> {
    let mut out = unit.get(..limit).unwrap_or(unit).to_vec();
    let mut zeros = 0;
    out.retain(|&byte| {
        let prevention = zeros >= 2 && byte == 3;
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        !prevention
    });
    out
}

/// Reads bits from the most significant on.
pub(super) struct Bits<'a> {
    data: &'a [u8],
    at: usize,
}

impl<'a> Bits<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0 }
    }

    pub(super) fn flag(&mut self, name: &'static str) -> Result<bool, Error> {
        let byte = self.data.get(self.at / 8).ok_or(Error(name))?;
        let bit = byte >> (7 - self.at % 8) & 1;
        self.at += 1;
        Ok(bit == 1)
    }

    /// Up to 32 bits.
    pub(super) fn take(&mut self, count: u32, name: &'static str) -> Result<u32, Error> {
        let mut value = 0;
        for _ in 0..count {
            value = value << 1 | u32::from(self.flag(name)?);
        }
        Ok(value)
    }

    /// An unsigned Exp-Golomb code (9.1) of at most 32 bits.
    pub(super) fn golomb(&mut self, name: &'static str) -> Result<u32, Error> {
        let mut zeros = 0;
        while !self.flag(name)? {
            zeros += 1;
            if zeros > 31 {
                return Err(Error(name));
            }
        }
        let tail = self.take(zeros, name)?;
        Ok(((1_u32 << zeros) - 1) + tail)
    }

    pub(super) fn golomb_to(&mut self, most: u32, name: &'static str) -> Result<u32, Error> {
        let value = self.golomb(name)?;
        if value > most {
            Err(Error(name))
        } else {
            Ok(value)
        }
    }
}

#[cfg(test)]
mod tests {
    use h264_reader::nal::sps::SeqParameterSet;
    use h264_reader::rbsp::{BitReader, decode_nal};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_the_size_with_cropping() {
        // 1920x1080, High, level 4.0, from x264: 1088 rows, 8 of them cut.
        let unit = [
            0x67, 0x64, 0x00, 0x28, 0xac, 0xd9, 0x40, 0x78, 0x02, 0x27, 0xe5, 0xc0, 0x44, 0x00,
            0x00, 0x03, 0x00, 0x04, 0x00, 0x00, 0x03, 0x00, 0xc8, 0x3c, 0x60, 0xc6, 0x58,
        ];
        let sps = Sps::parse(&unit).unwrap();
        assert_eq!((sps.width, sps.height), (1920, 1080));
        assert_eq!((sps.chroma_format, sps.bit_depth_luma), (1, 8));
        for cut in 0..11 {
            assert!(Sps::parse(&unit[..cut]).is_err(), "cut at {cut}");
        }
        // Without its VUI, and with the lowest level there is.
        let mut lying = unit[..14].to_vec();
        lying[3] = 10;
        assert_eq!(Sps::parse(&lying).unwrap(), sps);
    }

    #[test]
    fn huge_sides_are_refused() {
        let mut unit = vec![0x67, 66, 0, 30, 0b1111_1110];
        unit.extend([0, 0, 0, 1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255]);
        assert!(Sps::parse(&unit).is_err());
    }

    proptest! {
        #[test]
        fn a_strict_parser_agrees(
            tail in prop::collection::vec(any::<u8>(), 4..40),
            profile in prop::sample::select(vec![66u8, 77, 100, 110, 122, 244]),
        ) {
            let mut unit = vec![0x67, profile, 0, 62];
            unit.extend(tail);
            let ours = Sps::parse(&unit);
            // Theirs may overflow where ours refuses: ask it only afterwards.
            if let Ok(ours) = ours
                && let Ok(rbsp) = decode_nal(&unit)
                && let Ok(theirs) = SeqParameterSet::from_bits(BitReader::new(&*rbsp))
            {
                prop_assert_eq!(theirs.pixel_dimensions().ok(), Some((ours.width, ours.height)));
            }
        }
    }
}
