//! Recordings that go on after the host's end.

use std::fs;

use super::file;
use crate::mp4::testing::{copied, encoded, judge, kinds, packets, recording};
use crate::mp4::{Error, finalize, part_marker, reopen};

#[test]
fn a_finished_recording_takes_another_part() {
    let (one, two) = (copied("320x180", 50), copied("320x180", 75));
    let parts = recording(&[(0, &one)]);
    let (_folder, path) = file(&parts);
    let finished = finalize(&path, true, Some(2_500_000)).unwrap();
    let cut = reopen(&path).unwrap();
    assert_eq!((cut.bytes, cut.samples), (parts.len() as u64, 50));
    let mut bytes = fs::read(&path).unwrap();
    // Brands differ; all that follows is what it was.
    assert_eq!(bytes.len(), parts.len());
    assert_eq!(bytes[40..], parts[40..]);
    assert_eq!(reopen(&path).unwrap(), cut, "again");

    bytes.extend(part_marker(7_000_000));
    // As the recorder does: FFmpeg's `ftyp` is left out.
    let ftyp = u32::from_be_bytes(two[..4].try_into().unwrap()) as usize;
    bytes.extend(&two[ftyp..]);
    fs::write(&path, bytes).unwrap();
    let summary = finalize(&path, true, None).unwrap();
    judge(&path);
    assert_eq!((summary.samples, summary.parts), (125, 2));
    assert_eq!(summary.start_us, finished.start_us);
    let shown = packets(&path, "v:0");
    assert!((shown[49].0 - 1.96).abs() < 1e-4);
    assert!((shown[50].0 - 7.0).abs() < 1e-4);
}

#[test]
fn whatever_reopening_was_interrupted_at_is_repaired() {
    let (_folder, path) = file(&recording(&[(1_000_000, &encoded(2))]));
    let parts = fs::read(&path).unwrap();
    let finished = finalize(&path, true, None).unwrap();
    let index = fs::read(&path).unwrap()[parts.len()..].to_vec();
    // The marker was written, the index is still there, or part of it.
    for left in [index.len(), index.len() - 1, 20, 3, 0] {
        let mut bytes = parts.clone();
        bytes.extend(&index[..left]);
        fs::write(&path, &bytes).unwrap();
        let repaired = finalize(&path, true, None).unwrap();
        assert_eq!(repaired.samples, finished.samples);
        assert_eq!(
            kinds(&fs::read(&path).unwrap()),
            ["ftyp", "mdat", "moov"],
            "{left} bytes of the index"
        );
    }
}

#[test]
fn what_is_not_ours_stays_as_it_is() {
    let (_folder, path) = file(&recording(&[(0, &copied("320x180", 10))]));
    finalize(&path, true, None).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    let ftyp = u32::from_be_bytes(bytes[..4].try_into().unwrap()) as usize;
    bytes[ftyp + 20] ^= 1;
    fs::write(&path, &bytes).unwrap();
    assert!(matches!(reopen(&path), Err(Error::NotARecording { .. })));
    assert_eq!(fs::read(&path).unwrap(), bytes);
    for odd in [&b""[..], b"\0\0\0\0\0\0\0\0\0\0", &bytes[..3]] {
        fs::write(&path, odd).unwrap();
        match reopen(&path) {
            Ok(cut) => assert_eq!((cut.bytes, cut.samples), (0, 0)),
            Err(error) => assert!(matches!(error, Error::NotARecording { .. }), "{error}"),
        }
    }
}
