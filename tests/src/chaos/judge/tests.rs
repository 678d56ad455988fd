//! Forged recordings: a judge that never fails is worthless.

use super::*;

const BEGAN: f64 = 1_000_000.0;

/// A camera of 25 pictures a second, a keyframe a second; recorded from second 10 of its life.
fn sent() -> Sent {
    Sent {
        began: BEGAN,
        fps: 25.0,
        group: 25,
        ..Sent::default()
    }
}

/// A recording of 40 s from which these seconds (of the file) are missing.
fn recorded(missing: &[(f64, f64)]) -> Recorded {
    let shown = (0..1000).map(|i| Shown {
        at: f64::from(i) / 25.0,
        number: 250 + i as u64,
    });
    let kept = |shown: &Shown| {
        let inside = |&(from, until): &(f64, f64)| shown.at >= from && shown.at < until;
        !missing.iter().any(inside)
    };
    Recorded {
        asked: BEGAN + 10.6,
        began: BEGAN + 10.0,
        ended: BEGAN + 50.0,
        shown: shown.filter(kept).collect(),
        ..Recorded::default()
    }
}

fn gap(from: f64, seconds: f64) -> Gap {
    Gap {
        from: from - 0.04,
        seconds: seconds + 0.04,
        cause: "camera_lost".into(),
    }
}

fn struck(fault: Fault, at: f64) -> Struck {
    let from = BEGAN + 10.0 + at;
    Struck {
        fault,
        from,
        until: from + fault.lasts(),
    }
}

#[track_caller]
fn broken(verdict: &Verdict, word: &str) {
    let [only] = verdict.broken.as_slice() else {
        panic!("not one promise: {verdict:?}");
    };
    assert!(only.contains(word), "{only}");
}

#[test]
fn a_whole_recording_is_whole() {
    let verdict = judge(&sent(), &recorded(&[]), &[]);
    assert_eq!(verdict.broken, [""; 0]);
    assert_eq!(verdict.holes, []);
    assert!(
        verdict.checked > 980 && verdict.expected > 980,
        "{verdict:?}"
    );
    assert!(verdict.timeline_ms < 0.01);
}

#[test]
fn one_missing_picture_without_a_fault_is_found() {
    let verdict = judge(&sent(), &recorded(&[(20.0, 20.04)]), &[]);
    broken(&verdict, "nothing was done");
    assert_eq!(verdict.missing, 1);
}

#[test]
fn an_encoder_may_leave_out_two_and_not_three() {
    let two = Recorded {
        scattered: 2,
        ..recorded(&[(20.0, 20.08)])
    };
    assert_eq!(judge(&sent(), &two, &[]).broken, [""; 0]);
    let three = Recorded {
        scattered: 2,
        ..recorded(&[(20.0, 20.12)])
    };
    broken(&judge(&sent(), &three, &[]), "nothing was done");
}

#[test]
fn another_sessions_fault_is_no_excuse() {
    // It struck this session long before.
    let faults = [struck(Fault::Close, 10.0)];
    let verdict = judge(&sent(), &recorded(&[(30.0, 30.2)]), &faults);
    broken(&verdict, "nothing was done");
}

#[test]
fn a_shifted_timeline_is_found() {
    let mut late = recorded(&[]);
    for shown in &mut late.shown[500..] {
        shown.at += 0.15;
    }
    let verdict = judge(&sent(), &late, &[]);
    broken(&verdict, "not at their time");
    assert!((verdict.timeline_ms - 150.0).abs() < 0.1, "{verdict:?}");
    // All of it, as when `started_at` is wrong: what is missing at the end is found, too.
    let mut wrong = recorded(&[]);
    wrong.began += 0.2;
    let verdict = judge(&sent(), &wrong, &[]);
    assert!(
        verdict
            .broken
            .iter()
            .any(|b| b.contains("not at their time"))
    );
}

#[test]
fn a_timeline_that_shrinks_is_found() {
    // The 5 s of an outage are not in the file: what follows is early.
    let mut shrunk = recorded(&[(20.0, 25.0)]);
    for shown in &mut shrunk.shown {
        if shown.at >= 25.0 {
            shown.at -= 5.0;
        }
    }
    shrunk.gaps = vec![gap(20.0, 5.0)];
    let faults = [struck(Fault::Outage(5.0), 20.0)];
    let verdict = judge(&sent(), &shrunk, &faults);
    assert!(
        verdict
            .broken
            .iter()
            .any(|b| b.contains("not at their time"))
    );
}

#[test]
fn an_outage_takes_its_time_and_the_wait_for_a_keyframe() {
    let faults = [struck(Fault::Outage(4.5), 20.0)];
    let mut good = recorded(&[(20.0, 26.0)]);
    good.gaps = vec![gap(20.0, 6.0)];
    let verdict = judge(&sent(), &good, &faults);
    assert_eq!(verdict.broken, [""; 0]);
    let loss = &verdict.losses[0];
    assert!((loss.seconds - 6.0).abs() < 0.01, "{loss:?}");
    // The camera was back at 24.5, its next keyframe came at 25.
    assert!((loss.beyond - 1.0).abs() < 0.01, "{loss:?}");
    assert_eq!(loss.listed, 1);
}

#[test]
fn more_than_two_seconds_beyond_are_found() {
    let faults = [struck(Fault::Outage(5.0), 20.0)];
    let mut slow = recorded(&[(20.0, 27.2)]);
    slow.gaps = vec![gap(20.0, 7.2)];
    broken(&judge(&sent(), &slow, &faults), "more than it took away");
    // A dead FFmpeg takes nothing away by itself.
    let faults = [struck(Fault::KillFfmpeg, 20.0)];
    let mut lost = recorded(&[(18.9, 21.1)]);
    lost.gaps = vec![gap(18.9, 2.2)];
    broken(&judge(&sent(), &lost, &faults), "more than it took away");
    let mut little = recorded(&[(19.1, 21.0)]);
    little.gaps = vec![gap(19.1, 1.9)];
    assert_eq!(judge(&sent(), &little, &faults).broken, [""; 0]);
}

#[test]
fn an_unlisted_hole_is_found() {
    let faults = [struck(Fault::Outage(5.0), 20.0)];
    let verdict = judge(&sent(), &recorded(&[(20.0, 25.0)]), &faults);
    broken(&verdict, "no gap says so");
    let mut elsewhere = recorded(&[(20.0, 25.0)]);
    elsewhere.gaps = vec![gap(20.0, 2.0)];
    broken(&judge(&sent(), &elsewhere, &faults), "no gap says so");
}

#[test]
fn the_death_of_a_host_is_listed_however_short() {
    let faults = [struck(Fault::KillHost(1.0), 20.0)];
    let hole = [(18.5, 21.0)];
    broken(&judge(&sent(), &recorded(&hole), &faults), "no gap says so");
    let mut listed = recorded(&hole);
    listed.gaps = vec![gap(18.5, 2.5)];
    let verdict = judge(&sent(), &listed, &faults);
    assert_eq!(verdict.broken, [""; 0]);
    assert!((verdict.losses[0].beyond - 1.5).abs() < 0.05);
}

#[test]
fn a_gap_where_nothing_is_missing_is_found() {
    let mut phantom = recorded(&[]);
    phantom.gaps = vec![gap(20.0, 3.0)];
    broken(&judge(&sent(), &phantom, &[]), "are in the file");
}

#[test]
fn pictures_that_did_not_leave_the_camera_whole_are_the_faults() {
    let damaged = Sent {
        damaged: (760..775).collect(),
        ..sent()
    };
    let faults = [struck(Fault::Loss(3), 20.4)];
    let verdict = judge(&damaged, &recorded(&[(20.4, 21.0)]), &faults);
    assert_eq!(verdict.broken, [""; 0]);
    assert!(verdict.losses[0].beyond.abs() < 0.01, "{verdict:?}");
}

#[test]
fn a_stopped_file_and_an_empty_one_are_found() {
    let verdict = judge(&sent(), &recorded(&[(30.0, 99.0)]), &[]);
    assert!(
        verdict
            .broken
            .iter()
            .any(|b| b.contains("nothing was done"))
    );
    let verdict = judge(&sent(), &recorded(&[(0.0, 99.0)]), &[]);
    assert!(verdict.broken.iter().any(|b| b.contains("no picture")));
}

#[test]
fn repeated_pictures_are_no_pictures() {
    let mut frozen = recorded(&[(20.0, 25.0)]);
    let last = Shown {
        at: 20.96,
        number: 749,
    };
    let place = frozen
        .shown
        .iter()
        .position(|s| s.at > 20.0)
        .expect("it goes on");
    frozen.shown.insert(place, last);
    frozen.gaps = vec![gap(20.0, 5.0)];
    let verdict = judge(&sent(), &frozen, &[struck(Fault::Stall(5.0), 20.0)]);
    assert_eq!(verdict.broken, [""; 0]);
    assert!((verdict.losses[0].seconds - 5.0).abs() < 0.01);
}

#[test]
fn a_camera_that_was_late_itself_is_no_measure() {
    let late = Sent {
        late_ms: (700..710).map(|n| (n, 180.0)).collect(),
        ..sent()
    };
    let mut shown = recorded(&[]);
    for shown in &mut shown.shown[450..460] {
        shown.at += 0.18;
    }
    assert_eq!(judge(&late, &shown, &[]).broken, [""; 0]);
}

#[test]
fn a_file_that_begins_late_is_found() {
    let mut late = recorded(&[(0.0, 3.0)]);
    late.began += 3.0;
    for shown in &mut late.shown {
        shown.at -= 3.0;
    }
    broken(&judge(&sent(), &late, &[]), "nothing was done");
    // A host that died before anything was written cannot list it.
    let faults = [struck(Fault::KillHost(1.0), 1.2)];
    assert_eq!(judge(&sent(), &late, &faults).broken, [""; 0]);
}

#[test]
fn a_machine_that_stood_still_is_no_measure_of_an_encoder() {
    let paused = Sent {
        pauses: vec![(BEGAN + 30.0, 0.3)],
        ..sent()
    };
    let mut lacking = recorded(&[(20.0, 20.2)]);
    lacking.scattered = 2;
    assert_eq!(judge(&paused, &lacking, &[]).broken, [""; 0]);
    // A copy lacks nothing for that, and another time is another matter.
    lacking.scattered = 0;
    broken(&judge(&paused, &lacking, &[]), "nothing was done");
    let mut later = recorded(&[(25.0, 25.2)]);
    later.scattered = 2;
    broken(&judge(&paused, &later, &[]), "nothing was done");
}

#[test]
fn what_the_camera_passed_over_is_not_the_hosts() {
    let passed_over = Sent {
        passed_over: (750..760).collect(),
        ..sent()
    };
    let verdict = judge(&passed_over, &recorded(&[(20.0, 20.4)]), &[]);
    assert_eq!(verdict.broken, [""; 0]);
    let verdict = judge(&passed_over, &recorded(&[(20.0, 20.44)]), &[]);
    broken(&verdict, "nothing was done");
}

#[test]
fn a_report_that_says_whole_is_belied() {
    let faults = [struck(Fault::Outage(5.0), 20.0)];
    let mut gone = recorded(&[(20.0, 25.0)]);
    gone.gaps = vec![gap(20.0, 5.0)];
    let verdict = judge(&sent(), &gone, &faults);
    assert!(belied(&verdict, Some(true)).is_some());
    assert_eq!(belied(&verdict, Some(false)), None);
    assert_eq!(belied(&verdict, None), None);
    let whole = judge(&sent(), &recorded(&[]), &[]);
    assert_eq!(belied(&whole, Some(true)), None);
}
