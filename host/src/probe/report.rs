//! What was found out, for programs: what the command prints and the API answers.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Finding, Probed};

/// A camera as it was found. What is not known is null.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
#[schema(as = CameraProbe)]
pub struct Report {
    /// Where it was watched, without credentials; null where no stream was found to be tried.
    #[schema(required)]
    pub url: Option<String>,
    /// The adapter that spoke to it.
    #[schema(required)]
    pub adapter: Option<String>,
    /// Whether pictures came.
    pub works: bool,
    /// Why none did.
    #[schema(required)]
    pub error: Option<String>,
    /// `h264`, `h265`, `mjpeg` …
    #[schema(required)]
    pub codec: Option<String>,
    /// Pixels.
    #[schema(required)]
    pub width: Option<u32>,
    /// Pixels.
    #[schema(required)]
    pub height: Option<u32>,
    /// Pictures a second.
    #[schema(required)]
    pub fps: Option<f64>,
    /// Kilobits a second.
    #[schema(required)]
    pub bitrate_kbps: Option<f64>,
    /// Seconds from one keyframe to the next, the longest seen.
    #[schema(required)]
    pub keyframe_seconds: Option<f64>,
    /// Whether pictures come in another order than they are shown.
    #[schema(required)]
    pub b_frames: Option<bool>,
    /// The sound's encoding; null without sound.
    #[schema(required)]
    pub audio_codec: Option<String>,
    /// Programs that may watch it at a time, of the three that were tried; null also where it is in
    /// use, when only one is.
    #[schema(required)]
    pub streams_allowed: Option<u32>,
    /// Seconds that the camera's clock is ahead; negative: behind.
    #[schema(required)]
    pub clock_offset_seconds: Option<f64>,
    /// The certificate that it showed, as `tls` takes it: `pin:` and 64 digits.
    #[schema(required)]
    pub pin: Option<String>,
    /// Maker and model in the camera's own words.
    #[schema(required)]
    pub device: Option<String>,
    /// Why ONVIF told nothing, where it was asked and did not.
    #[schema(required)]
    pub onvif: Option<String>,
    /// The streams that the camera named, the best one first.
    pub streams: Vec<Stream>,
    /// What to change in its settings.
    pub advice: Vec<Suggestion>,
}

/// A stream that a camera named.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CameraStream)]
pub struct Stream {
    /// Without credentials.
    pub url: String,
    /// The profile's name, codec and size.
    pub name: String,
}

/// Something to change in a camera's settings.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CameraAdvice)]
pub struct Suggestion {
    /// Stable, for programs: `long_gop`.
    pub code: String,
    /// How much it matters.
    pub weight: String,
    /// What was seen.
    pub message: String,
    /// What to do.
    pub hint: String,
}

impl Report {
    /// Of what was asked and what was watched.
    pub fn new(finding: Option<&Finding>, probed: Option<&Probed>) -> Self {
        let mut report = probed.map(Self::watched).unwrap_or_default();
        if let Some(finding) = finding {
            report.device.clone_from(&finding.device);
            report.onvif.clone_from(&finding.note);
            let places = finding.places.iter().filter(|place| place.named);
            report.streams = places
                .map(|place| Stream {
                    url: place.url.clone(),
                    name: place.name.clone(),
                })
                .collect();
            let told = finding.clock_offset_seconds.map(hundredths);
            report.clock_offset_seconds = report.clock_offset_seconds.or(told);
        }
        if probed.is_none() {
            report.error = Some("nobody answers where cameras have their streams".to_owned());
        }
        report
    }

    fn watched(probed: &Probed) -> Self {
        let facts = &probed.facts;
        let advice = probed.advice.iter().map(|advice| Suggestion {
            code: advice.code.to_owned(),
            weight: advice.weight.name().to_owned(),
            message: advice.message.clone(),
            hint: advice.hint.to_owned(),
        });
        Self {
            url: Some(probed.url.clone()),
            adapter: Some(probed.adapter.clone()),
            works: probed.failure.is_none(),
            error: probed.failure.as_ref().map(|(_, message)| message.clone()),
            codec: facts.codec.clone(),
            width: facts.width,
            height: facts.height,
            fps: facts.fps.map(hundredths),
            bitrate_kbps: facts.bitrate_kbps.map(f64::round),
            keyframe_seconds: facts.keyframe_seconds.map(hundredths),
            b_frames: facts.b_frames,
            audio_codec: facts.audio_codec.clone(),
            streams_allowed: facts.streams_allowed,
            clock_offset_seconds: facts.clock_offset_seconds.map(hundredths),
            pin: probed.pin.clone(),
            advice: advice.collect(),
            ..Self::default()
        }
    }
}

fn hundredths(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}
