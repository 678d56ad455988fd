//! What to change in a camera, from what was measured or what it says of itself.
//!
//! Pure. Facts that are not known give no advice.

/// Longest way from one keyframe to the next, in seconds. Players seek to keyframes only, a
/// recording begins at one, and after a lost packet the picture is broken until the next.
pub const MAX_KEYFRAME_SECONDS: f64 = 4.0;
/// Farthest that a camera's clock may be off, in seconds, for the time in the picture to be
/// worth anything, and for ONVIF (some refuse accounts beyond 5 s).
pub const MAX_CLOCK_SECONDS: f64 = 2.0;
/// Bits for each pixel of each frame, below which a fast match is blurred: H.264.
const LEAST_BITS_PER_PIXEL: f64 = 0.035;
/// As above, beyond which disk is wasted.
const MOST_BITS_PER_PIXEL: f64 = 0.25;
/// H.265 needs about half of what H.264 does for the same picture.
const H265_SHARE: f64 = 0.55;
/// The longest keyframe distance is so many times the shortest: the camera chooses it by the
/// picture ("smart" codecs: H.264+, H.265+, Zipstream, Smart Codec, U-code).
const SMART_RATIO: f64 = 1.6;
/// Below this a ball is seen in too few places.
const LEAST_FPS: f64 = 20.0;
/// What players, editors and screens expect.
const USUAL_FPS: [f64; 8] = [24.0, 25.0, 30.0, 48.0, 50.0, 60.0, 100.0, 120.0];
/// 29.97 is 30 to everyone, and a measured rate is never exact.
const FPS_TOLERANCE: f64 = 0.03;
/// Below this height a ball is a few pixels on the far side of a court.
const LEAST_HEIGHT: u32 = 720;

/// What is known of a camera's stream.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// `H264`, `H265`, `JPEG` …, in any spelling.
    pub codec: Option<String>,
    /// Pixels.
    pub width: Option<u32>,
    /// Pixels.
    pub height: Option<u32>,
    /// Frames a second.
    pub fps: Option<f64>,
    /// Kilobits a second.
    pub bitrate_kbps: Option<f64>,
    /// Whether a keyframe came. `None`: nobody looked.
    pub keyframe_seen: Option<bool>,
    /// Longest time from one keyframe to the next, in seconds.
    pub keyframe_seconds: Option<f64>,
    /// Shortest one, in seconds.
    pub shortest_keyframe_seconds: Option<f64>,
    /// Whether frames come in another order than they are shown.
    pub b_frames: Option<bool>,
    /// The sound's encoding: `AAC`, `PCMA` …; `None` without sound.
    pub audio_codec: Option<String>,
    /// How far the camera's clock is ahead, in seconds; negative: behind.
    pub clock_offset_seconds: Option<f64>,
    /// How many programs may watch the camera at a time.
    pub streams_allowed: Option<u32>,
}

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Recordings suffer.
    Wrong,
    /// Better otherwise.
    Warning,
    /// Good to know.
    Note,
}

impl Weight {
    /// As it stands in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wrong => "wrong",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One piece of advice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// Stable, `snake_case`.
    pub code: &'static str,
    /// How much it matters.
    pub weight: Weight,
    /// What is the matter.
    pub message: String,
    /// What to do.
    pub hint: &'static str,
}

/// All advice on a camera, what matters most first.
pub fn advice(facts: &Facts) -> Vec<Advice> {
    let codec = facts.codec.as_deref().map(Codec::of);
    let parts = [
        keyframes(facts, codec),
        order(facts),
        codecs(codec),
        sound(facts),
        clock(facts),
        size(facts),
        rate(facts),
        bits(facts, codec),
        viewers(facts),
    ];
    let mut advice: Vec<Advice> = parts.into_iter().flatten().collect();
    advice.sort_by_key(|advice| advice.weight);
    advice
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Codec {
    H264,
    H265,
    /// Each picture for itself: there is no keyframe to wait for.
    Jpeg,
    Other,
}

impl Codec {
    fn of(text: &str) -> Self {
        let letters = text.chars().filter(char::is_ascii_alphanumeric);
        let text: String = letters.collect::<String>().to_ascii_uppercase();
        match text.as_str() {
            "H264" | "AVC" | "AVC1" => Self::H264,
            "H265" | "HEVC" | "HVC1" | "HEV1" => Self::H265,
            "JPEG" | "MJPEG" | "MJPG" => Self::Jpeg,
            _ => Self::Other,
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "what each rule ends with")]
fn say(code: &'static str, weight: Weight, message: String, hint: &'static str) -> Option<Advice> {
    Some(Advice {
        code,
        weight,
        message,
        hint,
    })
}

/// A number that can be measured: neither negative nor endless.
fn known(number: Option<f64>) -> Option<f64> {
    number.filter(|number| number.is_finite() && *number > 0.0)
}

fn keyframes(facts: &Facts, codec: Option<Codec>) -> Option<Advice> {
    if codec == Some(Codec::Jpeg) {
        return None;
    }
    if facts.keyframe_seen == Some(false) {
        let message = "no keyframe came: nothing can be recorded before one".to_owned();
        let hint = "set the keyframe (I-frame, GOP) interval to 2 seconds";
        return say("no_keyframe", Weight::Wrong, message, hint);
    }
    let longest = known(facts.keyframe_seconds)?;
    if let Some(shortest) = known(facts.shortest_keyframe_seconds)
        && longest > shortest * SMART_RATIO
        && longest > 1.0
    {
        let message = format!(
            "keyframes come {shortest:.1} to {longest:.1} s apart: a \"smart\" codec is on"
        );
        let hint = "switch it off (H.264+, H.265+, Zipstream, Smart Codec, U-code) and set an interval of 2 seconds";
        let weight = if longest > MAX_KEYFRAME_SECONDS {
            Weight::Wrong
        } else {
            Weight::Warning
        };
        return say("smart_codec", weight, message, hint);
    }
    if longest > MAX_KEYFRAME_SECONDS {
        let message =
            format!("keyframes come {longest:.1} s apart: a recording starts and seeks no finer");
        let hint =
            "set the keyframe (I-frame, GOP) interval to 2 seconds, that is twice the frame rate";
        return say("long_gop", Weight::Warning, message, hint);
    }
    None
}

fn order(facts: &Facts) -> Option<Advice> {
    if facts.b_frames != Some(true) {
        return None;
    }
    let message = "the stream has B-frames: pictures come late and out of order".to_owned();
    let hint = "set B-frames to 0, or the codec's profile to Baseline or Main without B-frames";
    say("b_frames", Weight::Warning, message, hint)
}

fn codecs(codec: Option<Codec>) -> Option<Advice> {
    match codec? {
        Codec::H264 => None,
        Codec::H265 => say(
            "h265",
            Weight::Warning,
            "the camera sends H.265, which many browsers do not play".to_owned(),
            "set H.264 in the camera, or `encode = \"h264\"` under `[video]`, which costs processor time",
        ),
        Codec::Jpeg => say(
            "jpeg",
            Weight::Note,
            "the camera sends JPEG pictures: each recording is encoded".to_owned(),
            "use an H.264 stream of the camera where it has one",
        ),
        Codec::Other => say(
            "codec",
            Weight::Warning,
            "the camera sends neither H.264 nor H.265: each recording is encoded".to_owned(),
            "set H.264 in the camera",
        ),
    }
}

fn sound(facts: &Facts) -> Option<Advice> {
    let codec = facts.audio_codec.as_deref()?;
    let letters = codec.chars().filter(char::is_ascii_alphanumeric);
    let name: String = letters.collect::<String>().to_ascii_uppercase();
    if ["AAC", "MP4A", "MPEG4GENERIC", "MP4ALATM", ""].contains(&name.as_str()) {
        return None;
    }
    let message = "the sound is not AAC: it is encoded where it is recorded".to_owned();
    say(
        "audio_codec",
        Weight::Note,
        message,
        "set AAC in the camera where it offers it",
    )
}

fn clock(facts: &Facts) -> Option<Advice> {
    let offset = facts
        .clock_offset_seconds
        .filter(|offset| !offset.is_nan())?;
    if offset.abs() <= MAX_CLOCK_SECONDS {
        return None;
    }
    let way = if offset > 0.0 { "ahead" } else { "behind" };
    let message = format!("the camera's clock is {:.0} s {way}", offset.abs());
    let hint = "set a time server (NTP) in the camera: the time in the picture is wrong, and accounts may be refused";
    say("clock", Weight::Warning, message, hint)
}

fn size(facts: &Facts) -> Option<Advice> {
    let (width, height) = (facts.width?, facts.height?);
    // A court may be filmed upright.
    if width.min(height) >= LEAST_HEIGHT || width == 0 || height == 0 {
        return None;
    }
    let message = format!("the picture has {width} x {height} pixels: a ball is hardly seen");
    say(
        "small_picture",
        Weight::Warning,
        message,
        "use the camera's main stream, 1920 x 1080 or more",
    )
}

fn rate(facts: &Facts) -> Option<Advice> {
    let fps = known(facts.fps)?;
    if fps < LEAST_FPS * (1.0 - FPS_TOLERANCE) {
        let message =
            format!("the camera sends {fps:.1} frames a second: fast balls are lost between them");
        return say(
            "low_fps",
            Weight::Warning,
            message,
            "set 25 or 30 frames a second",
        );
    }
    if USUAL_FPS
        .iter()
        .any(|usual| (fps / usual - 1.0).abs() <= FPS_TOLERANCE)
    {
        return None;
    }
    let message = format!("the camera sends {fps:.1} frames a second, which is no usual rate");
    say(
        "odd_fps",
        Weight::Note,
        message,
        "set 25, 30, 50 or 60, the one that goes with the lamps' mains",
    )
}

fn bits(facts: &Facts, codec: Option<Codec>) -> Option<Advice> {
    let share = match codec? {
        Codec::H264 => 1.0,
        Codec::H265 => H265_SHARE,
        Codec::Jpeg | Codec::Other => return None,
    };
    let pixels = f64::from(facts.width?) * f64::from(facts.height?) * known(facts.fps)?;
    let kbps = known(facts.bitrate_kbps)?;
    let bits = kbps * 1000.0 / known(Some(pixels))?;
    if bits < LEAST_BITS_PER_PIXEL * share {
        let wanted = pixels * LEAST_BITS_PER_PIXEL * 2.0 * share / 1000.0;
        let message = format!(
            "{kbps:.0} kbit/s are little for this picture: about {wanted:.0} would be right"
        );
        return say(
            "low_bitrate",
            Weight::Warning,
            message,
            "raise the bit rate in the camera",
        );
    }
    if bits > MOST_BITS_PER_PIXEL * share {
        // 90 minutes, in gigabytes.
        let gigabytes = kbps * 5400.0 / 8e6;
        let message = format!(
            "{kbps:.0} kbit/s are much for this picture: a match of 90 minutes takes {gigabytes:.0} GB"
        );
        return say(
            "high_bitrate",
            Weight::Note,
            message,
            "lower the bit rate in the camera where disk is scarce",
        );
    }
    None
}

fn viewers(facts: &Facts) -> Option<Advice> {
    let allowed = facts.streams_allowed.filter(|allowed| *allowed <= 2)?;
    let message =
        format!("the camera serves {allowed} program(s) at a time; one of them is this host");
    let hint = "close other players and recorders of this camera: what comes last is refused";
    say("few_streams", Weight::Note, message, hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Facts {
        Facts {
            codec: Some("H264".to_owned()),
            width: Some(1920),
            height: Some(1080),
            fps: Some(25.0),
            bitrate_kbps: Some(4096.0),
            keyframe_seen: Some(true),
            keyframe_seconds: Some(2.0),
            shortest_keyframe_seconds: Some(2.0),
            b_frames: Some(false),
            audio_codec: Some("AAC".to_owned()),
            clock_offset_seconds: Some(-0.4),
            streams_allowed: Some(8),
        }
    }

    fn codes(facts: &Facts) -> Vec<&'static str> {
        advice(facts).iter().map(|advice| advice.code).collect()
    }

    #[test]
    fn a_good_camera_and_an_unknown_one_get_none() {
        assert_eq!(codes(&good()), [""; 0]);
        assert_eq!(codes(&Facts::default()), [""; 0]);
    }

    #[test]
    fn one_fact_one_advice() {
        type Change = fn(&mut Facts);
        let rows: [(&str, Change); 19] = [
            ("no_keyframe", |f| f.keyframe_seen = Some(false)),
            ("long_gop", |f| {
                f.keyframe_seconds = Some(4.1);
                f.shortest_keyframe_seconds = Some(4.0);
            }),
            ("long_gop", |f| {
                f.keyframe_seconds = Some(10.0);
                f.shortest_keyframe_seconds = None;
            }),
            ("smart_codec", |f| f.keyframe_seconds = Some(9.0)),
            ("smart_codec", |f| f.keyframe_seconds = Some(3.9)),
            ("b_frames", |f| f.b_frames = Some(true)),
            ("h265", |f| {
                f.codec = Some("hevc".to_owned());
                f.bitrate_kbps = Some(2500.0);
            }),
            ("jpeg", |f| f.codec = Some("MJPEG".to_owned())),
            ("codec", |f| f.codec = Some("MPEG4".to_owned())),
            ("audio_codec", |f| f.audio_codec = Some("PCMA".to_owned())),
            ("clock", |f| f.clock_offset_seconds = Some(2.1)),
            ("clock", |f| f.clock_offset_seconds = Some(-3600.0)),
            ("small_picture", |f| {
                (f.width, f.height) = (Some(640), Some(360));
                f.bitrate_kbps = Some(500.0);
            }),
            ("low_fps", |f| f.fps = Some(15.0)),
            ("odd_fps", |f| f.fps = Some(22.0)),
            ("low_bitrate", |f| f.bitrate_kbps = Some(1000.0)),
            ("high_bitrate", |f| f.bitrate_kbps = Some(16_384.0)),
            ("few_streams", |f| f.streams_allowed = Some(2)),
            ("few_streams", |f| f.streams_allowed = Some(1)),
        ];
        for (code, change) in rows {
            let mut facts = good();
            change(&mut facts);
            assert_eq!(codes(&facts), [code], "{facts:?}");
        }
    }

    #[test]
    fn at_the_edges_there_is_none() {
        let mut facts = good();
        facts.keyframe_seconds = Some(4.0);
        facts.shortest_keyframe_seconds = Some(4.0);
        facts.clock_offset_seconds = Some(2.0);
        facts.fps = Some(29.97);
        assert_eq!(codes(&facts), [""; 0]);
    }

    #[test]
    fn numbers_that_are_none() {
        for number in [f64::NAN, f64::INFINITY, 0.0, -1.0] {
            let mut facts = good();
            facts.fps = Some(number);
            facts.bitrate_kbps = Some(number);
            facts.keyframe_seconds = Some(number);
            facts.shortest_keyframe_seconds = Some(number);
            assert_eq!(codes(&facts), [""; 0], "{number}");
        }
        let mut facts = good();
        (facts.width, facts.height) = (Some(0), Some(0));
        assert_eq!(codes(&facts), [""; 0]);
    }

    #[test]
    fn what_matters_most_comes_first() {
        let mut facts = good();
        facts.streams_allowed = Some(1);
        facts.b_frames = Some(true);
        facts.keyframe_seen = Some(false);
        assert_eq!(codes(&facts), ["no_keyframe", "b_frames", "few_streams"]);
    }
}
