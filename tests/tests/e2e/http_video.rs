//! Video over HTTP: MPEG-TS and FLV as one answer, HLS as segments.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use padelvar_tests::sync::{Heard, IN_STEP_MS};
use padelvar_tests::{Config, Host, Take, film, judge, machine, together};
use simcam::Codec;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

const LENGTH: Duration = Duration::from_secs(8);

/// The film that all of them send.
const FILM: &str = "h264-aac.mkv";

/// FFmpeg sends the folder's film at the clock's pace, with its sound.
fn source(arguments: &[&str], folder: &Path) -> Child {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-re", "-i", FILM, "-c", "copy"]);
    command.args(arguments).current_dir(folder);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    command.kill_on_drop(true);
    command.spawn().expect("ffmpeg starts")
}

/// Serves a folder, and what FFmpeg writes to a pipe for `live.ts` and `live.flv`.
async fn serve(folder: std::path::PathBuf) -> (u16, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut clients = JoinSet::new();
        while let Ok((client, _)) = listener.accept().await {
            clients.spawn(answer(client, folder.clone()));
        }
    });
    (port, tasks)
}

async fn answer(mut client: TcpStream, folder: std::path::PathBuf) {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let mut more = [0; 1024];
        match client.read(&mut more).await {
            Ok(count) if count > 0 => head.extend_from_slice(&more[..count]),
            _ => return,
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split_whitespace().nth(1).unwrap_or_default();
    let name = path.trim_start_matches('/').to_owned();
    let format = match name.as_str() {
        "live.ts" => Some("mpegts"),
        "live.flv" => Some("flv"),
        _ => None,
    };
    if let Some(format) = format {
        let mut child = source(&["-f", format, "pipe:1"], &folder);
        let mut stream = child.stdout.take().expect("a pipe");
        let head = "HTTP/1.1 200 OK\r\nContent-Type: video/x\r\nConnection: close\r\n\r\n";
        if client.write_all(head.as_bytes()).await.is_ok() {
            let _ = tokio::io::copy(&mut stream, &mut client).await;
        }
        return;
    }
    let answer = match std::fs::read(folder.join(&name)) {
        Ok(body) => {
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            [head.into_bytes(), body].concat()
        }
        Err(_) => {
            b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec()
        }
    };
    let _ = client.write_all(&answer).await;
}

#[tokio::test]
async fn ts_flv_and_hls_become_one_mp4_each() {
    // What FFmpeg sends must keep up with the clock, as a camera does.
    let _alone = machine::alone().await;
    let folder = TempDir::with_prefix("padelvar-e2e-").expect("a folder");
    film::write(folder.path(), Codec::H264, Some(film::Sound::Aac), 12).await;
    let _hls = source(
        &[
            "-f",
            "hls",
            "-hls_time",
            "2",
            "-hls_list_size",
            "6",
            "live.m3u8",
        ],
        folder.path(),
    );
    let (port, _server) = serve(folder.path().to_owned()).await;
    let playlist = folder.path().join("live.m3u8");
    let segments = || {
        let text = std::fs::read_to_string(&playlist).unwrap_or_default();
        text.matches("#EXTINF").count()
    };
    while segments() < 3 {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let names = ["live.ts", "live.flv", "live.m3u8"];
    let config = names.iter().fold(Config::new(), |config, name| {
        config
            .url(&format!("http://127.0.0.1:{port}/{name}"))
            .with_sound()
    });
    let host = Host::start(&config).await;
    let takes = (1..=names.len() as u32).map(|terrain| {
        let host = &host;
        async move {
            let id = host.api.create(terrain).await;
            host.api.until_camera(&id, "live").await;
            let called = padelvar_tests::clock::now();
            host.api.start(&id).await;
            tokio::time::sleep(LENGTH).await;
            Take::stop(host, id, called).await.with("h264", true)
        }
    });
    for (name, take) in names.iter().zip(together(takes).await) {
        eprintln!("judging {name}");
        let session = host.api.session(&take.id).await;
        assert_eq!(session["adapter"], "http-video", "{session}");
        let video = judge::uneven_file(&take.file).await;
        assert_eq!(video.sound.as_deref(), Some("aac"), "{name}");
        let (seconds, gaps) = (video.duration, &take.recording()["gaps"]);
        assert!(
            (seconds - LENGTH.as_secs_f64()).abs() < 2.5,
            "{name}: {seconds} s"
        );
        assert_eq!(*gaps, serde_json::json!([]), "{name}");
        let heard = Heard::of(&take.file).await.expect("it decodes");
        // A beep that was under way when the sound began has no beginning.
        let apart = heard.apart(video.sound_from.unwrap_or_default() + 0.2).ms;
        eprintln!("{name}: sound is {apart:.1?} ms late");
        assert!(apart.len() >= 4, "{name}: {apart:?}");
        let in_step = apart.iter().all(|ms| ms.abs() <= IN_STEP_MS);
        assert!(in_step, "{name}: {apart:?}");
        assert!(
            video.packets.len() as f64 > seconds * 23.0,
            "{name}: {}",
            video.packets.len()
        );
    }
    host.end().await;
}
