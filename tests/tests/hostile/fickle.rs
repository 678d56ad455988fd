//! A policy that answers as it likes, or late: each answer counts once, and for nobody else.

use std::time::Duration;

use padelvar_tests::{Config, machine};
use tokio::time::Instant;

use crate::bystander::{self, Bystander};
use crate::guests;
use crate::stage::Stage;

/// Questions of each kind.
const QUESTIONS: u32 = 40;

#[tokio::test]
async fn whims_and_late_answers_deny_and_disturb_nobody() {
    let _alone = machine::alone().await;
    let good = bystander::camera().await;
    let stage = Stage::new();
    stage.plugin("whim", &guests::policy());
    let config = Config::of(&good).more("[policy]\nplugin = \"whim\"");
    let host = stage.start(&config).await;
    let bystander = Bystander::record(&host, &good).await;
    let path = format!("/api/video/session/{}", bystander.id);

    // The guest takes the misdeed from the role.
    let fickle = host.api.user("do.fickle", "7", 1);
    let (mut yes, mut no) = (0, 0);
    for _ in 0..QUESTIONS {
        let answer = fickle.get(&path).await;
        match answer.status {
            200 => yes += 1,
            403 => {
                answer.refused(403, "as_it_likes");
                no += 1;
            }
            other => panic!("{other}: {}", answer.text()),
        }
    }
    assert!(
        yes > 0 && no > 0,
        "every question is asked anew: {yes} {no}"
    );

    let late = host.api.user("do.late", "8", 1);
    for _ in 0..QUESTIONS / 4 {
        let asked = Instant::now();
        late.get(&path).await.refused(403, "policy_failed");
        let took = asked.elapsed();
        assert!(took < Duration::from_secs(5), "denied after {took:?}");
    }

    bystander.lost_nothing().await;
    host.end().await;
}
