//! Requests at an even pace, each with an answer that is known beforehand.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use padelvar_tests::Api;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// Requests that are under way at once: stops a host that answers nothing from filling memory.
const AT_ONCE: usize = 500;

/// Wrong answers that are shown.
const TOLD: u64 = 5;

/// What came of the requests.
#[derive(Default)]
pub struct Sums {
    /// Answered as they must be.
    pub good: AtomicU64,
    /// Answered otherwise, or not at all.
    pub bad: AtomicU64,
    /// The longest time to an answer, microseconds.
    pub slowest_us: AtomicU64,
}

/// Asks so often a second until the task is aborted. Three of four requests are an
/// administrator's and allowed, the fourth is the administrator's of another club's.
pub async fn ask(api: Api, session: String, a_second: u32, sums: Arc<Sums>) {
    let path = format!("/api/video/record/status/{session}");
    let stranger = api.user("CLUB_ADMIN", "99", 2);
    let mut beat = interval(Duration::from_secs(1) / a_second.max(1));
    beat.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut under_way = JoinSet::new();
    for number in 0_u64.. {
        beat.tick().await;
        while under_way.try_join_next().is_some() {}
        if under_way.len() >= AT_ONCE {
            under_way.join_next().await;
        }
        let denied = number % 4 == 3;
        let api = if denied {
            stranger.clone()
        } else {
            api.clone()
        };
        let (path, sums) = (path.clone(), Arc::clone(&sums));
        under_way.spawn(async move {
            let asked = Instant::now();
            let answer = api.get(&path).await;
            let took = asked.elapsed().as_micros() as u64;
            sums.slowest_us.fetch_max(took, Ordering::Relaxed);
            let code = answer.json["code"].as_str();
            let right = if denied {
                answer.status == 403 && code == Some("not_your_club")
            } else {
                answer.status == 200
            };
            let sum = if right { &sums.good } else { &sums.bad };
            let before = sum.fetch_add(1, Ordering::Relaxed);
            if !right && before < TOLD {
                eprintln!("  answered {}", answer.text());
            }
        });
    }
}
