//! Parameter sets, whichever codec they are of.

use bytes::Bytes;

use super::nal::{self, Error};
use super::{Codec, hevc};

/// What the host wants to know of a track's parameter sets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sets {
    /// Those that were found, each behind its length.
    pub config: Bytes,
    /// Whether a decoder could start with them.
    pub complete: bool,
    /// Width and height of the shown picture in pixels, where they can be read.
    pub size: Option<(u32, u32)>,
    /// Pictures may be shown in another order than they are decoded in. For H.264 the slices
    /// tell it, and this is false.
    pub reorders: bool,
}

/// Those among the NAL units of `data`; a codec without parameter sets has none.
pub fn find(codec: Codec, data: &[u8]) -> Result<Sets, Error> {
    Ok(match codec {
        Codec::H264 => {
            let sets = nal::ParameterSets::find(data)?;
            Sets {
                config: sets.to_config(),
                complete: sets.is_complete(),
                size: sets.dimensions(),
                reorders: false,
            }
        }
        Codec::H265 => {
            let sets = hevc::ParameterSets::find(data)?;
            let sps = sets.first_sps();
            Sets {
                config: sets.to_config(),
                complete: sets.is_complete(),
                size: sps.map(|sps| (sps.width, sps.height)),
                reorders: sps.is_some_and(|sps| sps.reorders),
            }
        }
        Codec::Mjpeg => Sets::default(),
    })
}
