//! Streams that are odd or go wrong: B-frames, damage, other settings in mid-stream, clocks.

use std::sync::Arc;
use std::time::Duration;

use padelvar_tests::processes::{self, Process};
use padelvar_tests::{Config, Host, Take, cameras, clock, judge, machine, together};
use rustix::process::Signal;
use serde_json::{Value, json};
use simcam::{Clip, ClipParams, Fault, Handle, RtspConfig};
use tokio::time::sleep;

/// A camera with two B-frames between others.
fn reordering() -> RtspConfig {
    RtspConfig {
        clip: ClipParams {
            bframes: 2,
            ..cameras::h264()
        },
        ..RtspConfig::default()
    }
}

/// The host's FFmpeg processes.
fn ffmpegs(host: &Host) -> Vec<Process> {
    let below = processes::below(host.pid()).into_iter();
    below.filter(|p| p.command.contains("ffmpeg")).collect()
}

/// A recording in whose middle FFmpeg is killed.
async fn with_a_death(host: &Host, terrain: u32) -> Take {
    let id = host.api.create(terrain).await;
    let called = clock::now();
    host.api.start(&id).await;
    sleep(Duration::from_millis(4300)).await;
    for child in ffmpegs(host) {
        processes::signal(child.pid, Signal::KILL);
    }
    sleep(Duration::from_millis(4300)).await;
    Take::stop(host, id, called).await
}

#[tokio::test]
async fn b_frames_are_copied_in_their_order() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(reordering()).await;
    let host = Host::start(&Config::of(&camera)).await;
    let take = with_a_death(&host, 1).await;
    let video = take.check_uneven().await;
    let recording = take.recording();
    assert_eq!(recording["mode"], "copy", "{recording}");
    assert_eq!(recording["gaps"], json!([]), "{recording}");
    let offsets = clock::offsets(&take.file, &video, recording, &camera).await;
    eprintln!("{:.1?} ms late", offsets.range());
    offsets.within(40.0);
    // At the end one may be there and not yet those that are shown before it.
    let end = offsets.at.last().copied().unwrap_or_default() - 0.15;
    offsets.between(0.0, end).consecutive();
    host.end().await;
}

#[tokio::test]
async fn a_long_group_is_written_again_by_the_next_child() {
    let _shared = machine::shared().await;
    let far_apart = RtspConfig {
        clip: ClipParams {
            gop: 250,
            ..cameras::h264()
        },
        ..RtspConfig::default()
    };
    let camera = cameras::rtsp(far_apart).await;
    let host = Host::start(&Config::of(&camera)).await;
    let id = host.api.create(1).await;
    let live = |session: &Value| session["camera"]["state"] == "live";
    // Up to ten seconds until a keyframe comes.
    host.api.until(|| host.api.session(&id), live).await;
    let called = clock::now();
    host.api.start(&id).await;
    for _ in 0..2 {
        sleep(Duration::from_millis(3700)).await;
        for child in ffmpegs(&host) {
            processes::signal(child.pid, Signal::KILL);
        }
    }
    sleep(Duration::from_secs(1)).await;
    let take = Take::stop(&host, id, called).await;
    take.check_copied(&camera).await;
    host.end().await;
}

#[tokio::test]
async fn b_frames_are_encoded_in_their_order() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(reordering()).await;
    let config = Config::of(&camera).video("encode = \"always\"");
    let host = Host::start(&config).await;
    let take = with_a_death(&host, 1).await;
    let offsets = take.check_encoded(&camera).await;
    eprintln!("{:.1?} ms late", offsets.range());
    // Of the last pictures some may still be on their way.
    let end = offsets.at.last().copied().unwrap_or_default() - 0.3;
    let whole = offsets.between(0.0, end);
    let jumps = whole
        .numbers
        .windows(2)
        .filter(|n| n[1] < n[0] || n[1] > n[0] + 2);
    assert_eq!(jumps.count(), 0, "{:?}", offsets.numbers);
    host.end().await;
}

const LENGTH: Duration = Duration::from_secs(9);

/// Records a terrain while things are done to its camera, each so long after the start.
async fn with(host: &Host, terrain: u32, deeds: Vec<(f64, Box<dyn FnOnce() + '_>)>) -> Take {
    let id = host.api.create(terrain).await;
    let called = clock::now();
    host.api.start(&id).await;
    let mut spent = Duration::ZERO;
    for (seconds, deed) in deeds {
        let at = Duration::from_secs_f64(seconds);
        sleep(at.saturating_sub(spent)).await;
        spent = at;
        deed();
    }
    sleep(LENGTH.saturating_sub(spent)).await;
    Take::stop(host, id, called).await
}

fn fault(camera: &Handle, fault: Fault) -> Box<dyn FnOnce() + '_> {
    Box::new(move || camera.inject(fault))
}

fn show<'a>(camera: &'a Handle, clip: Option<&Arc<Clip>>) -> Box<dyn FnOnce() + 'a> {
    let clip = clip.cloned();
    Box::new(move || camera.show(clip).expect("it has the same pace"))
}

async fn clip(params: ClipParams) -> Option<Arc<Clip>> {
    let made = Clip::encode("ffmpeg".as_ref(), &params).await;
    Some(made.expect("FFmpeg makes it"))
}

fn causes(recording: &Value) -> Vec<&str> {
    let gaps = recording["gaps"].as_array().into_iter().flatten();
    gaps.filter_map(|gap| gap["cause"].as_str()).collect()
}

#[tokio::test]
async fn what_refers_to_a_lost_picture_is_left_out() {
    let _shared = machine::shared().await;
    let far_apart = RtspConfig {
        clip: ClipParams {
            gop: 100,
            ..cameras::h264()
        },
        ..RtspConfig::default()
    };
    let cameras = [
        cameras::rtsp(RtspConfig::default()).await,
        cameras::rtsp(far_apart).await,
        cameras::rtsp(RtspConfig::default()).await,
    ];
    let config = cameras
        .iter()
        .fold(Config::new(), |c, camera| c.url(camera.url()));
    let host = Host::start(&config).await;
    let lossy = |n: usize| vec![(0.5, fault(&cameras[n], Fault::LossRate(0.3)))];
    let drops = |n: usize| {
        let drop = || fault(&cameras[n], Fault::DropNext(1));
        vec![(2.7, drop()), (5.3, drop())]
    };
    let takes = together([
        with(&host, 1, drops(0)),
        with(&host, 2, drops(1)),
        with(&host, 3, lossy(2)),
    ])
    .await;
    // Two losses cost a second each at most, and what is there decodes.
    let video = takes[0].check_uneven().await;
    let recording = takes[0].recording();
    let offsets = clock::offsets(&takes[0].file, &video, recording, &cameras[0]).await;
    eprintln!("{recording}");
    offsets.within(40.0);
    let holes: Vec<_> = offsets
        .numbers
        .windows(2)
        .filter(|n| n[1] != n[0] + 1)
        .collect();
    assert!((1..=2).contains(&holes.len()), "{holes:?}");
    assert!(holes.iter().all(|n| n[1] - n[0] <= 26), "{holes:?}");
    assert!(
        causes(recording)
            .iter()
            .all(|cause| *cause == "packet_loss"),
        "{recording}"
    );
    // With four seconds from keyframe to keyframe only the lost picture is missing.
    let video = takes[1].check_lossy().await;
    let expected = (video.duration * 25.0).round() as usize;
    assert!(
        video.packets.len() + 4 >= expected,
        "{} of {expected}",
        video.packets.len()
    );
    assert_eq!(takes[1].recording()["gaps"], json!([]));
    // With losses all the time most of what came is shown.
    let video = takes[2].check_lossy().await;
    let sent = cameras[2].sent();
    let frames = sent.iter().flat_map(|client| &client.frames);
    let came = frames.filter(|frame| frame.whole).count();
    eprintln!(
        "{} of {came}: {}",
        video.packets.len(),
        takes[2].recording()["gaps"]
    );
    assert!(
        video.packets.len() * 2 >= came,
        "{} of {came}",
        video.packets.len()
    );
    host.end().await;
}

#[tokio::test]
async fn pain_08_other_settings_in_mid_stream_stay_in_one_file() {
    let _shared = machine::shared().await;
    let cameras = [
        cameras::rtsp(RtspConfig::default()).await,
        cameras::rtsp(RtspConfig::default()).await,
        cameras::http(cameras::small_http()).await,
    ];
    let smaller = clip(ClipParams {
        width: 480,
        height: 270,
        ..cameras::h264()
    })
    .await;
    let larger = clip(ClipParams {
        width: 640,
        height: 360,
        ..cameras::jpegs()
    })
    .await;
    let config = cameras
        .iter()
        .fold(Config::new(), |c, camera| c.url(camera.url()));
    let host = Host::start(&config).await;
    let there_and_back = |n: usize, other: &Option<Arc<Clip>>| {
        vec![
            (2.5, show(&cameras[n], other.as_ref())),
            (5.5, show(&cameras[n], None)),
        ]
    };
    // With every keyframe another one.
    let restless = (1..8).map(|second| {
        let other = if second % 2 == 1 { &smaller } else { &None };
        (f64::from(second), show(&cameras[1], other.as_ref()))
    });
    let takes = together([
        with(&host, 1, there_and_back(0, &smaller)),
        with(&host, 2, restless.collect()),
        with(&host, 3, there_and_back(2, &larger)),
    ])
    .await;
    for (take, camera) in takes.iter().zip(&cameras[..2]) {
        let offsets = take.check_copied(camera).await;
        eprintln!("{:.1?} ms late", offsets.range());
    }
    assert_eq!(judge::video(&takes[2].file).await.size, (320, 180));
    let video = takes[2].check().await;
    judge::constant_rate(&video, 25);
    let recording = takes[2].recording();
    assert_eq!(recording["gaps"], json!([]));
    let offsets = clock::offsets(&takes[2].file, &video, recording, &cameras[2]).await;
    // JPEGs bear no time: a busy machine is late.
    offsets.between(0.0, video.duration - 0.2).within(400.0);
    host.end().await;
}

#[tokio::test]
async fn another_shape_is_shown_whole_in_the_first_ones_place() {
    let _shared = machine::shared().await;
    let camera = cameras::http(cameras::small_http()).await;
    let other = clip(ClipParams {
        width: 480,
        height: 480,
        ..cameras::jpegs()
    })
    .await;
    let host = Host::start(&Config::of(&camera)).await;
    let take = with(&host, 1, vec![(3.0, show(&camera, other.as_ref()))]).await;
    let video = take.check().await;
    assert_eq!(video.size, (320, 180));
    judge::constant_rate(&video, 25);
    assert_eq!(take.recording()["gaps"], json!([]));
    host.end().await;
}

#[tokio::test]
async fn clocks_that_run_wrong_and_packets_out_of_order() {
    let _shared = machine::shared().await;
    let mut cameras = Vec::new();
    for _ in 0..5 {
        cameras.push(cameras::rtsp(RtspConfig::default()).await);
    }
    let config = cameras
        .iter()
        .fold(Config::new(), |c, camera| c.url(camera.url()));
    let host = Host::start(&config).await;
    let rate = |n: usize, times: f64| vec![(2.5, fault(&cameras[n], Fault::ClockRate(times)))];
    let there_and_back = vec![
        (2.5, fault(&cameras[3], Fault::ClockRate(-1.0))),
        (5.5, fault(&cameras[3], Fault::ClockRate(1.0))),
    ];
    let shuffled =
        (4..12).map(|half| (f64::from(half) / 2.0, fault(&cameras[4], Fault::Reorder(9))));
    let takes = together([
        with(&host, 1, rate(0, 0.0)),
        with(&host, 2, rate(1, 0.5)),
        with(&host, 3, rate(2, 2.0)),
        with(&host, 4, there_and_back),
        with(&host, 5, shuffled.collect()),
    ])
    .await;
    for (take, camera) in takes[..4].iter().zip(&cameras) {
        let video = take.check_uneven().await;
        let offsets = clock::offsets(&take.file, &video, take.recording(), camera).await;
        eprintln!(
            "{:.1?} ms late: {}",
            offsets.range(),
            take.recording()["gaps"]
        );
        offsets.consecutive();
        // A clock is believed until it is a second off.
        offsets.within(1000.0 + 150.0);
    }
    takes[4].check_copied(&cameras[4]).await;
    host.end().await;
}

#[tokio::test]
async fn noise_and_rubbish_do_not_end_a_recording() {
    let cameras = [
        cameras::rtsp(RtspConfig::default()).await,
        cameras::rtsp(RtspConfig::default()).await,
        cameras::http(cameras::small_http()).await,
        cameras::http(cameras::small_http()).await,
    ];
    let config = cameras
        .iter()
        .fold(Config::new(), |c, camera| c.url(camera.url()));
    let host = Host::start(&config).await;
    let lasting = Duration::from_secs(2);
    let spoilt =
        |n: usize, kind: fn(Duration) -> Fault| vec![(2.5, fault(&cameras[n], kind(lasting)))];
    let takes = together([
        with(&host, 1, spoilt(0, Fault::Noise)),
        with(&host, 2, spoilt(1, Fault::Rubbish)),
        with(&host, 3, spoilt(2, Fault::Noise)),
        with(&host, 4, spoilt(3, Fault::Rubbish)),
    ])
    .await;
    for (n, (take, camera)) in takes.iter().zip(&cameras).enumerate() {
        let recording = take.recording();
        // Of rubbish in the place of parameter sets even ffprobe complains.
        let length = if n == 1 {
            recording["elapsed_seconds"].as_f64().expect("a length")
        } else {
            take.check_lossy().await.duration
        };
        let expected = clock::seconds(take.started_at(), take.stop_call);
        assert!(
            (length - expected).abs() <= 0.3,
            "{length} of {expected}: {recording}"
        );
        let offsets = clock::readable(&take.file, recording, camera).await;
        eprintln!("{} are readable: {}", offsets.at.len(), recording["gaps"]);
        // Before it all is well, and again from the first keyframe of a new connection on.
        let early = clock::seconds(take.started_at(), take.start_call);
        for good in [
            offsets.between(0.0, early + 2.2),
            offsets.between(early + 7.5, length - 0.2),
        ] {
            assert!(good.at.len() > 20, "{:?}", good.at);
            // JPEGs bear no time: a busy machine is late.
            good.within(400.0);
        }
    }
    host.end().await;
}
