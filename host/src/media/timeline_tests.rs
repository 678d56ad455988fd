//! Simulated cameras against the timeline.

use proptest::prelude::*;

use super::{STEP_US, Timeline};

const RATE: u32 = 90_000;
const FRAME_US: i64 = 40_000;

/// A camera whose pictures are taken every 40 ms of true time.
struct Camera {
    /// How far the camera's clock is off, in parts per million.
    drift_ppm: i64,
    first_timestamp: u32,
    jitter_us: i64,
    seed: u64,
}

impl Camera {
    fn timestamp(&self, true_us: i64) -> u64 {
        let shown = true_us + true_us * self.drift_ppm / 1_000_000;
        let ticks = shown * i64::from(RATE) / 1_000_000;
        u64::from(self.first_timestamp.wrapping_add(ticks as u32))
    }

    fn jitter(&mut self) -> i64 {
        self.seed = self
            .seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let random = (self.seed >> 33) as i64;
        if self.jitter_us == 0 {
            0
        } else {
            random % self.jitter_us
        }
    }
}

/// Arrivals in the order of a TCP stream: a late one holds up those behind it.
fn arrivals(camera: &mut Camera, frames: i64) -> Vec<(i64, u64, i64)> {
    let mut latest = 0;
    (0..frames)
        .map(|n| {
            let taken = n * FRAME_US;
            latest = (taken + camera.jitter()).max(latest);
            (taken, camera.timestamp(taken), latest)
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn drift_jitter_and_wrap_do_not_show(
        drift_ppm in -10_000i64..=10_000,
        first_timestamp in any::<u32>(),
        jitter_us in 0i64..80_000,
        seed in any::<u64>(),
    ) {
        let mut camera = Camera { drift_ppm, first_timestamp, jitter_us, seed };
        let mut timeline = Timeline::new(RATE);
        let mut last = None;
        for (taken, timestamp, arrived) in arrivals(&mut camera, 3_000) {
            let out = timeline.stamp(Some(timestamp), arrived);
            if let Some(last) = last {
                prop_assert!(out >= last + STEP_US);
                if taken > 5_000_000 {
                    let step: i64 = out - last;
                    prop_assert!((step - FRAME_US).abs() < FRAME_US / 6, "step {step}");
                }
            }
            if taken > 5_000_000 {
                prop_assert!((out - taken).abs() <= 100_000, "{taken} shown at {out}");
            }
            last = Some(out);
        }
    }

    #[test]
    fn drift_is_measured(
        drift_ppm in -5_000i64..=5_000,
        jitter_us in 0i64..30_000,
        seed in any::<u64>(),
    ) {
        let mut camera = Camera { drift_ppm, first_timestamp: 7, jitter_us, seed };
        let mut timeline = Timeline::new(RATE);
        for (_, timestamp, arrived) in arrivals(&mut camera, 3_000) {
            timeline.stamp(Some(timestamp), arrived);
        }
        let run = timeline.clock();
        prop_assert!((105_000_000..=120_000_000).contains(&run.over_us), "{run:?}");
        prop_assert_eq!((run.anchors, run.jumps), (1, 0));
        let seen = run.parts_per_million().unwrap_or(f64::NAN);
        let off = (seen - drift_ppm as f64).abs();
        prop_assert!(off < 20.0 + jitter_us as f64 / 100.0, "{run:?}");
    }

    #[test]
    fn nonsense_never_goes_backwards(
        packets in prop::collection::vec(
            (prop::option::of(any::<u64>()), any::<i64>(), any::<bool>()), 0..200),
        rate in any::<u32>(),
        reordered in any::<bool>(),
    ) {
        let mut timeline = Timeline::new(rate).reordered(reordered);
        let mut last: Option<i64> = None;
        for (timestamp, arrived, again) in packets {
            if again {
                timeline.reanchor();
            }
            let out = timeline.stamp(timestamp, arrived);
            if let (Some(last), false) = (last, reordered) {
                prop_assert!(out > last || out == i64::MAX);
            }
            last = Some(out);
        }
    }

    #[test]
    fn jumps_end_at_the_arrival(jump_us in 1_200_000i64..20_000_000_000, back in any::<bool>()) {
        let jump = if back { -jump_us } else { jump_us };
        let mut timeline = Timeline::new(1_000_000);
        let mut last = i64::MIN;
        for n in 0..1_000 {
            let now = n * FRAME_US;
            let shown = 1_000_000_000_000 + now + if n >= 500 { jump } else { 0 };
            let out = timeline.stamp(Some(shown as u64), now);
            prop_assert!(out > last);
            prop_assert!((out - now).abs() <= 1_000, "{now} shown at {out}");
            last = out;
        }
    }
}

#[test]
fn without_timestamps_the_arrival_counts() {
    let mut timeline = Timeline::new(RATE);
    assert_eq!(timeline.stamp(None, 5_000), 5_000);
    assert_eq!(timeline.stamp(None, 45_000), 45_000);
    assert_eq!(timeline.stamp(None, 45_000), 46_000);
    assert_eq!(timeline.stamp(None, 2_000), 47_000);
}

#[test]
fn a_counter_that_grows_past_32_bits_does_not_wrap() {
    let mut timeline = Timeline::new(1_000_000);
    for n in 0..100 {
        let now = n * FRAME_US;
        let shown = u64::from(u32::MAX) - 1_000_000 + now as u64;
        assert_eq!(timeline.stamp(Some(shown), now), now);
    }
}

#[test]
fn a_clock_that_stands_still_leaves_the_arrival() {
    let mut timeline = Timeline::new(RATE);
    for n in 0..2_000 {
        let now = n * FRAME_US;
        let out = timeline.stamp(Some(77), now);
        assert!((out - now).abs() <= FRAME_US, "{now} shown at {out}");
    }
}

#[test]
fn a_clock_of_another_rate_leaves_the_arrival() {
    for shown_rate in [8_000, 45_000, 180_000] {
        let mut timeline = Timeline::new(RATE);
        for n in 0..2_000_i64 {
            let now = n * FRAME_US;
            let ticks = now * shown_rate / 1_000_000;
            let out = timeline.stamp(Some(ticks as u64), now);
            assert!((out - now).abs() <= 1_200_000, "{now} shown at {out}");
        }
    }
}

#[test]
fn a_burst_at_the_start_settles_at_once() {
    let mut timeline = Timeline::new(1_000_000);
    // Three seconds of kept pictures within 30 ms, then as they are taken.
    for n in 0..75 {
        timeline.stamp(Some(n * 40_000), n as i64 * 400);
    }
    for n in 75..200_i64 {
        let now = 30_000 + (n - 75) * FRAME_US;
        let out = timeline.stamp(Some(n as u64 * 40_000), now);
        assert!((out - now).abs() <= 90_000, "{now} shown at {out}");
        if n > 80 {
            assert!((out - now).abs() <= 1_000, "{now} shown at {out}");
        }
    }
}

#[test]
fn a_stalled_network_does_not_move_pictures() {
    for stall in [500_000, 1_500_000, 4_000_000, 8_000_000] {
        let mut timeline = Timeline::new(1_000_000);
        let mut line_free = 0;
        for n in 0..1_000_i64 {
            let taken = n * FRAME_US;
            if n == 300 {
                line_free = taken + stall;
            }
            // The backlog comes at ten times the camera's rate.
            let arrived = taken.max(line_free);
            line_free = arrived + FRAME_US / 10;
            let out = timeline.stamp(Some(taken as u64), arrived);
            assert!((out - taken).abs() <= 25_000, "{taken} shown at {out}");
        }
    }
}

#[test]
fn an_encoder_that_paused_without_counting_lands_at_the_arrival() {
    let mut timeline = Timeline::new(1_000_000);
    for n in 0..1_000_i64 {
        let pause = if n >= 300 { 3_000_000 } else { 0 };
        let now = n * FRAME_US + pause;
        let out = timeline.stamp(Some((n * FRAME_US) as u64), now);
        if !(300..330).contains(&n) {
            assert!((out - now).abs() <= 1_000, "{now} shown at {out}");
        }
    }
}

#[test]
fn a_reconnect_anchors_anew_and_later() {
    let mut timeline = Timeline::new(RATE);
    let before = timeline.stamp(Some(1_000_000), 2_000_000);
    timeline.reanchor();
    assert_eq!(timeline.stamp(Some(5), 7_000_000), 7_000_000);
    assert_eq!(timeline.stamp(Some(5 + 3_600), 7_050_000), 7_040_000);
    timeline.reanchor();
    let out = timeline.stamp(Some(9), 1_000);
    assert!(out > before && out == 7_041_000);
}

#[test]
fn reordered_pictures_keep_their_presentation_times() {
    let mut timeline = Timeline::new(1_000_000).reordered(true);
    // P B B in decoding order; the first second settles.
    let mut order = Vec::new();
    for group in 0..100_i64 {
        for (place, shown) in [3, 1, 2].into_iter().enumerate() {
            let shown = (group * 3 + shown) * FRAME_US;
            let now = 1_000_000 + (group * 3 + place as i64) * FRAME_US;
            let out = timeline.stamp(Some(shown as u64), now);
            if group > 8 {
                order.push((shown, out));
            }
        }
    }
    order.sort_unstable();
    assert!(order.windows(2).all(|w| w[1].1 - w[0].1 == FRAME_US));
}

#[test]
fn an_even_rate_stays_even_under_small_jitter() {
    let mut timeline = Timeline::new(90_000);
    let mut jitter = 7_u64;
    let times: Vec<i64> = (0..1000_i64)
        .map(|n| {
            jitter = jitter
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let late_us = (jitter >> 40) as i64 % 15_000;
            timeline.stamp(Some((n * 3600) as u64), 1_000_000 + n * 40_000 + late_us)
        })
        .collect();
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] == 40_000));
}

#[test]
fn drift_goes_over_reconnects_and_leaves_jumps_out() {
    let mut timeline = Timeline::new(1_000_000);
    let mut arrived = 0;
    for connection in 0..3_i64 {
        for n in 0..500_i64 {
            // 100 ppm fast; in the middle of the second connection the clock jumps by an hour.
            let jump = if connection == 1 && n >= 250 {
                3_600_000_000
            } else {
                0
            };
            let shown = 77_000_000_000 * connection + n * (FRAME_US + 4) + jump;
            arrived += FRAME_US;
            timeline.stamp(Some(shown as u64), arrived);
        }
        arrived += 30_000_000;
        timeline.reanchor();
    }
    let run = timeline.clock();
    assert_eq!((run.anchors, run.jumps), (4, 1));
    assert!((45_000_000..60_000_000).contains(&run.over_us), "{run:?}");
    let ppm = run.parts_per_million().unwrap();
    assert!((ppm - 100.0).abs() < 1.0, "{run:?}");
}

#[test]
fn a_clock_that_is_not_believed_has_no_drift() {
    let mut timeline = Timeline::new(RATE);
    for n in 0..500 {
        timeline.stamp(Some(77), n * FRAME_US);
    }
    let run = timeline.clock();
    assert_eq!(run.over_us, 0, "{run:?}");
    assert!(run.jumps >= 3, "{run:?}");
}

/// (shown, arrived) of a camera with two B-frames between others, in decoding order: a picture
/// is sent when it was taken and those decoded before it were sent.
fn with_b_frames(groups: i64) -> Vec<(i64, i64)> {
    let mut pictures = vec![(0, 2)];
    for group in 0..groups {
        for (place, shown) in [3, 1, 2].into_iter().enumerate() {
            let sent = group * 3 + place as i64 + 1 + 2;
            pictures.push((group * 3 + shown, sent));
        }
    }
    let us = |(shown, sent): (i64, i64)| (shown * FRAME_US, sent * FRAME_US);
    pictures.into_iter().map(us).collect()
}

/// The outputs in the order in which they are shown, with what was shown.
fn stamped(timeline: &mut Timeline, pictures: &[(i64, i64)]) -> Vec<(i64, i64)> {
    let mut out: Vec<_> = pictures
        .iter()
        .map(|&(shown, arrived)| (shown, timeline.stamp(Some(shown as u64), arrived)))
        .collect();
    out.sort_unstable();
    out
}

#[test]
fn reordered_from_the_first_b_frame_on() {
    let pictures = with_b_frames(100);
    let mut timeline = Timeline::new(1_000_000).after(-1_000_000);
    // The first picture is held back like all others, and its arrival was settled.
    let mut out: Vec<(i64, i64)> = [(0, 0), (3 * FRAME_US, 3 * FRAME_US)]
        .map(|(shown, arrived)| (shown, timeline.stamp(Some(shown as u64), arrived)))
        .into();
    assert!(!timeline.is_reordered());
    timeline.set_reordered();
    out.extend(stamped(&mut timeline, &pictures[2..]));
    out.sort_unstable();
    assert!(out.iter().all(|(shown, out)| shown == out), "{out:?}");
}

#[test]
fn in_the_first_second_the_order_is_the_cameras_too() {
    let mut timeline = Timeline::new(1_000_000).reordered(true);
    // Nobody settled the arrivals: the second picture shows that the first one was late.
    let out = stamped(&mut timeline, &with_b_frames(50));
    assert!(
        out.windows(2).all(|w| w[1].1 >= w[0].1 + STEP_US),
        "{out:?}"
    );
    assert!(out[6..].iter().all(|(shown, out)| shown == out), "{out:?}");
}

#[test]
fn reordered_pictures_stand_stalls_and_jumps() {
    for jump_us in [0, 3_600_000_000, -3_600_000_000] {
        let mut timeline = Timeline::new(1_000_000).reordered(true);
        let (mut last, mut line_free) = (Vec::new(), 0);
        for (n, (shown, arrived)) in with_b_frames(300).into_iter().enumerate() {
            // For three seconds nothing comes, then all of it; later the clock jumps.
            if n == 300 {
                line_free = arrived + 3_000_000;
            }
            let arrived = arrived.max(line_free);
            line_free = arrived + FRAME_US / 10;
            // Where it jumps between a picture and those shown before it, these come late.
            let jumped = if n >= 601 { jump_us } else { 0 };
            let told = 10_000_000_000 + shown + jumped;
            last.push((shown, timeline.stamp(Some(told as u64), arrived)));
        }
        last.sort_unstable();
        assert!(
            last.windows(2).all(|w| w[1].1 > w[0].1),
            "{jump_us}: {last:?}"
        );
        let off = last
            .iter()
            .skip(10)
            .map(|(shown, out)| (out - shown).abs())
            .max();
        assert!(off.is_some_and(|off| off <= 130_000), "{jump_us}: {last:?}");
    }
}

#[test]
fn nothing_is_shown_before_what_another_timeline_gave() {
    let mut timeline = Timeline::new(1_000_000).reordered(true).after(5_000_000);
    let out = stamped(&mut timeline, &with_b_frames(20));
    assert!(
        out.iter()
            .all(|&(_, out)| (5_001_000..5_200_000).contains(&out)),
        "{out:?}"
    );
}
