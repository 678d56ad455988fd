//! The final form of whole recordings.

use std::fs;
use std::time::Instant;

use super::file;
use crate::mp4::boxes::{Head, put_box};
use crate::mp4::testing::{
    copied, copied_at, encoded, judge, kinds, packets, probe, recording, top_level,
};
use crate::mp4::{Error, cut_back, finalize, part_marker};

#[test]
fn a_copied_recording() {
    let (_folder, path) = file(&recording(&[(0, &copied("322x182", 60))]));
    let summary = finalize(&path, false, Some(2_400_000)).unwrap();
    judge(&path);
    let bytes = fs::read(&path).unwrap();
    assert_eq!(kinds(&bytes), ["ftyp", "mdat", "moov"]);
    assert_eq!(
        (summary.samples, summary.sync_samples, summary.parts),
        (60, 6, 1)
    );
    assert_eq!((summary.width, summary.height), (322, 182));
    assert_eq!(summary.video_codec, "avc1");
    assert_eq!(summary.size_bytes, bytes.len() as u64);
    assert!((summary.duration_seconds - 2.4).abs() < 1e-9);
    assert_eq!(probe(&path, "format=duration"), ["2.400000"]);
    let shown = probe(
        &path,
        "stream=codec_name,codec_tag_string,width,height,avg_frame_rate",
    );
    assert_eq!(shown, ["h264,avc1,322,182,25/1"]);
    for (n, (pts, dts)) in packets(&path, "v:0").into_iter().enumerate() {
        assert!((pts - n as f64 * 0.04).abs() < 1e-4 && (pts - dts).abs() < 1e-6);
    }
    // Again: nothing changes.
    assert_eq!(finalize(&path, true, Some(9_000_000)).unwrap(), summary);
    assert_eq!(fs::read(&path).unwrap(), bytes);
    assert!(matches!(cut_back(&path), Err(Error::Final)));
}

#[test]
fn pauses_of_the_camera_stay() {
    let mut times: Vec<i64> = (0..30).map(|n| n * 33).collect();
    for (from, pause) in [(4, 1_500), (13, 40_000), (21, 4_000_000)] {
        for time in &mut times[from..] {
            *time += pause;
        }
    }
    let (_folder, path) = file(&recording(&[(0, &copied_at("320x180", &times))]));
    let summary = finalize(&path, false, None).unwrap();
    judge(&path);
    let last = times[29] as f64 / 1000.0;
    assert!(
        (summary.duration_seconds - last).abs() < 0.05,
        "{summary:?}"
    );
    for (&wanted, (pts, _)) in times.iter().zip(packets(&path, "v:0")) {
        assert!(
            (pts - wanted as f64 / 1000.0).abs() < 1e-4,
            "{wanted} at {pts}"
        );
    }
}

#[test]
fn reordered_pictures_and_sound() {
    let (_folder, path) = file(&recording(&[(5_000_000, &encoded(4))]));
    let summary = finalize(&path, false, None).unwrap();
    judge(&path);
    assert_eq!(
        (summary.samples, summary.parts, summary.start_us),
        (100, 1, 5_000_000)
    );
    assert!(
        (summary.duration_seconds - 4.0).abs() <= 0.06,
        "{summary:?}"
    );
    let mut pts: Vec<_> = packets(&path, "v:0")
        .into_iter()
        .map(|(pts, _)| pts)
        .collect();
    pts.sort_by(f64::total_cmp);
    for (n, pts) in pts.into_iter().enumerate() {
        assert!((pts - n as f64 * 0.04).abs() < 1e-4, "{n} at {pts}");
    }
    // Sound begins with the picture, after what its encoder needs to start.
    let sound = packets(&path, "a:0");
    assert!(
        sound[0].0 <= 0.0 && sound[1].0.abs() < 0.03,
        "{:?}",
        &sound[..3]
    );
    assert!(sound.len() > 180, "{}", sound.len());
}

#[test]
fn a_recording_without_pictures_is_left_alone() {
    let whole = recording(&[(0, &copied("320x180", 10))]);
    let (kind, first) = top_level(&whole)[3].clone();
    assert_eq!(kind, "moof");
    for end in [0, 3, 20, 28, 40, first, first + 20] {
        let (_folder, path) = file(&whole[..end]);
        assert!(
            matches!(finalize(&path, true, None), Err(Error::Empty)),
            "{end}"
        );
        assert_eq!(fs::read(&path).unwrap(), whole[..end]);
    }
}

#[test]
fn other_files_are_refused() {
    let mut no_marker = recording(&[(0, &copied("320x180", 10))]);
    no_marker.drain(28..28 + 48);
    for bytes in [b"RIFF....AVI LIST....".to_vec(), vec![0; 100], no_marker] {
        let (_folder, path) = file(&bytes);
        let result = finalize(&path, true, None);
        assert!(
            matches!(result, Err(Error::NotARecording { .. })),
            "{result:?}"
        );
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
}

#[test]
fn ninety_minutes_take_no_time() {
    let whole = recording(&[(0, &copied("320x180", 26))]);
    let boxes = top_level(&whole);
    let fragment = whole[boxes[3].1..boxes[5].1].to_vec();
    let tfdt = fragment
        .windows(4)
        .position(|kind| kind == b"tfdt")
        .unwrap()
        + 8;
    let mut bytes = whole[..boxes[3].1].to_vec();
    // A fragment of 10 pictures every 400 ms, at 16,000 ticks a second.
    for n in 0..13_500_u64 {
        let at = bytes.len() + tfdt;
        bytes.extend_from_slice(&fragment);
        bytes[at..at + 8].copy_from_slice(&(n * 6_400).to_be_bytes());
    }
    let (_folder, path) = file(&bytes);
    let begun = Instant::now();
    let summary = finalize(&path, false, None).unwrap();
    let taken = begun.elapsed();
    assert_eq!(summary.samples, 135_000);
    assert!(
        (summary.duration_seconds - 5_400.0).abs() < 0.05,
        "{summary:?}"
    );
    // Without optimisation, and beside other tests; 0.1 s alone.
    assert!(taken.as_secs() < 5, "{taken:?}");
    println!(
        "{taken:?}, moov of {} bytes",
        summary.size_bytes - bytes.len() as u64
    );
}

#[test]
fn offsets_over_four_gigabytes() {
    use std::io::{Seek, SeekFrom, Write};
    let output = copied("320x180", 30);
    let first = recording(&[(0, &output)]);
    let second = recording(&[(0, &output)]).split_off(28 + 48);
    let (_folder, path) = file(&first);
    // A hole in the file, as a box of no meaning.
    let mut hole = Vec::new();
    hole.extend(1_u32.to_be_bytes());
    hole.extend(b"free");
    hole.extend((5_u64 << 30).to_be_bytes());
    assert_eq!(Head::parse(&hole).unwrap().unwrap().bytes, 5 << 30);
    let mut open = fs::OpenOptions::new().write(true).open(&path).unwrap();
    open.seek(SeekFrom::End(0)).unwrap();
    open.write_all(&hole).unwrap();
    open.seek(SeekFrom::Start(first.len() as u64 + (5 << 30)))
        .unwrap();
    open.write_all(&part_marker(3_000_000)).unwrap();
    open.write_all(&second).unwrap();
    drop(open);
    let summary = finalize(&path, false, Some(4_200_000)).unwrap();
    assert_eq!((summary.samples, summary.parts), (60, 2));
    assert!(summary.size_bytes > 5 << 30);
    judge(&path);
    let shown = packets(&path, "v:0");
    assert!((shown[30].0 - 3.0).abs() < 1e-4 && shown.len() == 60);
}

#[test]
fn unknown_boxes_in_between_do_not_matter() {
    let mut bytes = recording(&[(0, &copied("320x180", 30))]);
    put_box(&mut bytes, b"mfra", |out| out.extend([0; 40]));
    let (_folder, path) = file(&bytes);
    assert_eq!(finalize(&path, false, None).unwrap().samples, 30);
    judge(&path);
}
