//! Draws the frames and has FFmpeg encode them.

use std::path::Path;

use bytes::Bytes;
use tokio::sync::mpsc;

use super::{ClipParams, Codec};
use crate::error::Error;
use crate::scene::Scene;

/// Frames drawn ahead of the encoder.
const QUEUE_FRAMES: usize = 4;

/// Draws and encodes the clip; the answer is the raw elementary stream.
pub(super) async fn run(ffmpeg: &Path, params: &ClipParams) -> Result<Bytes, Error> {
    let (frames, drawn) = mpsc::channel::<Vec<u8>>(QUEUE_FRAMES);
    let artist = params.clone();
    // Ends by itself when the receiver is gone.
    tokio::task::spawn_blocking(move || {
        let mut scene = Scene::new(&artist);
        for index in 0..artist.frames() {
            if frames.blocking_send(scene.frame(index).to_vec()).is_err() {
                break;
            }
        }
    });
    crate::ffmpeg::run(ffmpeg, &arguments(params), drawn).await
}

fn arguments(params: &ClipParams) -> String {
    let ClipParams {
        width,
        height,
        fps,
        gop,
        slices,
        bframes,
        ..
    } = params;
    let rate = |clean: &str| match params.bitrate_kbps {
        Some(k) => format!("-b:v {k}k -maxrate {}k -bufsize {k}k", k + k / 4),
        None => clean.to_owned(),
    };
    let codec = match params.codec {
        // Threads work on whole pictures: zerolatency alone would cut each
        // picture into a slice a thread.
        Codec::H264 => format!(
            "-c:v libx264 -preset ultrafast -tune zerolatency -pix_fmt yuv420p -x264-params \
             keyint={gop}:min-keyint={gop}:scenecut=0:open-gop=0:bframes={bframes}:b-adapt=0\
             :b-pyramid=none:sliced-threads=0:slices={slices}:repeat-headers=1:aud=0 {} -f h264",
            rate("-crf 23")
        ),
        // Without temporal layers and pyramid, so that the order of display follows from the
        // slices' types alone.
        Codec::H265 => format!(
            "-c:v libx265 -preset ultrafast -tune zerolatency -pix_fmt yuv420p -x265-params \
             log-level=error:keyint={gop}:min-keyint={gop}:scenecut=0:open-gop=0\
             :bframes={bframes}:rc-lookahead={}:b-adapt=0:b-pyramid=0:slices={slices}:repeat-headers=1:aud=0\
             :info=0 {} -f hevc",
            bframes + 1,
            rate("-crf 26")
        ),
        // RTP has no place for other Huffman tables than the standard's (RFC 2435 4.1).
        Codec::Jpeg => format!(
            "-c:v mjpeg -huffman default -pix_fmt yuvj420p {} -f mjpeg",
            rate("-q:v 5")
        ),
    };
    format!(
        "-f rawvideo -pix_fmt yuv420p -s {width}x{height} -r {fps} -i pipe:0 -an {codec} pipe:1"
    )
}
