use super::*;

fn traced(origin: u64, numbers: impl IntoIterator<Item = u64>) -> Trace {
    let mut trace = Trace::new(90_000);
    for n in numbers {
        let arrived = (n * 40_000) as i64;
        trace.picture(Some(origin + n * 3600), arrived, &n.to_le_bytes());
    }
    trace
}

#[test]
fn times_are_unwrapped_from_the_first_picture_on() {
    let mut trace = Trace::new(90_000);
    let start = u64::from(u32::MAX) - 3599;
    let times: Vec<_> = [start, 0, 3600, start]
        .into_iter()
        .map(|raw| trace.picture(Some(raw), 0, &[]).camera_us)
        .collect();
    assert_eq!(times, [Some(0), Some(40_000), Some(80_000), Some(0)]);
    assert_eq!(trace.picture(None, 7, &[]).at_us(), 7);
    // Absurd times do no harm.
    let mut trace = Trace::new(1);
    for raw in [u64::MAX, 0, 1 << 63] {
        trace.picture(Some(raw), i64::MAX >> 2, &[]);
        trace.report(raw, u64::MAX);
    }
    let other = traced(0, 0..3);
    let found = Alignment::find(&trace, &other).or(Alignment::find(&other, &trace));
    assert!(found.is_none_or(|found| found.shift_us != 0));
    let _ = (Alignment::by_arrival(&trace, &other), trace.pace_us());
}

#[test]
fn a_report_may_come_before_the_first_picture() {
    let ntp = |seconds: u64| seconds << 32;
    let (mut old, mut new) = (Trace::new(90_000), Trace::new(90_000));
    old.report(1000, ntp(10));
    new.report(500_000, ntp(12));
    old.picture(Some(1000), 0, &[1]);
    new.picture(Some(500_000), 0, &[2]);
    let found = Alignment::find(&old, &new).expect("both have one");
    assert_eq!((found.shift_us, found.way), (2_000_000, Way::Report));
}

#[test]
fn a_wall_clock_that_was_set_meanwhile_is_not_believed() {
    let (mut old, mut new) = (traced(0, 0..10), traced(1 << 20, 5..10));
    old.report(0, 100 << 32);
    new.report((1 << 20) + 5 * 3600, 4000 << 32);
    let found = Alignment::find(&old, &new).expect("equal pictures");
    assert_eq!((found.shift_us, found.way), (200_000, Way::Bytes));
}

#[test]
fn old_reports_are_forgotten() {
    let (mut old, mut new) = (traced(0, [0]), traced(0, [100]));
    old.report(0, 100 << 32);
    new.report(100 * 3600, 104 << 32);
    assert!(Alignment::find(&old, &new).is_some());
    old.picture(Some(61 * 90_000), 61_000_000, &[9]);
    assert!(Alignment::find(&old, &new).is_none());
}

#[test]
fn equal_pictures_of_another_minute_are_not_the_same() {
    let old = traced(0, 0..10);
    let mut new = Trace::new(90_000);
    for n in 0..10_u64 {
        new.picture(Some(n * 3600), 60_000_000, &n.to_le_bytes());
    }
    assert!(Alignment::find(&old, &new).is_none());
}

#[test]
fn the_pace_is_that_of_the_last_pictures() {
    assert_eq!(traced(0, 0..100).pace_us(), 40_000);
    assert_eq!(Trace::new(1).pace_us(), USUAL_US);
    assert_eq!(traced(0, [0, 25]).pace_us(), 1_000_000);
}
