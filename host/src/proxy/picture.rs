//! What is asked of a picture before anybody else sees it. An adapter is not believed: what a
//! decoder could not begin with is nonsense, whatever it is called.

use bytes::Bytes;

use crate::media::nal::{self, h264_type};
use crate::media::{Codec, VideoTrack, hevc, jpeg, sets};

/// A picture's size: stops an adapter from filling the memory of every reader.
const PICTURE_BYTES: usize = 8 << 20;

/// A picture that was looked at.
#[derive(Debug, PartialEq, Eq)]
pub struct Checked {
    /// Decoding can start here.
    pub keyframe: bool,
    /// The track as this picture shows it, where that is something new.
    pub track: Option<VideoTrack>,
}

/// Checks a picture of `track`. The error continues "it …".
pub fn check(track: &VideoTrack, keyframe: bool, data: &Bytes) -> Result<Checked, String> {
    if data.len() > PICTURE_BYTES {
        return Err(format!("delivered a picture of {} bytes", data.len()));
    }
    let mut seen = track.clone();
    let keyframe = match track.codec {
        Codec::Mjpeg => {
            let info = jpeg::info(data).map_err(broken)?;
            (seen.width, seen.height) = (info.width, info.height);
            true
        }
        Codec::H264 | Codec::H265 => {
            let mut units = nal::units(data).map_err(broken)?;
            if !units.any(|unit| is_slice(track.codec, unit)) {
                return Err("delivered a packet with no picture in it".to_owned());
            }
            if keyframe {
                // No IDR is asked for: some cameras refresh their picture without one.
                let sets = sets::find(track.codec, data).map_err(broken)?;
                if !sets.complete {
                    return Err("delivered a keyframe without parameter sets".to_owned());
                }
                seen.config = sets.config;
                (seen.width, seen.height) = sets.size.unwrap_or((0, 0));
            }
            keyframe
        }
    };
    let track = (seen != *track).then_some(seen);
    Ok(Checked { keyframe, track })
}

fn is_slice(codec: Codec, unit: &[u8]) -> bool {
    match codec {
        Codec::H265 => hevc::is_slice(unit),
        _ => (h264_type::SLICE..=h264_type::IDR).contains(&nal::h264_type_of(unit)),
    }
}

fn broken(error: impl std::fmt::Display) -> String {
    format!("delivered a broken picture: {error}")
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;

    use super::*;
    use crate::media::testing;

    fn track(codec: Codec) -> VideoTrack {
        VideoTrack {
            codec,
            config: Bytes::new(),
            width: 0,
            height: 0,
        }
    }

    fn units(units: &[&[u8]]) -> Bytes {
        let mut data = BytesMut::new();
        for unit in units {
            nal::push_unit(&mut data, unit);
        }
        data.freeze()
    }

    fn refused(codec: Codec, data: impl Into<Bytes>) -> String {
        check(&track(codec), true, &data.into()).unwrap_err()
    }

    #[test]
    fn a_jpeg_tells_its_size() {
        let jpeg = Bytes::from(testing::jpeg("321x123"));
        let checked = check(&track(Codec::Mjpeg), false, &jpeg).unwrap();
        let shown = checked.track.unwrap();
        assert!(checked.keyframe, "each JPEG is one");
        assert_eq!((shown.width, shown.height), (321, 123));
        assert_eq!(
            check(&shown, true, &jpeg).unwrap().track,
            None,
            "nothing new"
        );
    }

    #[test]
    fn what_is_no_jpeg_is_refused() {
        let jpeg = testing::jpeg("32x32");
        for data in [
            b"GIF89a".to_vec(),
            jpeg[..jpeg.len() / 2].to_vec(),
            vec![0xff, 0xd8, 0xff, 0xd9],
            vec![],
        ] {
            assert!(refused(Codec::Mjpeg, data).contains("broken picture"));
        }
    }

    #[test]
    fn a_keyframe_brings_its_parameter_sets() {
        let (sps, pps, idr) = (&[0x67, 66, 0xc0, 30][..], &[0x68, 9][..], &[0x65, 1][..]);
        let whole = units(&[sps, pps, idr]);
        let checked = check(&track(Codec::H264), true, &whole).unwrap();
        assert_eq!(checked.track.unwrap().config, units(&[sps, pps]));
        let refreshed = units(&[sps, pps, &[0x41, 1]]);
        assert!(check(&track(Codec::H264), true, &refreshed).is_ok());
        let bare = check(&track(Codec::H264), false, &units(&[idr])).unwrap();
        assert_eq!((bare.keyframe, bare.track), (false, None));
        assert!(refused(Codec::H264, units(&[idr])).contains("without parameter sets"));
    }

    #[test]
    fn h265_as_well() {
        let pictures = testing::h265_access_units(&testing::h265(&[], 2));
        let key = Bytes::from(pictures[0].1.clone());
        let shown = check(&track(Codec::H265), true, &key).unwrap();
        let shown = shown.track.unwrap();
        assert_eq!((shown.width, shown.height), (320, 180));
        let next = Bytes::from(pictures[1].1.clone());
        assert!(!check(&shown, false, &next).unwrap().keyframe);
        assert!(refused(Codec::H265, next).contains("without parameter sets"));
        assert!(refused(Codec::H265, shown.config).contains("no picture"));
    }

    #[test]
    fn packets_without_a_picture_are_refused() {
        for data in [
            units(&[]),
            units(&[&[0x67, 1], &[0x68, 1]]),
            units(&[&[9, 16]]),
        ] {
            assert!(refused(Codec::H264, data).contains("no picture"));
        }
        assert!(refused(Codec::H265, units(&[])).contains("no picture"));
        for data in [
            b"this is none".to_vec(),
            vec![0; 8],
            vec![0x40, 0, 0, 0, 0x65],
        ] {
            assert!(refused(Codec::H264, data).contains("broken picture"));
        }
        assert!(refused(Codec::Mjpeg, vec![0; PICTURE_BYTES + 1]).contains("8388609 bytes"));
    }
}
