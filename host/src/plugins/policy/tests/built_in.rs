//! The policies inside the binary, with their settings left out.

use std::sync::Arc;
use std::time::Instant;

use super::super::super::builtin::POLICIES;
use super::super::limits::{QUESTION_FUEL, QUESTION_WALL, SETUP_FUEL};
use super::super::testing::{load, question};
use super::super::types::Settings;

/// A question costs them a small part of what it may, so that an honest policy of an
/// administrator's own is not cut short.
#[test]
fn they_answer_with_much_to_spare() {
    let settings = Settings {
        format: "json".into(),
        text: "{}".into(),
    };
    for (name, wasm) in POLICIES {
        let begun = Instant::now();
        let plugin = Arc::new(load(wasm).unwrap());
        let loaded = begun.elapsed();
        assert_eq!(plugin.validate(&settings), Ok(()), "{name}");
        let mut instance = plugin.configured(&settings).unwrap();
        let configuring = SETUP_FUEL - instance.fuel();
        assert!(configuring < SETUP_FUEL / 4, "{name}: {configuring}");
        let mut dearest = 0;
        for action in ["session.view", "recording.start", "system.cleanup", "sing"] {
            let far = Instant::now() + QUESTION_WALL * 100;
            let answer = instance.decide(&question(action), far).unwrap();
            assert_eq!(
                answer.allow,
                !matches!(action, "system.cleanup" | "sing"),
                "{name}"
            );
            dearest = dearest.max(QUESTION_FUEL - instance.fuel());
        }
        assert!(dearest < QUESTION_FUEL / 4, "{name}: {dearest}");
        println!(
            "{name}: loaded in {loaded:?}, fuel: {configuring} to configure, {dearest} a question"
        );
    }
}
