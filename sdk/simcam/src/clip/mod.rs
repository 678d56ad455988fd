//! Real encoded video, made in memory, that a camera plays in a loop.

mod annexb;
mod avc;
mod encode;
pub(crate) mod hevc;
mod jpeg;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
pub(crate) use jpeg::{Parts as JpegParts, parts as jpeg_parts};
use tokio::sync::OnceCell;

use crate::error::Error;
use crate::strip;

/// The longest clip in frames, and with [`MAX_PIXELS`] the bound of what an
/// absurd parameter can make this process allocate and compute.
const MAX_FRAMES: u32 = 12_000;
/// The largest picture: 4K UHD.
const MAX_PIXELS: u32 = 3840 * 2160;

/// How the pictures are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// H.264, constrained baseline (or main with B-frames), closed groups.
    H264,
    /// H.265, main profile, closed groups.
    H265,
    /// One baseline JPEG a frame.
    Jpeg,
}

/// What a clip is made of. Two cameras with equal parameters share one clip.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClipParams {
    /// Pixels, even, at least 320.
    pub width: u32,
    /// Pixels, even, at least 96.
    pub height: u32,
    /// Frames a second, 1 to 120.
    pub fps: u32,
    /// Frames from one keyframe to the next (H.264 and H.265 only), at least 1.
    pub gop: u32,
    /// Length in seconds; with `fps` the modulus of the strip.
    pub seconds: u32,
    /// Kilobits a second to reach, with noise in the picture. `None`: a clean
    /// picture at constant quality, the cheapest to make and to send.
    pub bitrate_kbps: Option<u32>,
    /// H.264, H.265 or JPEG.
    pub codec: Codec,
    /// Slices a picture (H.264 and H.265 only), 1 to 16.
    pub slices: u32,
    /// B-frames between two reference frames (H.264 and H.265 only), 0 to 3.
    pub bframes: u32,
}

impl Default for ClipParams {
    fn default() -> Self {
        Self {
            width: 640,
            height: 360,
            fps: 25,
            gop: 25,
            seconds: 20,
            bitrate_kbps: None,
            codec: Codec::H264,
            slices: 1,
            bframes: 0,
        }
    }
}

impl ClipParams {
    /// Frames in the clip: the modulus of the strip's value.
    pub fn frames(&self) -> u32 {
        self.fps.saturating_mul(self.seconds)
    }

    /// The clip's clock (as written in the picture) at a frame or strip value.
    pub fn time_of(&self, index: u32) -> Duration {
        let ms = u64::from(index % self.frames().max(1)) * 1000 / u64::from(self.fps.max(1));
        Duration::from_millis(ms)
    }

    fn check(&self) -> Result<(), Error> {
        let bad = |text: String| Err(Error::Params(text));
        let (w, h) = (self.width, self.height);
        if w % 2 == 1 || h % 2 == 1 || (w as usize) < strip::MIN_WIDTH || h < 96 {
            return bad(format!("size {w}x{h}: both even, at least 320x96"));
        }
        if w.saturating_mul(h) > MAX_PIXELS {
            return bad(format!("size {w}x{h}: more than {MAX_PIXELS} pixels"));
        }
        if !(1..=120).contains(&self.fps) {
            return bad(format!("{} frames a second: 1 to 120", self.fps));
        }
        if self.seconds == 0 || self.frames() > MAX_FRAMES {
            let (s, n) = (self.seconds, self.frames());
            return bad(format!("{s} s are {n} frames: 1 to {MAX_FRAMES}"));
        }
        if self.gop == 0 || !(1..=16).contains(&self.slices) || self.bframes > 3 {
            return bad("gop at least 1, slices 1 to 16, bframes 0 to 3".into());
        }
        if self
            .bitrate_kbps
            .is_some_and(|k| !(8..=200_000).contains(&k))
        {
            return bad("bitrate: 8 to 200000 kbit/s".into());
        }
        Ok(())
    }
}

/// One encoded picture.
#[derive(Debug, Clone)]
pub struct Picture {
    /// Whether decoding can start here. True for every JPEG.
    pub key: bool,
    /// Place in the clip in display order: what the picture's strip says.
    pub index: u32,
    /// The slice NAL units without start codes, or the one JPEG.
    pub units: Vec<Bytes>,
}

impl Picture {
    /// Bytes of the picture without framing.
    pub fn len(&self) -> usize {
        self.units.iter().map(Bytes::len).sum()
    }

    /// Never true for a picture of a [`Clip`].
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Encoded video of [`ClipParams::frames`] pictures; the first is a keyframe.
#[derive(Debug)]
pub struct Clip {
    params: ClipParams,
    pictures: Vec<Picture>,
    parameter_sets: Vec<Bytes>,
}

type Slot = Arc<OnceCell<Arc<Clip>>>;
static CACHE: LazyLock<Mutex<HashMap<(PathBuf, ClipParams), Slot>>> = LazyLock::new(Mutex::default);

impl Clip {
    /// Encodes the clip with the given FFmpeg binary, or hands out the one that
    /// this process already made with these parameters. Callers that come while
    /// it is being made wait for it.
    pub async fn encode(ffmpeg: &Path, params: &ClipParams) -> Result<Arc<Self>, Error> {
        params.check()?;
        let slot = {
            let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
            let key = (ffmpeg.to_owned(), params.clone());
            cache.entry(key).or_default().clone()
        };
        let made = slot.get_or_try_init(|| async {
            let stream = encode::run(ffmpeg, params).await?;
            Self::split(params, &stream).map(Arc::new)
        });
        made.await.cloned()
    }

    fn split(params: &ClipParams, stream: &Bytes) -> Result<Self, Error> {
        let (pictures, parameter_sets) = match params.codec {
            Codec::H264 => avc::split(stream)?,
            Codec::H265 => hevc::split(stream)?,
            Codec::Jpeg => (jpeg::split(stream)?, Vec::new()),
        };
        let (wanted, got) = (params.frames() as usize, pictures.len());
        if wanted != got {
            return Err(Error::Stream(format!("{got} pictures instead of {wanted}")));
        }
        if !pictures[0].key {
            return Err(Error::Stream("it does not begin with a keyframe".into()));
        }
        Ok(Self {
            params: params.clone(),
            pictures,
            parameter_sets,
        })
    }

    /// What the clip was made of.
    pub fn params(&self) -> &ClipParams {
        &self.params
    }

    /// The pictures in the order in which they are sent.
    pub fn pictures(&self) -> &[Picture] {
        &self.pictures
    }

    /// The picture sent `number` frame intervals after the camera's start.
    pub fn picture(&self, number: u64) -> &Picture {
        &self.pictures[(number % self.pictures.len() as u64) as usize]
    }

    /// SPS and PPS without start codes, before them the VPS of H.265; empty for JPEG.
    pub fn parameter_sets(&self) -> &[Bytes] {
        &self.parameter_sets
    }

    /// The number of the newest keyframe at or before `number`.
    pub fn keyframe_at(&self, number: u64) -> u64 {
        let back = (0..=number).take(self.pictures.len());
        let back = back.take_while(|n| !self.picture(number - n).key).count() as u64;
        number.saturating_sub(back)
    }

    /// The number of the first keyframe at or after `number`.
    pub fn keyframe_from(&self, number: u64) -> u64 {
        let ahead = (number..).take(self.pictures.len());
        number + ahead.take_while(|&n| !self.picture(n).key).count() as u64
    }

    /// The largest NAL unit or JPEG in bytes.
    pub fn largest_unit(&self) -> usize {
        let units = self.pictures.iter().flat_map(|p| &p.units);
        units.map(Bytes::len).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Clip, ClipParams, Codec, Picture};
    use crate::error::Error;
    use bytes::Bytes;

    fn clip(keys: &[bool]) -> Clip {
        let picture = |(i, &key): (usize, &bool)| Picture {
            key,
            index: i as u32,
            units: vec![Bytes::from_static(b"x")],
        };
        Clip {
            params: ClipParams::default(),
            pictures: keys.iter().enumerate().map(picture).collect(),
            parameter_sets: Vec::new(),
        }
    }

    #[test]
    fn finds_keyframes_over_the_loop() {
        let clip = clip(&[true, false, false, true, false]);
        let at: Vec<u64> = (0..8).map(|n| clip.keyframe_at(n)).collect();
        assert_eq!(at, [0, 0, 0, 3, 3, 5, 5, 5]);
        let from: Vec<u64> = (0..8).map(|n| clip.keyframe_from(n)).collect();
        assert_eq!(from, [0, 3, 3, 3, 5, 5, 8, 8]);
    }

    #[tokio::test]
    async fn absurd_parameters_are_refused() {
        let default = ClipParams::default();
        for params in [
            ClipParams {
                width: 0,
                ..default.clone()
            },
            ClipParams {
                width: 641,
                ..default.clone()
            },
            ClipParams {
                width: u32::MAX - 1,
                height: u32::MAX - 1,
                ..default.clone()
            },
            ClipParams {
                fps: 0,
                ..default.clone()
            },
            ClipParams {
                seconds: u32::MAX,
                ..default.clone()
            },
            ClipParams {
                gop: 0,
                ..default.clone()
            },
            ClipParams {
                bitrate_kbps: Some(0),
                ..default.clone()
            },
        ] {
            let made = Clip::encode("ffmpeg".as_ref(), &params).await;
            assert!(matches!(made, Err(Error::Params(_))), "{params:?}");
        }
    }

    #[tokio::test]
    async fn a_missing_encoder_is_named() {
        let made = Clip::encode("/no/such/ffmpeg".as_ref(), &ClipParams::default()).await;
        let text = made.expect_err("there is no such binary").to_string();
        assert!(
            text.contains("/no/such/ffmpeg") && text.contains("install"),
            "{text}"
        );
    }

    #[tokio::test]
    async fn an_encoder_that_fails_is_quoted() {
        let made = Clip::encode("false".as_ref(), &ClipParams::default()).await;
        assert!(matches!(made, Err(Error::FfmpegFailed { .. })), "{made:?}");
    }

    #[tokio::test]
    async fn equal_parameters_share_one_clip() {
        let params = ClipParams {
            width: 320,
            height: 180,
            seconds: 1,
            ..ClipParams::default()
        };
        let ffmpeg = "ffmpeg".as_ref();
        let (a, b) = tokio::join!(Clip::encode(ffmpeg, &params), Clip::encode(ffmpeg, &params));
        let (a, b) = (a.expect("encodes"), b.expect("encodes"));
        assert!(std::sync::Arc::ptr_eq(&a, &b));
        assert_eq!(a.parameter_sets().len(), 2);
        assert!(
            a.pictures()
                .iter()
                .enumerate()
                .all(|(i, p)| p.index == i as u32)
        );
        let jpeg = ClipParams {
            codec: Codec::Jpeg,
            ..params
        };
        let clip = Clip::encode(ffmpeg, &jpeg).await.expect("encodes");
        assert!(clip.pictures().iter().all(|p| p.key && p.units.len() == 1));
    }
}
