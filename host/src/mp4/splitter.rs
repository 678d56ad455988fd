//! FFmpeg's output, cut into whole boxes as they become complete.

use bytes::{Bytes, BytesMut};

use super::boxes::{Head, Kind};
use super::fragment::{self, Run};
use super::init::Init;
use super::{Error, MAX_MDAT_BYTES, MAX_MOOF_BYTES, MAX_MOOV_BYTES};

/// A whole piece of an FFmpeg child's output.
#[derive(Clone, Debug)]
pub enum Piece {
    /// The `ftyp` box.
    Ftyp(Bytes),
    /// The `moov` box: the tracks, without samples.
    Moov(Bytes),
    /// A `moof` box and its `mdat`.
    Fragment(Fragment),
    /// Any other box (`mfra`, `free`, …): needs not be kept.
    Other {
        /// Its four characters.
        kind: Kind,
        /// The whole box.
        bytes: Bytes,
    },
}

/// Pictures (and sound) that can be written at once.
#[derive(Clone, Debug)]
pub struct Fragment {
    /// `moof` and `mdat`, one behind the other.
    pub bytes: Bytes,
    /// What is in it.
    pub info: FragmentInfo,
}

/// What a fragment holds of the first track of pictures (or of its first track of
/// any kind, where it holds no pictures).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FragmentInfo {
    /// Pictures in it; 0 if it holds none.
    pub samples: u32,
    /// When the first one is decoded, in microseconds from the child's zero.
    pub base_us: i64,
    /// Their durations together, in microseconds.
    pub duration_us: i64,
    /// Decoding can start with the first picture.
    pub starts_with_sync: bool,
}

/// Cuts FFmpeg's output into [`Piece`]s. Feed it by [`push`](Splitter::push), then
/// ask for pieces until there is none. It holds at most one fragment, and what was
/// pushed.
#[derive(Debug, Default)]
pub struct Splitter {
    buffer: BytesMut,
    /// Bytes of the whole `moof` at the front of the buffer, if there is one.
    moof_bytes: Option<usize>,
    init: Option<Init>,
}

impl Splitter {
    /// A splitter for the output of one child.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes output as it comes.
    pub fn push(&mut self, data: &[u8]) {
        self.buffer.extend_from_slice(data);
    }

    /// Bytes that wait for the rest of their box.
    pub fn pending_bytes(&self) -> usize {
        self.buffer.len()
    }

    /// The next whole piece, `None` when more output is needed. After an error the
    /// output cannot be followed any more.
    pub fn next_piece(&mut self) -> Result<Option<Piece>, Error> {
        loop {
            let at = self.moof_bytes.unwrap_or(0);
            let Some(head) = Head::parse(&self.buffer[at..])? else {
                return Ok(None);
            };
            let most = match &head.kind {
                b"mdat" => MAX_MDAT_BYTES,
                b"moof" => MAX_MOOF_BYTES,
                _ => MAX_MOOV_BYTES,
            };
            if head.bytes > most {
                let kind = String::from_utf8_lossy(&head.kind).into_owned();
                return Err(Error::TooLarge {
                    kind,
                    bytes: head.bytes,
                });
            }
            let end = at + head.bytes as usize;
            if self.buffer.len() < end {
                return Ok(None);
            }
            match (&head.kind, self.moof_bytes.take()) {
                (b"moof", None) => self.moof_bytes = Some(end),
                (b"mdat", Some(moof_bytes)) => {
                    let payload = at as u64 + head.head_bytes..end as u64;
                    let info = self.info(moof_bytes, payload)?;
                    let bytes = self.buffer.split_to(end).freeze();
                    return Ok(Some(Piece::Fragment(Fragment { bytes, info })));
                }
                (_, Some(_)) => return Err(Error::malformed("moof without mdat")),
                (kind, None) => {
                    let bytes = self.buffer.split_to(end).freeze();
                    return self.other(*kind, head.head_bytes as usize, bytes).map(Some);
                }
            }
        }
    }

    fn other(&mut self, kind: Kind, head_bytes: usize, bytes: Bytes) -> Result<Piece, Error> {
        Ok(match &kind {
            b"ftyp" => Piece::Ftyp(bytes),
            b"moov" => {
                self.init = Some(Init::parse(&bytes[head_bytes..])?);
                Piece::Moov(bytes)
            }
            _ => Piece::Other { kind, bytes },
        })
    }

    fn info(
        &self,
        moof_bytes: usize,
        payload: std::ops::Range<u64>,
    ) -> Result<FragmentInfo, Error> {
        let init = self
            .init
            .as_ref()
            .ok_or(Error::malformed("moof before moov"))?;
        let head_bytes = Head::parse(&self.buffer)?.map_or(8, |head| head.head_bytes);
        let moof = &self.buffer[head_bytes as usize..moof_bytes];
        let runs = fragment::parse(moof, init, payload)?;
        Ok(FragmentInfo::of(&runs, init))
    }
}

impl FragmentInfo {
    fn of(runs: &[Run], init: &Init) -> Self {
        let video = init.video();
        let Some(first) = (runs.iter().find(|run| Some(run.track) == video)).or(runs.first())
        else {
            return Self::default();
        };
        let scale = i128::from(init.tracks[first.track].timescale);
        let micros = |ticks: i128| (ticks * 1_000_000 / scale) as i64;
        let samples = || {
            let same = runs.iter().filter(|run| run.track == first.track);
            same.flat_map(|run| &run.samples)
        };
        let is_video = Some(first.track) == video;
        Self {
            samples: if is_video {
                samples().count() as u32
            } else {
                0
            },
            base_us: micros(first.dts.into()),
            duration_us: micros(samples().map(|s| i128::from(s.duration)).sum()),
            starts_with_sync: is_video && first.samples.first().is_some_and(|s| s.sync),
        }
    }
}
