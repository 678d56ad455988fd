//! Recordings that were interrupted, cut, or damaged at any place.

use std::fs;
use std::io::Cursor;

use super::{Dice, file};
use crate::mp4::join::join;
use crate::mp4::scan::{Scan, scan};
use crate::mp4::summary::Summary;
use crate::mp4::testing::{copied, encoded, judge, kinds, recording, top_level};
use crate::mp4::{Error, finalize, moov};

/// Where the fragments of a recording end.
fn fragment_ends(bytes: &[u8]) -> Vec<usize> {
    let boxes = top_level(bytes);
    let begins = boxes.iter().map(|(_, at)| *at).skip(1).chain([bytes.len()]);
    let ends = boxes
        .iter()
        .zip(begins)
        .filter(|((kind, _), _)| kind == "mdat");
    ends.map(|(_, end)| end).collect()
}

#[test]
fn killed_at_any_byte() {
    let one = copied("320x180", 100);
    let whole = recording(&[(0, &one), (5_000_000, &one)]);
    let ends = fragment_ends(&whole);
    assert!(ends.len() >= 10, "{}", ends.len());
    let mut dice = Dice(3);
    for round in 0..300 {
        // Half of them near the borders of boxes.
        let near = ends[dice.below(ends.len())] + dice.below(64);
        let cut = if round % 2 == 0 {
            dice.below(whole.len())
        } else {
            near.min(whole.len())
        };
        let (_folder, path) = file(&whole[..cut]);
        let kept = ends.iter().filter(|end| **end <= cut).count();
        if kept == 0 {
            assert!(
                matches!(finalize(&path, true, None), Err(Error::Empty)),
                "{cut}"
            );
            continue;
        }
        if !ends.contains(&cut) && cut < whole.len() && round % 10 == 0 {
            let strict = finalize(&path, false, None);
            let between = top_level_border(&whole, cut);
            assert!(
                between || matches!(strict, Err(Error::Torn { .. })),
                "{cut}: {strict:?}"
            );
        }
        let summary = finalize(&path, true, None).unwrap();
        assert_eq!(summary.samples, kept as u64 * 10, "{cut}");
        let bytes = fs::read(&path).unwrap();
        assert_eq!(kinds(&bytes), ["ftyp", "mdat", "moov"]);
        if round % 25 == 0 {
            judge(&path);
        }
    }
}

fn top_level_border(bytes: &[u8], at: usize) -> bool {
    top_level(bytes).iter().any(|(_, begin)| *begin == at)
}

#[test]
fn interrupted_after_the_index_was_appended() {
    let whole = recording(&[(0, &copied("320x180", 50))]);
    let (_folder, path) = file(&whole);
    let summary = finalize(&path, true, Some(7_654_321)).unwrap();
    let done = fs::read(&path).unwrap();
    let mut interrupted = done.clone();
    interrupted[..76].copy_from_slice(&whole[..76]);
    assert_eq!(kinds(&interrupted).last().unwrap(), "moov");

    // The end is not known any more, but it stands in what was appended.
    fs::write(&path, &interrupted).unwrap();
    assert_eq!(finalize(&path, true, None).unwrap(), summary);
    assert_eq!(fs::read(&path).unwrap(), done);

    // A torn index is written anew; one with a hole in it too.
    let mut dice = Dice(5);
    for _ in 0..40 {
        let length = done.len() - whole.len();
        let mut torn = interrupted.clone();
        let from = whole.len() + dice.below(length);
        if dice.below(2) == 0 {
            torn.truncate(from);
        } else {
            torn[from..].fill(0);
        }
        fs::write(&path, &torn).unwrap();
        let again = finalize(&path, true, None).unwrap();
        assert_eq!(again.samples, 50);
        let same_end = (again.duration_seconds - summary.duration_seconds).abs() < 1e-9;
        assert!(
            same_end || (again.duration_seconds - 2.0).abs() < 0.1,
            "{again:?}"
        );
        assert_eq!(kinds(&fs::read(&path).unwrap()), ["ftyp", "mdat", "moov"]);
    }
    judge(&path);
}

#[test]
fn a_damaged_fragment_costs_only_itself() {
    let whole = recording(&[(0, &copied("320x180", 50))]);
    let moofs: Vec<_> = top_level(&whole)
        .into_iter()
        .filter(|(k, _)| k == "moof")
        .collect();
    let mut bytes = whole.clone();
    let tfhd = bytes[moofs[2].1..]
        .windows(4)
        .position(|kind| kind == b"tfhd")
        .unwrap();
    bytes[moofs[2].1 + tfhd + 11] = 0x77;
    let (_folder, path) = file(&bytes);
    assert_eq!(finalize(&path, true, None).unwrap().samples, 40);
    judge(&path);
}

/// Scan, join and index of damaged bytes, without a disk.
fn in_memory(bytes: &[u8]) {
    match scan(&mut Cursor::new(bytes)) {
        Ok(Scan::Final(moov)) => drop(Summary::parse(&moov, 1)),
        Ok(Scan::Parts(layout)) => {
            assert!(layout.whole_end <= bytes.len() as u64);
            let mut joined = join(&layout.parts);
            joined.extend_to(i64::MAX);
            let moov = moov::write(&joined);
            drop(Summary::parse(&moov[8..], 1));
            for track in &joined.tracks {
                for (chunk, first) in track.chunks.iter().zip([0]) {
                    let end = chunk.offset + u64::from(track.samples[first].bytes);
                    assert!(end <= bytes.len() as u64);
                }
            }
        }
        Err(_) => {}
    }
}

#[test]
fn damage_anywhere_is_survived() {
    let whole = recording(&[(0, &copied("64x64", 30)), (2_000_000, &encoded(1))]);
    let (_folder, path) = file(&whole);
    finalize(&path, true, None).unwrap();
    let done = fs::read(&path).unwrap();
    // Damage within the pictures is not read at all: aim at the boxes.
    let mut dice = Dice(11);
    for original in [&whole, &done] {
        let heads: Vec<usize> = (0..original.len().saturating_sub(4))
            .filter(|&at| {
                matches!(
                    &original[at..at + 4],
                    b"moov"
                        | b"moof"
                        | b"traf"
                        | b"trun"
                        | b"tfhd"
                        | b"tfdt"
                        | b"stsd"
                        | b"mdhd"
                        | b"tkhd"
                        | b"stsz"
                        | b"stss"
                        | b"trex"
                        | b"uuid"
                        | b"mdat"
                        | b"hdlr"
                        | b"mvhd"
                )
            })
            .collect();
        for _ in 0..3_000 {
            let mut bytes = original.clone();
            for _ in 0..=dice.below(4) {
                let at = heads[dice.below(heads.len())].saturating_sub(4) + dice.below(60);
                let at = at.min(bytes.len() - 1);
                bytes[at] = [0, 1, 0x7f, 0x80, 0xff, dice.below(256) as u8][dice.below(6)];
            }
            in_memory(&bytes);
        }
    }
}
