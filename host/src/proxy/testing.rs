//! A feed for tests of what watches it: its pictures come from the test.

use std::sync::Arc;

use bytes::Bytes;

use super::Feed;
use super::feed::Shared;
use super::status::CameraState;
use crate::clock::now_us;
use crate::media::testing::{access_units, h264};
use crate::media::{Codec, Packet, VideoTrack, nal::ParameterSets};
use crate::telemetry::metrics::CameraCounts;

/// Stands where a camera's supervisor stands. The feed ends when both are gone.
pub(crate) struct FakeCamera(Arc<Shared>);

/// A feed and its camera, which has sent nothing yet.
pub(crate) fn feed() -> (Arc<Feed>, FakeCamera) {
    let shared = Arc::new(Shared::new("fake", CameraCounts::default()));
    let feed = Feed::of(Arc::clone(&shared));
    (Arc::new(feed), FakeCamera(shared))
}

impl FakeCamera {
    /// Sends a JPEG.
    pub fn jpeg(&self, jpeg: &[u8]) {
        self.track(Codec::Mjpeg, Bytes::new());
        self.picture(now_us(), true, Bytes::copy_from_slice(jpeg));
    }

    /// Sends so many pictures of H.264 at once, 40 ms apart, with a keyframe every 10.
    pub fn h264(&self, pictures: u32) {
        let mut pts_us = now_us() - i64::from(pictures) * 40_000;
        for (keyframe, data) in access_units(&h264(&[], pictures)) {
            if keyframe {
                let sets = ParameterSets::find(&data).expect("FFmpeg's own");
                self.track(Codec::H264, sets.to_config());
            }
            self.picture(pts_us, keyframe, Bytes::from(data));
            pts_us += 40_000;
        }
    }

    /// Sends a keyframe that is none.
    pub fn rubbish(&self, data: Bytes) {
        self.picture(now_us(), true, data);
    }

    fn track(&self, codec: Codec, config: Bytes) {
        self.0.status.send_modify(|status| {
            status.state = CameraState::Live;
            status.codec = Some(codec);
        });
        let (width, height) = (320, 180);
        self.0.set_track(Arc::new(VideoTrack {
            codec,
            config,
            width,
            height,
        }));
    }

    fn picture(&self, pts_us: i64, keyframe: bool, data: Bytes) {
        self.0.publish(Packet {
            pts_us,
            keyframe,
            lost_before: 0,
            data,
        });
    }
}
