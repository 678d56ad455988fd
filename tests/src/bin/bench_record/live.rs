//! How long it takes from `create` to a camera that is live.

use std::time::Duration;

use padelvar_tests::{Config, Host, cameras};
use simcam::{Handle, RtspConfig, StartAt};
use tokio::time::{Instant, sleep};

use padelvar_tests::sums::{greatest, median, verdict};

/// Tries a camera, each at another moment of its group of pictures.
const TRIES: u32 = 8;
/// The clip's: 25 pictures at 25 a second.
const KEYFRAMES: Duration = Duration::from_secs(1);
/// What may come on top of the keyframe interval.
const ALLOWANCE: Duration = Duration::from_millis(300);
/// Between two looks at a session that was not live when `create` answered.
const LOOK: Duration = Duration::from_millis(5);
/// Bound of a try.
const PATIENCE: Duration = Duration::from_secs(15);

/// What makes of cameras send a new client first.
const KINDS: [(StartAt, &str); 3] = [
    (StartAt::NextFrame, "with the next picture"),
    (StartAt::NextKeyframe, "with the next keyframe"),
    (StartAt::CachedGop, "with the newest group"),
];

/// Measures and prints.
pub async fn measure() {
    let mut handles = Vec::new();
    for (start_at, _) in KINDS {
        let config = RtspConfig {
            start_at,
            ..RtspConfig::default()
        };
        handles.push(cameras::rtsp(config).await);
    }
    let config = Config::new().level("info");
    let config = handles.iter().fold(config, |c, camera| c.url(camera.url()));
    let host = Host::start(&config).await;
    let aim = ms(KEYFRAMES + ALLOWANCE);
    let (keyframes, allowance) = (ms(KEYFRAMES), ms(ALLOWANCE));
    println!("From `create` to live, ms: RTSP H.264, a keyframe every {keyframes:.0} ms");
    println!("  the camera begins           p50     max");
    let mut worst = f64::NAN;
    for (index, (handle, (_, name))) in handles.iter().zip(KINDS).enumerate() {
        eprintln!("{TRIES} sessions with a camera that begins {name} ...");
        let mut tries = Vec::new();
        for number in 0..TRIES {
            until_phase(handle, number).await;
            tries.push(ms(one(&host, index as u64 + 1).await));
        }
        let most = greatest(&tries);
        println!("  {name:24} {:6.0} {most:7.0}", median(&tries));
        worst = worst.max(most);
    }
    host.end().await;
    let verdict = verdict(worst, aim);
    println!("  slowest {worst:.0} (aim {keyframes:.0} + {allowance:.0} or less: {verdict})");
}

/// Waits for a moment of the group that no other try begins at.
async fn until_phase(camera: &Handle, number: u32) {
    let wanted = KEYFRAMES * (2 * number + 1) / (2 * TRIES);
    let interval = KEYFRAMES.as_micros();
    let now = camera.elapsed().as_micros() % interval;
    let wait = (wanted.as_micros() + interval - now) % interval;
    sleep(Duration::from_micros(wait as u64)).await;
}

async fn one(host: &Host, terrain: u64) -> Duration {
    let began = Instant::now();
    let mut session = host.api.try_create(terrain).await.ok(201)["session"].clone();
    let id = session["session_id"].as_str().expect("an id").to_owned();
    while session["camera"]["state"] != "live" {
        assert!(began.elapsed() < PATIENCE, "not live: {session}");
        sleep(LOOK).await;
        session = host.api.session(&id).await;
    }
    let took = began.elapsed();
    host.api.try_close(&id).await.ok(200);
    took
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
