//! Host and FFmpeg die together at moments of chance: one session is one MP4 all the same. The
//! short form of `cargo xtask chaos kills`.

use std::path::Path;

use padelvar_tests::chaos::{kills, table};
use padelvar_tests::machine;

/// Two sessions each.
const DEATHS: u32 = 4;
const SEED: u64 = 7;

#[tokio::test]
async fn host_and_ffmpeg_killed_together_again_and_again() {
    let _shared = machine::shared().await;
    let keep = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kills");
    let outcome = kills::run(DEATHS, SEED, &keep).await;
    eprintln!("{}", table::text(&outcome));
    assert_eq!(outcome.broken, [""; 0]);
    assert_eq!(outcome.sessions.len(), DEATHS as usize * 2);
    assert!(outcome.sessions.iter().all(|session| session.whole));
}
