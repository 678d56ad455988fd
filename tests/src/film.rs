//! A film that servers of other people's play to us: 640x360 with 25 pictures and a keyframe a
//! second, and at every whole second a flash (as [`simcam::flash`] has it) and a beep.

use std::path::{Path, PathBuf};

use simcam::Codec;
use tokio::process::Command;

use crate::judge;

/// Sound of a film.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sound {
    /// AAC-LC, 48 kHz.
    Aac,
    /// G.711 A-law.
    Pcma,
}

/// Pictures are made for so long and then repeated: keyframes fall on the whole seconds.
const LOOP_SECONDS: u32 = 4;
/// Samples a second in which the beeps are made.
const RATE: u32 = 48_000;

/// Where a film of a folder is.
pub fn place(folder: &Path, codec: Codec, sound: Option<Sound>) -> PathBuf {
    let name = match codec {
        Codec::H264 => "h264",
        Codec::H265 => "h265",
        Codec::Jpeg => "jpeg",
    };
    let heard = match sound {
        None => "silent",
        Some(Sound::Aac) => "aac",
        Some(Sound::Pcma) => "pcma",
    };
    folder.join(format!("{name}-{heard}.mkv"))
}

/// Writes a film of so many seconds, or a few more, into a folder, and returns where it is.
///
/// # Panics
/// Where FFmpeg fails.
pub async fn write(folder: &Path, codec: Codec, sound: Option<Sound>, seconds: u32) -> PathBuf {
    let encoder = match codec {
        Codec::H264 => {
            "-c:v libx264 -preset ultrafast -tune zerolatency -crf 28 -g 25 -pix_fmt yuv420p"
        }
        Codec::H265 => {
            "-c:v libx265 -preset ultrafast -crf 30 -pix_fmt yuv420p -x265-params \
             log-level=none:keyint=25:min-keyint=25:scenecut=0:bframes=0:open-gop=0"
        }
        // RTP has no place for other Huffman tables than the standard's (RFC 2435 3.1).
        Codec::Jpeg => "-c:v mjpeg -q:v 6 -huffman default -pix_fmt yuvj420p",
    };
    let file = place(folder, codec, sound);
    // With another sound it may be there already.
    let once = place(folder, codec, None).with_extension("once.mkv");
    let square = "drawbox=x=iw-32:y=0:w=32:h=32:t=fill";
    let source = format!(
        "testsrc2=size=640x360:rate=25:duration={LOOP_SECONDS},{square}:color=black,\
         {square}:color=white:enable='lt(mod(n\\,25)\\,3)'"
    );
    if !once.is_file() {
        let mut ffmpeg = ffmpeg();
        ffmpeg.args(["-f", "lavfi", "-i", &source]);
        finish(ffmpeg.args(encoder.split_whitespace()).arg(&once)).await;
    }
    let mut ffmpeg = ffmpeg();
    let times = seconds.div_ceil(LOOP_SECONDS);
    let again = times.saturating_sub(1).to_string();
    ffmpeg.args(["-stream_loop", &again, "-i"]).arg(&once);
    let seconds = times * LOOP_SECONDS;
    let beeps = format!(
        "aevalsrc=0.5*sin(2*PI*1000*t)*lt(mod(n\\,{RATE})\\,{}):s={RATE}:d={seconds}",
        RATE / 10
    );
    if let Some(sound) = sound {
        ffmpeg.args(["-f", "lavfi", "-i", &beeps, "-map", "0:v", "-map", "1:a"]);
        ffmpeg.args(match sound {
            Sound::Aac => ["-c:a", "aac", "-b:a", "64k", "-ac", "1"].as_slice(),
            Sound::Pcma => &["-c:a", "pcm_alaw", "-ar", "8000", "-ac", "1"],
        });
    }
    finish(ffmpeg.args(["-c:v", "copy"]).arg(&file)).await;
    file
}

fn ffmpeg() -> Command {
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-nostdin", "-v", "error", "-y"]);
    ffmpeg
}

async fn finish(ffmpeg: &mut Command) {
    let output = judge::run(ffmpeg).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}
