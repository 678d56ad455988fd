//! The binary `simcam`: simulated cameras from the command line.
#![forbid(unsafe_code)]

mod cli;

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Parser as _;
use simcam::{Codec, Handle, HttpCamera, HttpConfig, RtspCamera, ScheduledFault};
use tokio::task::JoinSet;

use cli::{Cli, Kind, Options};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: &Cli) -> anyhow::Result<()> {
    let options = match &cli.kind {
        Kind::Rtsp(rtsp) => &rtsp.common,
        Kind::Http(options) => options,
    };
    eprintln!("encoding the picture ...");
    let cameras = tokio::select! {
        cameras = start(&cli.kind, options) => cameras?,
        signal = tokio::signal::ctrl_c() => return signal.context("cannot wait for Ctrl-C"),
    };
    let mut stdout = std::io::stdout().lock();
    for camera in &cameras {
        writeln!(stdout, "{}", camera.url()).context("cannot print the URL")?;
    }
    stdout.flush().context("cannot print the URL")?;
    drop(stdout);
    if let Some(sha256) = cameras.first().and_then(|c| c.certificate_sha256()) {
        eprintln!("SHA-256 of the first certificate: {sha256}");
    }
    let mut faults = JoinSet::new();
    for (number, camera) in cameras.iter().enumerate() {
        for fault in &options.faults {
            faults.spawn(strike(camera.clone(), fault.clone(), number));
        }
    }
    tokio::signal::ctrl_c()
        .await
        .context("cannot wait for Ctrl-C")?;
    faults.shutdown().await;
    for camera in cameras {
        if let Some(camera) = Arc::into_inner(camera) {
            camera.stop().await;
        }
    }
    Ok(())
}

async fn start(kind: &Kind, options: &Options) -> anyhow::Result<Vec<Arc<Handle>>> {
    let mut cameras = Vec::new();
    for number in 0..options.count {
        let camera = match kind {
            Kind::Rtsp(rtsp) => {
                let config = rtsp.config(number).context("cannot read the dialect")?;
                RtspCamera::start(config).await?
            }
            Kind::Http(_) => {
                let (listen, tls) = (options.address(number), options.tls);
                let (auth, ffmpeg) = (options.auth(), options.ffmpeg.clone());
                let clip = options.clip(Codec::Jpeg);
                let config = HttpConfig {
                    listen,
                    tls,
                    auth,
                    ffmpeg,
                    clip,
                    ..HttpConfig::default()
                };
                HttpCamera::start(config).await?
            }
        };
        cameras.push(Arc::new(camera));
    }
    Ok(cameras)
}

async fn strike(camera: Arc<Handle>, scheduled: ScheduledFault, number: usize) {
    let wait = scheduled.at.saturating_sub(camera.elapsed());
    tokio::time::sleep(wait).await;
    camera.inject(scheduled.fault.clone());
    eprintln!("camera {number}: {:?}", scheduled.fault);
}
