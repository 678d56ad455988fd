//! Recordings of several FFmpeg children.

use super::file;
use crate::media::testing::ffprobe;
use crate::mp4::testing::{
    copied, encoded, encoded_with, judge, packets, probe, recording, silent,
};
use crate::mp4::{cut_back, finalize};

#[test]
fn a_hole_stays_where_it_was() {
    let (one, two) = (copied("320x180", 50), copied("320x180", 75));
    let (_folder, path) = file(&recording(&[(0, &one), (7_000_000, &two)]));
    let summary = finalize(&path, false, Some(10_000_000)).unwrap();
    judge(&path);
    assert_eq!((summary.samples, summary.parts), (125, 2));
    assert!((summary.duration_seconds - 10.0).abs() < 1e-9);
    let shown = packets(&path, "v:0");
    assert!((shown[49].0 - 1.96).abs() < 1e-4);
    assert!((shown[50].0 - 7.0).abs() < 1e-4);
    assert!((shown[124].0 - 9.96).abs() < 1e-4);
}

#[test]
fn another_size_is_another_sample_entry() {
    let (one, two) = (copied("320x180", 30), copied("640x360", 30));
    let (_folder, path) = file(&recording(&[
        (0, &one),
        (2_000_000, &two),
        (4_000_000, &one),
    ]));
    let summary = finalize(&path, false, None).unwrap();
    assert_eq!(
        (summary.parts, summary.width, summary.height),
        (3, 320, 180)
    );
    judge(&path);
    let entries = "frame=best_effort_timestamp_time,width,height";
    let args = [
        "-select_streams",
        "v:0",
        "-show_entries",
        entries,
        "-of",
        "csv=p=0",
    ];
    let mut frames = ffprobe(&args, &path);
    // Side data of a frame is a line of its own.
    frames.retain(|line| line.matches(',').count() == 2);
    assert_eq!(frames.len(), 90);
    for (n, frame) in frames.iter().enumerate() {
        let size = if (30..60).contains(&n) {
            "640,360"
        } else {
            "320,180"
        };
        let at = (n / 30) as f64 * 2.0 + (n % 30) as f64 * 0.04;
        assert_eq!(frame, &format!("{at:.6},{size}"));
    }
}

#[test]
fn parts_that_overlap_are_cut_by_time() {
    let one = copied("320x180", 50);
    let (_folder, path) = file(&recording(&[(0, &one), (1_000_000, &one)]));
    let summary = finalize(&path, false, None).unwrap();
    judge(&path);
    // The second part takes the place of what both have.
    assert_eq!((summary.samples, summary.parts), (75, 2));
    assert!((summary.duration_seconds - 3.0).abs() < 0.05, "{summary:?}");
    let shown = packets(&path, "v:0");
    assert!(
        shown
            .windows(2)
            .all(|w| (w[1].0 - w[0].0 - 0.04).abs() < 1e-4)
    );
}

#[test]
fn parts_of_a_camera_without_keyframes_overlap_by_minutes() {
    let one = copied("320x180", 2_500);
    let (_folder, path) = file(&recording(&[(0, &one), (5_000_000, &one)]));
    let summary = finalize(&path, false, None).unwrap();
    assert_eq!((summary.samples, summary.parts), (125 + 2_500, 2));
    assert!(
        (summary.duration_seconds - 105.0).abs() < 0.05,
        "{summary:?}"
    );
}

#[test]
fn reordered_parts_that_overlap_are_cut_by_time() {
    let one = encoded(3);
    for start_us in [1_200_000, 2_000_400, 2_001_999, 3_000_000] {
        let (_folder, path) = file(&recording(&[(0, &one), (start_us, &one)]));
        let summary = finalize(&path, false, None).unwrap();
        judge(&path);
        let mut pts: Vec<_> = packets(&path, "v:0").iter().map(|(pts, _)| *pts).collect();
        pts.sort_by(f64::total_cmp);
        // At most a group of reordered pictures is missing before the second part.
        let widest = pts.windows(2).map(|w| w[1] - w[0]).fold(0.0, f64::max);
        assert!(
            pts.windows(2).all(|w| w[1] - w[0] > 0.005) && widest < 0.25,
            "{pts:?}"
        );
        assert!((summary.duration_seconds - start_us as f64 / 1e6 - 3.0).abs() < 0.06);
    }
}

#[test]
fn encoded_parts_with_sound() {
    let one = encoded(3);
    let (_folder, path) = file(&recording(&[
        (0, &one),
        (5_000_000, &one),
        (8_010_000, &one),
    ]));
    let summary = finalize(&path, false, Some(11_010_000)).unwrap();
    judge(&path);
    assert_eq!((summary.samples, summary.parts), (225, 3));
    let mut pts: Vec<_> = packets(&path, "v:0")
        .into_iter()
        .map(|(pts, _)| pts)
        .collect();
    pts.sort_by(f64::total_cmp);
    assert!(
        (pts[75] - 5.0).abs() < 1e-3 && (pts[150] - 8.01).abs() < 1e-3,
        "{pts:?}"
    );
    let sound = packets(&path, "a:0");
    assert!(sound.windows(2).all(|w| w[0].0 < w[1].0));
    assert_eq!(probe(&path, "stream=codec_name"), ["h264", "aac"]);
}

#[test]
fn sound_that_joins_late_is_a_track() {
    let (_folder, path) = file(&recording(&[(0, &silent(2)), (3_000_000, &encoded(2))]));
    finalize(&path, false, None).unwrap();
    judge(&path);
    let sound = packets(&path, "a:0");
    assert!((sound[1].0 - 3.0).abs() < 0.05, "{:?}", &sound[..3]);
}

#[test]
fn sound_begins_when_it_was_heard() {
    let late = encoded_with(2, &["-af", "asetpts=PTS+0.08/TB"]);
    let (_folder, path) = file(&recording(&[(0, &late), (3_000_000, &late)]));
    finalize(&path, false, None).unwrap();
    judge(&path);
    let sound = packets(&path, "a:0");
    // The encoder's first frame stands before its first sample.
    let second = sound.iter().position(|packet| packet.0 > 2.5).unwrap();
    for (first, part) in [(0, 0.0), (second, 3.0)] {
        let apart = sound[first + 1].0 - sound[first].0;
        assert!(
            (apart - 1024.0 / 48_000.0).abs() < 0.002,
            "{:?}",
            &sound[first..first + 3]
        );
        let at = sound[first].0 - part;
        assert!((0.05..0.09).contains(&at), "{at}");
    }
}

#[test]
fn a_forged_start_does_not_cost_pictures() {
    let one = copied("320x180", 25);
    for start_us in [i64::MIN, -5, i64::MAX, 400 * 3_600 * 1_000_000] {
        let (_folder, path) = file(&recording(&[(0, &one), (start_us, &one)]));
        let summary = finalize(&path, false, None).unwrap();
        assert_eq!((summary.samples, summary.parts), (50, 2));
        assert!((summary.duration_seconds - 2.0).abs() < 0.1, "{summary:?}");
    }
    let (_folder, path) = file(&recording(&[(i64::MIN, &one), (i64::MAX, &one)]));
    assert_eq!(finalize(&path, false, Some(i64::MAX)).unwrap().samples, 50);
}

#[test]
fn a_cut_recording_takes_another_part() {
    let one = copied("320x180", 50);
    let mut bytes = recording(&[(1_000_000, &one)]);
    let whole = bytes.len() as u64;
    bytes.extend(&one[1_000..1_500]);
    let (_folder, path) = file(&bytes);
    let cut = cut_back(&path).unwrap();
    assert_eq!((cut.bytes, cut.parts, cut.samples), (whole, 1, 50));
    let end_us = cut.end_us.unwrap();
    assert!((2_960_000..=3_000_000).contains(&end_us), "{end_us}");
    assert_eq!(cut_back(&path).unwrap(), cut);
}
