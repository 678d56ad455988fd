//! A walk over the boxes of a recording's file; only heads and `moof`s are read.

use std::io::{Read, Seek, SeekFrom};

use super::boxes::{Head, find};
use super::fragment::{self, Run};
use super::init::Init;
use super::marker::{MARKER_BYTES, parse_part_marker};
use super::{Error, MAX_MDAT_BYTES, MAX_MOOF_BYTES, MAX_MOOV_BYTES, io};

/// Samples of a file at most: a day of 100 pictures a second, with sound. Stops a
/// forged file from filling the memory.
const MAX_SAMPLES: usize = 13_000_000;
/// Greatest final `moov`; a day of 60 pictures a second needs about 100 MB.
const MAX_FINAL_MOOV_BYTES: u64 = 512 << 20;
/// Sizes of an `ftyp`: it and the head behind it lie in one sector of the disk, and
/// are overwritten together.
const FTYP_BYTES: std::ops::RangeInclusive<u64> = 16..=256;

/// What a file is made of.
#[derive(Debug)]
pub(super) enum Scan {
    /// `ftyp, mdat, moov`: the `moov`'s content.
    Final(Vec<u8>),
    /// Parts of fragments.
    Parts(Layout),
}

/// A file that was not brought into its final form.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// Where the first marker begins, right behind `ftyp`; `None` where there is
    /// no room for a head.
    pub marker_at: Option<u64>,
    pub parts: Vec<Part>,
    /// Where the last whole fragment ends (or `ftyp`, where there is none).
    pub whole_end: u64,
    /// What follows it is cut, or no MP4.
    pub torn: bool,
    /// Content of a `moov` with samples right behind the last fragment: an earlier
    /// attempt at the final form came this far.
    pub earlier_moov: Option<Vec<u8>>,
}

/// The output of one FFmpeg child.
#[derive(Debug)]
pub(super) struct Part {
    /// What its marker says; `None` without one: it goes on where the last ended.
    pub start_us: Option<i64>,
    pub init: Init,
    /// In the order of the file. Offsets count from the beginning of the file.
    pub runs: Vec<Run>,
}

/// Walks the file.
pub(super) fn scan(file: &mut (impl Read + Seek)) -> Result<Scan, Error> {
    scan_until(file, u64::MAX)
}

/// Walks the file as if it ended at `limit`.
pub(super) fn scan_until(file: &mut (impl Read + Seek), limit: u64) -> Result<Scan, Error> {
    let end = file
        .seek(SeekFrom::End(0))
        .map_err(io("reading the recording"))?
        .min(limit);
    let mut walk = Walk { file, end };
    let begin = walk.read(0, end.min(8))?;
    if begin.len() == 8 && !begin.ends_with(b"ftyp") {
        // Zeros, for example: the file system lost what was never synced.
        let reason = "it does not begin with ftyp";
        return Err(Error::NotARecording { reason });
    }
    let Some((ftyp, _)) = walk.head(0)? else {
        let torn = end > 0;
        return Ok(Scan::Parts(Layout {
            torn,
            ..Layout::default()
        }));
    };
    if !FTYP_BYTES.contains(&ftyp.bytes) || ftyp.head_bytes != 8 {
        let reason = "its ftyp is none of this host's";
        return Err(Error::NotARecording { reason });
    }
    if let Some((head, _)) = walk.head(ftyp.bytes)?
        && head.kind == *b"mdat"
    {
        return walk.final_form(ftyp.bytes + head.bytes).map(Scan::Final);
    }
    walk.parts(ftyp.bytes).map(Scan::Parts)
}

struct Walk<'a, F> {
    file: &'a mut F,
    end: u64,
}

impl<F: Read + Seek> Walk<'_, F> {
    /// The head at this place and the marker's start, if it is one; `None` where the
    /// box is cut or makes no sense.
    fn head(&mut self, at: u64) -> Result<Option<(Head, Option<i64>)>, Error> {
        let left = self.end.saturating_sub(at);
        let bytes = self.read(at, left.min(MARKER_BYTES as u64))?;
        let head = Head::parse(&bytes).ok().flatten();
        let whole = head.filter(|head| head.bytes <= left);
        Ok(whole.map(|head| (head, parse_part_marker(&bytes))))
    }

    fn read(&mut self, at: u64, count: u64) -> Result<Vec<u8>, Error> {
        let mut bytes = vec![0; count as usize];
        self.file
            .seek(SeekFrom::Start(at))
            .and_then(|_| self.file.read_exact(&mut bytes))
            .map_err(io("reading the recording"))?;
        Ok(bytes)
    }

    /// The content of the box at this place, or nothing if it is over the limit.
    fn content(&mut self, at: u64, head: Head, most: u64) -> Result<Option<Vec<u8>>, Error> {
        if head.bytes > most {
            return Ok(None);
        }
        self.read(at + head.head_bytes, head.bytes - head.head_bytes)
            .map(Some)
    }

    fn final_form(&mut self, at: u64) -> Result<Vec<u8>, Error> {
        let reason = "it has one mdat, and no moov behind it";
        match self.head(at)? {
            Some((head, _)) if head.kind == *b"moov" => self
                .content(at, head, MAX_FINAL_MOOV_BYTES)?
                .filter(|moov| has_samples(moov))
                .ok_or(Error::NotARecording { reason }),
            _ => Err(Error::NotARecording { reason }),
        }
    }

    fn parts(&mut self, ftyp_end: u64) -> Result<Layout, Error> {
        let mut layout = Layout {
            whole_end: ftyp_end,
            ..Layout::default()
        };
        let mut start_us = None;
        let mut samples = 0;
        let mut at = ftyp_end;
        while at < self.end {
            let Some((head, marker)) = self.head(at)? else {
                layout.torn = true;
                break;
            };
            let mut next = at + head.bytes;
            match &head.kind {
                b"uuid" if marker.is_some() => {
                    start_us = marker;
                    if at == ftyp_end {
                        layout.marker_at = Some(at);
                    }
                }
                b"moov" => {
                    let moov = self.content(at, head, MAX_FINAL_MOOV_BYTES)?;
                    let Some(moov) = moov else {
                        layout.torn = true;
                        break;
                    };
                    if has_samples(&moov) {
                        layout.earlier_moov = (at == layout.whole_end).then_some(moov);
                    } else if head.bytes <= MAX_MOOV_BYTES
                        && let Ok(init) = Init::parse(&moov)
                    {
                        layout.parts.push(Part {
                            start_us: start_us.take(),
                            init,
                            runs: Vec::new(),
                        });
                    }
                }
                b"moof" => match self.head(next)? {
                    Some((mdat, _)) if mdat.kind == *b"mdat" => {
                        next += mdat.bytes;
                        samples += self.fragment(at, head, mdat, layout.parts.last_mut())?;
                        if samples > MAX_SAMPLES {
                            return Err(Error::malformed("number of samples"));
                        }
                        layout.whole_end = next;
                        layout.earlier_moov = None;
                    }
                    Some(_) => {}
                    None => {
                        layout.torn = true;
                        break;
                    }
                },
                _ => {}
            }
            at = next;
        }
        Ok(layout)
    }

    /// Adds a fragment to its part and says how many samples it has. One that cannot
    /// be read is left out: what follows it may still be good.
    fn fragment(
        &mut self,
        at: u64,
        moof: Head,
        mdat: Head,
        part: Option<&mut Part>,
    ) -> Result<usize, Error> {
        let Some(part) = part.filter(|_| mdat.bytes <= MAX_MDAT_BYTES) else {
            return Ok(0);
        };
        let Some(content) = self.content(at, moof, MAX_MOOF_BYTES)? else {
            return Ok(0);
        };
        let payload = moof.bytes + mdat.head_bytes..moof.bytes + mdat.bytes;
        let Ok(mut runs) = fragment::parse(&content, &part.init, payload) else {
            return Ok(0);
        };
        for run in &mut runs {
            run.offset += at;
        }
        let samples = runs.iter().map(|run| run.samples.len()).sum();
        part.runs.append(&mut runs);
        Ok(samples)
    }
}

/// Whether a `moov` lists samples itself: the final one, not one of FFmpeg's.
fn has_samples(moov: &[u8]) -> bool {
    let Ok(None) = find(moov, b"mvex") else {
        return false;
    };
    Init::parse(moov).is_ok()
}
