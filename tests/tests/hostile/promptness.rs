//! How soon a guest is stopped.

use std::time::Duration;

use padelvar_tests::{Config, machine};
use tokio::time::Instant;

use crate::stage::{Stage, last_error, nth_hostile_camera, until_hostiles};

/// What must be stopped within this, from the call that creates its session to the answer.
const WITHIN: Duration = Duration::from_millis(250);
/// Tries, of which the best counts: others may keep this machine busy.
const TRIES: usize = 5;

#[tokio::test]
async fn misdeeds_are_stopped_within_250_ms() {
    let _alone = machine::alone().await;
    let orders = [
        "loop",
        "constructor-loop",
        "allocate",
        "recurse",
        "panic",
        "no-nal",
        "packets-first",
        "million-commands",
    ];
    // Each try has a version of its own: after five failures one is not tried any more.
    let tries = orders
        .iter()
        .flat_map(|order| std::iter::repeat_n(order, TRIES));
    let config = tries.enumerate().fold(Config::new(), |config, (n, order)| {
        let options = format!("do = {order:?}");
        config.camera(&nth_hostile_camera(n, "http://127.0.0.1:9/", &options, ""))
    });
    let stage = Stage::new();
    let host = stage.start(&config).await;
    // Not before the start: so many files would hold it up.
    stage.hostiles(orders.len() * TRIES);
    until_hostiles(&host, orders.len() * TRIES).await;
    for (number, order) in orders.into_iter().enumerate() {
        let mut best = Duration::MAX;
        for attempt in 0..TRIES {
            let terrain = number * TRIES + attempt + 1;
            let asked = Instant::now();
            let body = host.api.try_create(terrain).await.ok(201);
            best = best.min(asked.elapsed());
            assert_ne!(last_error(&body["session"]), "", "{order}: {body}");
            let id = body["session"]["session_id"].as_str().expect("it has one");
            host.api.try_close(id).await.ok(200);
            if best < WITHIN {
                break;
            }
        }
        eprintln!("{order}: stopped after {best:.0?}");
        assert!(best < WITHIN, "{order}: stopped after {best:?}");
    }
    host.end().await;
}
