//! Memory of the host a further camera, without FFmpeg.

use std::time::Duration;

use padelvar_tests::{Config, Host};
use tokio::time::sleep;

use padelvar_tests::simulated::Cameras;
use padelvar_tests::sums::verdict;
use padelvar_tests::usage::{self, Memory};

/// As many cameras as there are sessions in the end.
pub const CAMERAS: usize = 9;
/// Live sessions at each measurement.
const STEPS: [usize; 3] = [1, 5, CAMERAS];
/// Several groups of pictures have come and gone by then.
const SETTLE: Duration = Duration::from_secs(8);
/// What is aimed at, MiB.
const AIM: f64 = 4.0;

/// Measures and prints.
pub async fn measure(cameras: &Cameras) {
    let urls = cameras.urls.iter();
    let config = urls.fold(Config::new().level("info"), |config, url| config.url(url));
    let host = Host::start(&config).await;
    println!("Memory of the host, MiB: live 1080p cameras of 4 Mbit/s, nothing recorded");
    println!("  sessions    PSS    RSS  threads");
    let (mut live, mut seen): (usize, Vec<Memory>) = (0, Vec::new());
    for step in STEPS {
        eprintln!("{step} live sessions ...");
        while live < step {
            live += 1;
            host.api.create(live as u64).await;
        }
        sleep(SETTLE).await;
        let memory = usage::memory(host.pid());
        let (Memory { pss, rss }, threads) = (memory, usage::threads(host.pid()).len());
        println!("  {step:8} {pss:6.1} {rss:6.1} {threads:8}");
        seen.push(memory);
    }
    host.end().await;
    let further = (CAMERAS - STEPS[0]) as f64;
    let slope = (seen[seen.len() - 1].pss - seen[0].pss) / further;
    let verdict = verdict(slope, AIM);
    println!("  a further camera {slope:.2} MiB (aim {AIM:.1} or less: {verdict})\n");
}
