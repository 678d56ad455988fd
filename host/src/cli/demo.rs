//! `padelvar demo`: two simulated cameras, a host, and a whole session on each through the
//! public REST API.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use simcam::{Auth, ClipParams, Codec, HttpCamera, HttpConfig, RtspCamera, RtspConfig, Scheme};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::host::Host;
use crate::auth::{Principal, mint};
use crate::config::{self, Environment, process_environment};
use crate::recording::program;

/// The demo's key: it lives as long as the demo and opens nothing else.
const SECRET: &str = "a-secret-for-the-demo-only-0123456789";
/// A session with a camera of this machine takes no longer than its recording and this.
const PATIENCE: Duration = Duration::from_mins(1);

/// What `demo` is told.
#[derive(clap::Args)]
pub struct DemoArguments {
    /// Seconds to record.
    #[arg(long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// Where the MP4s are kept.
    #[arg(long, default_value = "padelvar-demo", value_name = "DIR")]
    out: PathBuf,
}

/// Runs the demo; all but the MP4s is removed at the end, however it ends.
pub fn run(arguments: &DemoArguments) -> Result<()> {
    // Outlives the runtime, so that nothing is written into it after it was removed.
    let data = tempfile::Builder::new()
        .prefix("padelvar-demo-")
        .tempdir()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let result = runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        tokio::select! {
            result = demo(arguments, data.path()) => result,
            _ = terminate.recv() => bail!("interrupted"),
            _ = interrupt.recv() => bail!("interrupted"),
        }
    });
    // Children are killed when what holds them is dropped.
    runtime.shutdown_timeout(Duration::from_secs(5));
    result
}

async fn demo(arguments: &DemoArguments, data: &Path) -> Result<()> {
    let environment = process_environment();
    let programs: Environment = environment
        .into_iter()
        .filter(|(name, _)| matches!(name.as_str(), "FFMPEG_PATH" | "FFPROBE_PATH"))
        .collect();
    let paths = config::parse("", data, "the demo's configuration", &programs)?
        .config
        .video;

    eprintln!("[1/4] drawing and encoding the cameras' pictures");
    let rtsp = RtspCamera::start(RtspConfig {
        auth: Some(Auth::new(Scheme::DigestMd5, "admin", "court")),
        ffmpeg: paths.ffmpeg_path.clone(),
        clip: ClipParams {
            width: 1280,
            height: 720,
            ..ClipParams::default()
        },
        ..RtspConfig::default()
    })
    .await
    .context("the simulated RTSP camera")?;
    let mjpeg = HttpCamera::start(HttpConfig {
        ffmpeg: paths.ffmpeg_path.clone(),
        clip: ClipParams {
            codec: Codec::Jpeg,
            ..ClipParams::default()
        },
        ..HttpConfig::default()
    })
    .await
    .context("the simulated MJPEG camera")?;

    eprintln!("[2/4] starting a host");
    let text = configuration(rtsp.url(), mjpeg.url());
    let loaded = config::parse(&text, data, "the demo's configuration", &programs)?;
    let (_sender, receiver) = watch::channel(Arc::new(loaded.config.clone()));
    let host = Host::start(receiver, None, None).await?;
    let admin = Principal {
        id: "demo".into(),
        role: "SUPER_ADMIN".into(),
        ..Principal::default()
    };
    let token = mint(
        SECRET.as_bytes(),
        &loaded.config.auth,
        &admin,
        Duration::from_hours(2),
    )?;
    let api = Api {
        client: Client::builder().no_proxy().build()?,
        base: format!("http://{}", host.address),
        token,
    };

    eprintln!(
        "[3/4] recording {} s of each camera, over {}",
        arguments.seconds, api.base
    );
    std::fs::create_dir_all(&arguments.out)
        .with_context(|| format!("cannot make {}", arguments.out.display()))?;
    let (first, second) = tokio::try_join!(
        session(&api, 1, "RTSP H.264", arguments),
        session(&api, 2, "MJPEG", arguments),
    )?;

    eprintln!("[4/4] what ffprobe says");
    host.stop().await;
    for file in [first, second] {
        println!("{}", probe(&paths.ffprobe_path, &file).await?);
    }
    Ok(())
}

fn configuration(rtsp: &str, mjpeg: &str) -> String {
    format!(
        r#"
[server]
listen = "127.0.0.1:0"
[auth]
jwt_secret = "{SECRET}"
[proxy]
listen = "127.0.0.1:0"
[video]
min_free_bytes = 100_000_000
[[clubs]]
id = 1
name = "Demo"
[[terrains]]
id = 1
club_id = 1
name = "Court 1"
[terrains.camera]
url = "{rtsp}"
username = "admin"
password = "court"
[[terrains]]
id = 2
club_id = 1
name = "Court 2"
[terrains.camera]
url = "{mjpeg}"
"#
    )
}

/// The public REST API, as any client uses it.
struct Api {
    client: Client,
    base: String,
    token: String,
}

impl Api {
    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value> {
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.base))
            .bearer_auth(&self.token)
            .timeout(PATIENCE);
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let answer: Value = serde_json::from_slice(&request.send().await?.bytes().await?)?;
        if answer["success"] != true {
            bail!("{path}: {} ({})", answer["detail"], answer["code"]);
        }
        Ok(answer)
    }

    async fn bytes(&self, path: &str) -> Result<Vec<u8>> {
        let url = format!("{}{path}", self.base);
        let answer = self.client.get(url).bearer_auth(&self.token).send().await?;
        if !answer.status().is_success() {
            bail!("{path}: {}", answer.status());
        }
        Ok(answer.bytes().await?.to_vec())
    }
}

/// One camera's session, from `create` to the downloaded file.
async fn session(api: &Api, terrain: u32, name: &str, told: &DemoArguments) -> Result<PathBuf> {
    let created = api
        .call(
            Method::POST,
            "/api/video/session/create",
            Some(json!({"terrain_id": terrain})),
        )
        .await?;
    let id = created["session"]["session_id"]
        .as_str()
        .context("no session_id")?
        .to_owned();
    let camera = &created["session"]["camera"];
    eprintln!(
        "      {name}: session {id}, camera {} {} {}x{}",
        camera["state"].as_str().unwrap_or("?"),
        camera["codec"].as_str().unwrap_or("?"),
        camera["width"],
        camera["height"]
    );
    let minutes = (told.seconds + 60) as f64 / 60.0;
    let body = json!({"session_id": id, "duration_minutes": minutes});
    api.call(Method::POST, "/api/video/record/start", Some(body))
        .await?;
    let started = tokio::time::Instant::now();
    let length = Duration::from_secs(told.seconds);
    while started.elapsed() < length {
        let step = length
            .saturating_sub(started.elapsed())
            .min(Duration::from_secs(2));
        tokio::time::sleep(step).await;
        let path = format!("/api/video/record/status/{id}");
        let recording = &api.call(Method::GET, &path, None).await?["recording"];
        eprintln!(
            "      {name}: {} {:.1} s, {} frames, {} bytes",
            recording["status"].as_str().unwrap_or("?"),
            recording["elapsed_seconds"].as_f64().unwrap_or_default(),
            recording["frames"],
            recording["size_bytes"]
        );
    }
    let picture = api
        .bytes(&format!("/api/preview/{id}/snapshot.jpg"))
        .await?;
    eprintln!("      {name}: preview picture of {} bytes", picture.len());
    let body = json!({"session_id": id});
    let stopped = api
        .call(Method::POST, "/api/video/record/stop", Some(body))
        .await?;
    let status = stopped["recording"]["status"].as_str().unwrap_or("?");
    eprintln!("      {name}: {status}");
    let video = api
        .bytes(&format!("/api/video/files/{id}/download"))
        .await?;
    let file = told.out.join(format!("{id}.mp4"));
    std::fs::write(&file, video).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
}

/// One line of a file: path, duration, codec, size, rate.
async fn probe(ffprobe: &Path, file: &Path) -> Result<String> {
    let output = program(ffprobe)
        .args([
            "-v",
            "error",
            "-select_streams",
            "v:0",
            "-of",
            "json",
            "-show_entries",
        ])
        .arg("format=duration,size:stream=codec_name,width,height,avg_frame_rate")
        .arg(file)
        .output()
        .await
        .with_context(|| format!("cannot start {}", ffprobe.display()))?;
    let found: Value = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("ffprobe cannot read {}", file.display()))?;
    let (format, stream) = (&found["format"], &found["streams"][0]);
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    Ok(format!(
        "{}: {} s, {} {}x{} at {} frames/s, {} bytes",
        file.display(),
        text(&format["duration"]),
        text(&stream["codec_name"]),
        stream["width"],
        stream["height"],
        text(&stream["avg_frame_rate"]),
        text(&format["size"])
    ))
}
