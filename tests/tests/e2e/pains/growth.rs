//! Pain 11: memory that grows for days. A minute with faults shows what a leak a fault would be;
//! the soak shows the hours.

use std::time::Duration;

use padelvar_tests::cameras::{self, small_http};
use padelvar_tests::{Config, Host, judge, machine, processes, usage};
use rustix::process::Signal;
use simcam::{Fault, RtspConfig};
use tokio::time::{Instant, sleep};

/// Faults until then fill what is kept for ever, and caches.
const SETTLED: Duration = Duration::from_secs(12);
const LENGTH: Duration = Duration::from_secs(36);
/// A fault of each camera and a death of FFmpeg every so often.
const EVERY: Duration = Duration::from_secs(2);
/// What the pictures that are held may differ by from one moment to another, MiB.
const MEMORY: f64 = 12.0;

/// What a process holds.
#[derive(Debug)]
struct Holds {
    rss: f64,
    descriptors: usize,
    threads: usize,
    children: usize,
}

impl Holds {
    fn of(pid: u32) -> Self {
        let entries = |name: &str| {
            let entries = std::fs::read_dir(format!("/proc/{pid}/{name}"));
            entries.expect("it is our process").count()
        };
        Self {
            rss: usage::memory(pid).rss,
            descriptors: entries("fd"),
            threads: entries("task"),
            children: processes::below(pid).len(),
        }
    }
}

#[tokio::test]
async fn pain_11_reconnects_and_deaths_leave_nothing_behind() {
    let _shared = machine::shared().await;
    let cameras = [
        cameras::rtsp(RtspConfig::default()).await,
        cameras::rtsp(RtspConfig::default()).await,
        cameras::http(small_http()).await,
    ];
    let config = cameras
        .iter()
        .fold(Config::new().level("info"), |config, camera| {
            config.url(camera.url())
        });
    let host = Host::start(&config).await;
    let mut sessions = Vec::new();
    for terrain in 1..=3 {
        let id = host.api.create(terrain).await;
        host.api.start(&id).await;
        sessions.push(id);
    }
    let (began, mut before) = (Instant::now(), None);
    while began.elapsed() < LENGTH {
        for camera in &cameras {
            camera.inject(Fault::Close);
        }
        let mut children = processes::below(host.pid()).into_iter();
        // One of three now and then: many ends, one soon after the other, look like an FFmpeg
        // that is broken.
        if began.elapsed().as_secs() % 3 == 0
            && let Some(child) = children.rfind(|p| p.command.contains("ffmpeg"))
        {
            processes::signal(child.pid, Signal::KILL);
        }
        for id in &sessions {
            let path = format!("/api/preview/{id}/snapshot.jpg");
            host.api.get(&path).await;
        }
        sleep(EVERY).await;
        if before.is_none() && began.elapsed() >= SETTLED {
            for id in &sessions {
                host.api.until_camera(id, "live").await;
            }
            before = Some(Holds::of(host.pid()));
        }
    }
    for id in &sessions {
        host.api.until_camera(id, "live").await;
    }
    let before = before.expect("it was long enough");
    // What is on its way to its end at one moment is gone at another.
    let no_more = |now: &Holds| {
        now.descriptors <= before.descriptors + 2
            && now.children <= before.children
            && now.threads <= before.threads + 2
    };
    let (mut now, since) = (Holds::of(host.pid()), Instant::now());
    while !no_more(&now) && since.elapsed() < Duration::from_secs(15) {
        sleep(Duration::from_millis(500)).await;
        now = Holds::of(host.pid());
    }
    eprintln!("{before:?}\n{now:?}");
    assert!(no_more(&now), "{before:?} {now:?}");
    assert!(now.rss < before.rss + MEMORY, "{before:?} {now:?}");
    for id in &sessions {
        host.api.stop(id).await;
        judge::uneven_file(&host.video(id)).await;
    }
    host.end().await;
}
