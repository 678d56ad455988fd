//! Where the samples of a fragment are (sections 8.8.4 to 8.8.12).

use super::boxes::{Fields, boxes, find};

/// Samples of one fragment: a run may name four thousand million of them in a few bytes.
const MAX_SAMPLES: usize = 16 * 1024;

/// One sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// Of its track.
    pub track: u32,
    /// From the start of the file.
    pub offset: u64,
    /// Bytes.
    pub size: u32,
    /// Decoding time in ticks of the track.
    pub dts: u64,
    /// From there to the presentation.
    pub composition: i32,
}

/// What counts where a fragment does not say it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Defaults {
    /// Ticks.
    pub duration: u32,
    /// Bytes.
    pub size: u32,
}

/// The samples of a `moof` that begins at `start`, in the order of their places.
pub fn pieces(
    fragment: &[u8],
    start: u64,
    defaults: impl Fn(u32) -> Option<Defaults>,
) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (_, content) in boxes(fragment).filter(|(kind, _)| *kind == b"traf") {
        // What is cut off is left out.
        let _ = track(content, start, &defaults, &mut pieces);
    }
    pieces.sort_by_key(|piece| piece.offset);
    pieces
}

fn track(
    content: &[u8],
    start: u64,
    defaults: &impl Fn(u32) -> Option<Defaults>,
    pieces: &mut Vec<Piece>,
) -> Option<()> {
    let mut header = Fields(find(content, *b"tfhd")?);
    let flags = header.u32()?;
    let track = header.u32()?;
    let mut known = defaults(track)?;
    let base = if flags & 1 == 0 { start } else { header.u64()? };
    header.u32_or(flags & 2 != 0, 0)?;
    known.duration = header.u32_or(flags & 8 != 0, known.duration)?;
    known.size = header.u32_or(flags & 0x10 != 0, known.size)?;
    let mut time = Fields(find(content, *b"tfdt")?);
    let mut dts = match time.u32()? >> 24 {
        0 => u64::from(time.u32()?),
        _ => time.u64()?,
    };
    let mut offset = base;
    for (_, run) in boxes(content).filter(|(kind, _)| *kind == b"trun") {
        let mut run = Fields(run);
        let flags = run.u32()?;
        let count = run.u32()?;
        if flags & 1 != 0 {
            offset = base.saturating_add_signed(i64::from(run.u32()? as i32));
        }
        run.u32_or(flags & 4 != 0, 0)?;
        for _ in 0..count {
            if pieces.len() == MAX_SAMPLES {
                return None;
            }
            let duration = run.u32_or(flags & 0x100 != 0, known.duration)?;
            let size = run.u32_or(flags & 0x200 != 0, known.size)?;
            run.u32_or(flags & 0x400 != 0, 0)?;
            let composition = run.u32_or(flags & 0x800 != 0, 0)?;
            pieces.push(Piece {
                track,
                offset,
                size,
                dts,
                composition: composition as i32,
            });
            offset = offset.saturating_add(u64::from(size));
            dts = dts.saturating_add(u64::from(duration));
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(kind: [u8; 4], content: &[u8]) -> Vec<u8> {
        let len = u32::try_from(content.len() + 8).unwrap();
        [&len.to_be_bytes()[..], &kind, content].concat()
    }

    fn numbers(numbers: &[u32]) -> Vec<u8> {
        numbers
            .iter()
            .flat_map(|number| number.to_be_bytes())
            .collect()
    }

    fn fragment(track: u32, run: &[u32]) -> Vec<u8> {
        let parts = [
            boxed(*b"tfhd", &numbers(&[0x02_0000, track])),
            boxed(*b"tfdt", &numbers(&[0x0100_0000, 1, 5])),
            boxed(*b"trun", &numbers(run)),
        ];
        boxed(*b"traf", &parts.concat())
    }

    fn found(fragment: &[u8]) -> Vec<Piece> {
        pieces(fragment, 1000, |track| {
            let (duration, size) = (40, 7);
            (track < 3).then_some(Defaults { duration, size })
        })
    }

    #[test]
    fn runs_of_two_tracks_in_the_order_of_their_places() {
        // With an offset, sizes, and compositions of which one is negative.
        let first = fragment(1, &[0xa01, 2, 300, 10, 80, 20, 0xffff_ffff]);
        let second = fragment(2, &[1, 1, 200]);
        let unknown = fragment(9, &[1, 1, 100]);
        let found = found(&[first, second, unknown].concat());
        let of = |at: usize| {
            let piece: Piece = found[at];
            (
                piece.track,
                piece.offset,
                piece.size,
                piece.dts,
                piece.composition,
            )
        };
        let start = (1 << 32) + 5;
        assert_eq!(of(0), (2, 1200, 7, start, 0));
        assert_eq!(of(1), (1, 1300, 10, start, 80));
        assert_eq!(of(2), (1, 1310, 20, start + 40, -1));
        assert_eq!(found.len(), 3);
    }

    #[test]
    fn a_run_of_many_in_a_few_bytes_is_bounded() {
        assert_eq!(found(&fragment(1, &[0, u32::MAX])).len(), MAX_SAMPLES);
        // One that is cut off gives what is there.
        assert_eq!(found(&fragment(1, &[0x200, 9, 1, 2])).len(), 2);
    }
}
