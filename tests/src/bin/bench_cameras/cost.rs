//! `cost`: processor time of a stream over UDP beside one over TCP.

use std::time::Duration;

use clap::Args;
use padelvar_tests::simulated::{Cameras, FPS};
use padelvar_tests::sums::median;
use padelvar_tests::usage::cpu;
use padelvar_tests::{Config, Host, processes, together};
use tokio::time::sleep;

/// What comes before is the start of programs and not the recording.
const SETTLE: Duration = Duration::from_secs(3);
const WAYS: [&str; 2] = ["tcp", "udp"];

/// How it is measured.
#[derive(Args)]
pub struct Options {
    /// Cameras that are recorded at the same time
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=16))]
    streams: u8,
    /// How often each transport is measured
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=100))]
    rounds: u8,
    /// Length of a measurement
    #[arg(long, default_value_t = 20.0)]
    seconds: f64,
}

/// What streams cost.
#[derive(Clone, Copy, Default)]
struct Cost {
    /// Milliseconds of a processor a second and stream.
    host: f64,
    ffmpeg: f64,
    /// Packets of all streams; a loss spares the host their work.
    lost: u64,
}

/// Measures and prints.
pub async fn run(options: &Options) -> bool {
    let streams = usize::from(options.streams);
    let cameras = Cameras::start(streams, "tcp,udp").await;
    // The same cameras twice: the first terrains over TCP, the others over UDP.
    let config = WAYS
        .iter()
        .flat_map(|way| cameras.urls.iter().map(move |url| (way, url)))
        .fold(Config::new().level("info"), |config, (way, url)| {
            config.camera(&format!(
                "url = {url:?}\noptions = {{ transport = {way:?} }}"
            ))
        });
    let host = Host::start(&config).await;
    println!("CPU a stream, milliseconds a second: 1080p{FPS} H.264, {streams} recorded at a time");
    println!(
        "| round | TCP: host | FFmpeg | UDP: host | FFmpeg | packets lost | host, UDP to TCP | both |"
    );
    println!("|---:|---:|---:|---:|---:|---:|---:|---:|");
    let (mut host_ratios, mut ratios) = (Vec::new(), Vec::new());
    for round in 1..=options.rounds {
        let mut costs = [Cost::default(); 2];
        // What else the machine does must not always meet the same one.
        let order = if round % 2 == 1 { [0, 1] } else { [1, 0] };
        for way in order {
            eprintln!("round {round} of {}: {} ...", options.rounds, WAYS[way]);
            costs[way] = cost(&host, way * streams, streams, options.seconds).await;
        }
        let [tcp, udp] = costs;
        let host_ratio = udp.host / tcp.host;
        let ratio = (udp.host + udp.ffmpeg) / (tcp.host + tcp.ffmpeg);
        println!(
            "| {round} | {:.2} | {:.2} | {:.2} | {:.2} | {} | {host_ratio:.2} | {ratio:.2} |",
            tcp.host, tcp.ffmpeg, udp.host, udp.ffmpeg, udp.lost
        );
        host_ratios.push(host_ratio);
        ratios.push(ratio);
    }
    host.end().await;
    println!(
        "\nmedian ratio UDP to TCP: host {:.2}, with FFmpeg {:.2}",
        median(&host_ratios),
        median(&ratios)
    );
    true
}

/// Records the terrains after `first` for a while.
async fn cost(host: &Host, first: usize, streams: usize, seconds: f64) -> Cost {
    let starting = (first + 1..=first + streams).map(|terrain| async move {
        let id = host.api.create(terrain).await;
        host.api.start(&id).await;
        id
    });
    let sessions = together(starting).await;
    sleep(SETTLE).await;
    let children = processes::below(host.pid());
    let recording = children.iter().filter(|p| p.command.contains("pipe:0"));
    let recording: Vec<u32> = recording.map(|process| process.pid).collect();
    assert_eq!(recording.len(), streams, "an FFmpeg each: {children:?}");
    let now = || (cpu(host.pid()), recording.iter().map(|pid| cpu(*pid)));
    let (host_before, children_before) = now();
    let children_before: Vec<_> = children_before.collect();
    sleep(Duration::from_secs_f64(seconds)).await;
    let (host_after, children_after) = now();
    let spent = children_after
        .zip(&children_before)
        .map(|(after, before)| after.since(before));
    let spent: f64 = spent.sum();
    let mut lost = 0;
    for id in &sessions {
        host.api.stop(id).await;
        let report = host.api.report(id).await;
        lost += report["quality"]["packets_lost"].as_u64().unwrap_or(0);
    }
    let each = 1000.0 / (seconds * streams as f64);
    Cost {
        host: host_after.since(&host_before) * each,
        ffmpeg: spent * each,
        lost,
    }
}
