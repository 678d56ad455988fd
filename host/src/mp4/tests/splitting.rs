//! The splitter against real output, in pieces of any size.

use proptest::prelude::*;

use super::Dice;
use crate::mp4::testing::{copied, encoded};
use crate::mp4::{Error, FragmentInfo, Piece, Splitter};

fn all(splitter: &mut Splitter) -> Vec<Piece> {
    std::iter::from_fn(|| splitter.next_piece().unwrap()).collect()
}

fn fragments(pieces: &[Piece]) -> Vec<FragmentInfo> {
    let infos = pieces.iter().filter_map(|piece| match piece {
        Piece::Fragment(fragment) => Some(fragment.info),
        _ => None,
    });
    infos.collect()
}

#[test]
fn tells_pieces_and_their_times() {
    let mut splitter = Splitter::new();
    splitter.push(&copied("320x180", 60));
    let pieces = all(&mut splitter);
    assert!(matches!(pieces[..2], [Piece::Ftyp(_), Piece::Moov(_)]));
    let infos = fragments(&pieces);
    assert_eq!(infos.iter().map(|info| info.samples).sum::<u32>(), 60);
    let mut next_us = 0;
    for info in infos {
        assert_eq!(info.base_us, next_us);
        assert!(info.starts_with_sync);
        next_us += info.duration_us;
    }
    assert!((2_360_000..=2_400_000).contains(&next_us), "{next_us}");
    assert_eq!(splitter.pending_bytes(), 0);
}

#[test]
fn the_sizes_of_reads_do_not_matter() {
    let output = encoded(3);
    let mut whole = Splitter::new();
    whole.push(&output);
    let wanted = all(&mut whole);
    assert_eq!(
        fragments(&wanted)
            .iter()
            .map(|info| info.samples)
            .sum::<u32>(),
        75
    );
    let mut dice = Dice(7);
    for most in [1, 9, 1_000, 100_000] {
        let mut splitter = Splitter::new();
        let (mut pieces, mut rest) = (Vec::new(), &output[..]);
        while !rest.is_empty() {
            let (now, later) = rest.split_at((1 + dice.below(most)).min(rest.len()));
            splitter.push(now);
            pieces.extend(all(&mut splitter));
            rest = later;
        }
        assert_eq!(format!("{pieces:?}"), format!("{wanted:?}"));
    }
}

#[test]
fn boxes_over_the_limit_are_refused() {
    for head in [
        &b"\x04\0\0\x01mdat"[..],
        b"\0\x10\0\x01moof",
        b"\0\0\0\x01moov\0\0\0\x02\0\0\0\0",
    ] {
        let mut splitter = Splitter::new();
        splitter.push(head);
        assert!(matches!(splitter.next_piece(), Err(Error::TooLarge { .. })));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_bytes_are_taken(data in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut splitter = Splitter::new();
        splitter.push(&data);
        while let Ok(Some(_)) = splitter.next_piece() {}
    }
}
