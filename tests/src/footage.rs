//! MP4s that no host recorded: what a folder may hold when a host starts.

use std::path::{Path, PathBuf};

use tokio::process::Command;

use crate::judge;

/// Where a host looks for the file of a terrain's session of that moment.
pub fn place(folder: &Path, club: u32, terrain: u32, unix_ms: u64) -> PathBuf {
    let club = folder.join(format!("static/videos/{club}"));
    std::fs::create_dir_all(&club).expect("a folder can be made");
    club.join(format!("sess_{terrain}_{unix_ms}.mp4"))
}

/// Writes an H.264 file of some seconds: small pictures, 25 a second, a keyframe every two.
pub async fn write(file: &Path, seconds: u32) {
    let source = format!("testsrc2=size=640x360:rate=25:duration={seconds}");
    let mut ffmpeg = ffmpeg();
    ffmpeg.args(["-f", "lavfi", "-i", &source]);
    ffmpeg.args([
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-crf",
        "32",
        "-g",
        "50",
    ]);
    ffmpeg.args(["-pix_fmt", "yuv420p"]);
    finish(ffmpeg.arg(file)).await;
}

/// Writes a file's pictures one after the other, again and again.
pub async fn repeat(from: &Path, times: u32, to: &Path) {
    let mut ffmpeg = ffmpeg();
    let again = times.saturating_sub(1).to_string();
    ffmpeg.args(["-stream_loop", &again, "-i"]).arg(from);
    finish(ffmpeg.args(["-c", "copy"]).arg(to)).await;
}

fn ffmpeg() -> Command {
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "error", "-y"]);
    ffmpeg
}

async fn finish(ffmpeg: &mut Command) {
    let output = judge::run(ffmpeg).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}
