//! From the renaming of a file to its plugin in force.

use padelvar_tests::sums::{greatest, median, verdict};
use padelvar_tests::{Config, Host, versions};
use tokio::time::Instant;

use crate::stage;

/// What is aimed at with compiled code in the cache, seconds.
const WARM: f64 = 1.0;
/// What is aimed at for an adapter of 150 KB that this host never had, seconds.
const COLD: f64 = 3.0;

/// Prints a table. Whether the aims were reached.
pub async fn measure(rounds: u32) -> bool {
    println!(
        "| plugin     |  KiB | cold, median s | cold, worst s | warm, median s | warm, worst s | warm / cold |\n\
         |------------|-----:|---------------:|--------------:|---------------:|--------------:|------------:|"
    );
    let mut kept = true;
    for name in ["rtsp", "club-roles"] {
        kept &= of(name, rounds).await;
    }
    kept
}

async fn of(built_in: &str, rounds: u32) -> bool {
    let wasm = versions::built_in(built_in);
    let name = "measured";
    let config = Config::new().level("info");
    let host = Host::start_in(stage::folder(&config, &[])).await;
    let folder = host.folder();
    let mut events = stage::listen(&host).await;
    let mut cold = Vec::new();
    let mut warm = Vec::new();
    let mut put = async |number: u32| {
        let version = versions::another(&wasm, number);
        let new = stage::prepare(folder.path(), name, &version);
        let began = Instant::now();
        stage::rename(&new, name);
        stage::until_active(&mut events, name).await;
        began.elapsed().as_secs_f64()
    };
    for round in 0..rounds {
        // The second was never seen, the first is in the cache by then.
        cold.push(put(2 * round).await);
        put(2 * round + 1).await;
        warm.push(put(2 * round).await);
    }
    host.end().await;
    let (kib, ratio) = (wasm.len() / 1024, median(&warm) / median(&cold));
    println!(
        "| {built_in:10} | {kib:4} | {:14.2} | {:13.2} | {:14.2} | {:13.2} | {ratio:11.2} |",
        median(&cold),
        greatest(&cold),
        median(&warm),
        greatest(&warm),
    );
    let (slowest, slowest_warm) = (greatest(&cold), greatest(&warm));
    println!(
        "\n{built_in}: cold at most {COLD} s: {}; warm at most {WARM} s: {}\n",
        verdict(slowest, COLD),
        verdict(slowest_warm, WARM)
    );
    slowest <= COLD && slowest_warm <= WARM
}
