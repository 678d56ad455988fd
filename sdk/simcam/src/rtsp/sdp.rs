//! The session description (RFC 4566, H.264 parameters after RFC 6184 8.2).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Packetization, ParameterSets, RtspConfig, sound};
use crate::clip::Clip;

/// Payload type of the video.
pub(super) const PAYLOAD_TYPE: u8 = 96;
/// What `a=control` of the video says, relative to the base.
pub(super) const TRACK: &str = "trackID=1";

pub(super) fn describe(config: &RtspConfig, clip: &Clip) -> String {
    let mode = match config.packetization {
        Packetization::SingleNal => 0,
        Packetization::NonInterleaved { .. } => 1,
    };
    let profile = match clip.parameter_sets()[0].get(1..4) {
        Some([profile, constraints, level]) => {
            format!(";profile-level-id={profile:02X}{constraints:02X}{level:02X}")
        }
        _ => String::new(),
    };
    let sets = if config.parameter_sets == ParameterSets::InBand {
        String::new()
    } else {
        let sets = clip.parameter_sets().iter().map(|set| STANDARD.encode(set));
        format!(
            ";sprop-parameter-sets={}",
            sets.collect::<Vec<_>>().join(",")
        )
    };
    let fps = clip.params().fps;
    let sound = if config.sound { sound::DESCRIPTION } else { "" };
    format!(
        "v=0\r\n\
         o=- 1 1 IN IP4 0.0.0.0\r\n\
         s=simcam\r\n\
         c=IN IP4 0.0.0.0\r\n\
         t=0 0\r\n\
         a=control:*\r\n\
         a=range:npt=now-\r\n\
         {sound}\
         m=video 0 RTP/AVP {PAYLOAD_TYPE}\r\n\
         a=rtpmap:{PAYLOAD_TYPE} H264/90000\r\n\
         a=fmtp:{PAYLOAD_TYPE} packetization-mode={mode}{profile}{sets}\r\n\
         a=framerate:{fps}\r\n\
         a=control:{TRACK}\r\n"
    )
}
