//! FFmpeg's command lines. Pure.

use crate::media::Codec;
use crate::media::sound::SoundCodec;

use super::status::Mode;

/// How to encode.
#[derive(Clone, Debug, PartialEq)]
pub struct EncodeSettings {
    /// FFmpeg's name of the encoder, for example `libx264`.
    pub codec: String,
    /// The encoder's preset.
    pub preset: String,
    /// The encoder's constant rate factor.
    pub crf: u8,
    /// Pictures a second.
    pub fps: u32,
}

/// What a recording's child is started with. Matroska comes in on stdin; fragments of about a
/// second go out on stdout, progress on descriptor 3, messages on stderr. Nothing in it is a
/// secret: the camera is not known here. `size` is the file's picture in pixels: what an encoder
/// is given of another size is scaled into it, with its own shape.
pub fn recording(
    mode: Mode,
    codec: Codec,
    settings: &EncodeSettings,
    size: (u32, u32),
    sound: Option<SoundCodec>,
) -> Vec<String> {
    let mut line = words("-hide_banner -nostats -v warning -y");
    // Start with the first picture: the header says all that probing would find.
    line.extend(words(
        "-probesize 32 -analyzeduration 0 -fpsprobesize 0 -f matroska -i pipe:0 -map 0",
    ));
    match mode {
        // Apple's players know H.265 by this name only.
        Mode::Copy if codec == Codec::H265 => line.extend(words("-c:v copy -tag:v hvc1")),
        Mode::Copy => line.extend(words("-c:v copy")),
        Mode::Encode => {
            line.push("-c:v".into());
            line.push(settings.codec.clone());
            line.push("-preset".into());
            line.push(settings.preset.clone());
            let (crf, fps, gop) = (settings.crf, settings.fps, settings.fps * 2);
            // B-frames begin before zero. Where sound has begun by then, the muxer makes up times for
            // the first pictures.
            line.extend(words(&format!(
                "-crf {crf} -r {fps} -fps_mode cfr -g {gop} -bf 0"
            )));
            line.push("-vf".into());
            line.push(filter(size));
        }
    }
    match sound {
        None => {}
        Some(SoundCodec::Aac) => line.extend(words("-c:a copy -max_interleave_delta 500000")),
        // Its times are the host's: where they run ahead of the samples, silence is put in, and
        // where they fall behind, samples are left out; what is 3 to 30 ms is stretched away, by
        // at most 480 samples a second (1 %). At 48 kHz AAC plays everywhere.
        Some(_) => line.extend(words(
            "-c:a aac -ar 48000 -b:a 64k -af aresample=async=480:min_comp=0.003:min_hard_comp=0.030 \
             -max_interleave_delta 500000",
        )),
    }
    line.extend(words(
        "-movflags +frag_keyframe+empty_moov+default_base_moof -frag_duration 1000000 \
         -flush_packets 1 -stats_period 1 -progress pipe:3 -f mp4 pipe:1",
    ));
    line
}

/// Encoders of 4:2:0 want even sides; JPEGs use the full range of values. A camera whose picture
/// changes its size does not change the file's.
fn filter((width, height): (u32, u32)) -> String {
    let even = "scale=trunc(iw/2)*2:trunc(ih/2)*2:out_range=tv";
    let (width, height) = (width / 2 * 2, height / 2 * 2);
    let into = if width > 0 && height > 0 {
        format!(
            ",scale={width}:{height}:force_original_aspect_ratio=decrease:force_divisible_by=2,\
             pad={width}:{height}:(ow-iw)/2:(oh-ih)/2"
        )
    } else {
        String::new()
    };
    format!("{even}{into},format=yuv420p")
}

/// Whether a codec is copied or encoded.
pub fn mode_for(codec: Codec, encode: crate::config::Encode) -> Mode {
    use crate::config::Encode;
    match (encode, codec) {
        (Encode::Always, _) | (_, Codec::Mjpeg) | (Encode::H264, Codec::H265) => Mode::Encode,
        (Encode::Auto | Encode::H264, Codec::H264) | (Encode::Auto, Codec::H265) => Mode::Copy,
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Encode;

    #[test]
    fn the_reference_defaults() {
        let settings = EncodeSettings {
            codec: "libx264".into(),
            preset: "veryfast".into(),
            crf: 23,
            fps: 25,
        };
        let line = recording(Mode::Encode, Codec::Mjpeg, &settings, (641, 360), None).join(" ");
        assert!(
            line.contains("-c:v libx264 -preset veryfast -crf 23 -r 25") && line.contains("-bf 0"),
            "{line}"
        );
        assert!(line.contains("scale=640:360:"), "{line}");
        let copied = |codec| recording(Mode::Copy, codec, &settings, (640, 360), None).join(" ");
        assert!(!copied(Codec::H264).contains("libx264"));
        assert!(copied(Codec::H265).contains("-c:v copy -tag:v hvc1 "));
        assert!(!copied(Codec::H264).contains("hvc1"));
        let heard = |sound| {
            recording(Mode::Copy, Codec::H264, &settings, (640, 360), Some(sound)).join(" ")
        };
        assert!(heard(SoundCodec::Aac).contains("-c:a copy "));
        assert!(heard(SoundCodec::Pcma).contains("-c:a aac -ar 48000 "));
    }

    #[test]
    fn copy_whenever_the_codec_allows() {
        assert_eq!(mode_for(Codec::H264, Encode::Auto), Mode::Copy);
        assert_eq!(mode_for(Codec::H265, Encode::Auto), Mode::Copy);
        assert_eq!(mode_for(Codec::H265, Encode::H264), Mode::Encode);
        assert_eq!(mode_for(Codec::Mjpeg, Encode::H264), Mode::Encode);
        assert_eq!(mode_for(Codec::H264, Encode::Always), Mode::Encode);
    }
}
