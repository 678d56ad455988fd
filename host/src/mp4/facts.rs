//! What a file of any origin holds, read from the heads of its boxes.
//!
//! Tables of samples and pictures are stepped over, so a file of hours costs a few dozen
//! small reads; one in fragments two a fragment. Works for plain files with the index before
//! or behind the pictures, and for fragments.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use super::boxes::{Fields, Head, Kind};
use super::{Error, io};

/// Heads of boxes that are looked at: a day in fragments of a second has some 700,000 within
/// it. Stops a file of nothing but heads from keeping the disk busy for ever.
const MAX_HEADS: u32 = 2_000_000;
/// Most that is read of one box; a second of 100 pictures has about a kilobyte.
const MAX_CONTENT_BYTES: u64 = 1 << 20;
/// Tracks that are looked at; a camera has one picture and one sound.
const MAX_TRACKS: usize = 16;

/// What a file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// Length in seconds.
    pub duration_seconds: f64,
    /// `h264`, `h265`, `mjpeg`, `av1`, `vp9`, or what is printable of the four characters of
    /// the first sample entry.
    pub codec: String,
    /// Width of the picture in pixels.
    pub width: u32,
    /// Height of the picture in pixels.
    pub height: u32,
    /// Pictures.
    pub frames: u64,
    /// Size of the file in bytes.
    pub size_bytes: u64,
}

/// Reads a file. [`Error::Empty`] if there is no picture in it. Blocks.
pub fn facts(path: &Path) -> Result<Facts, Error> {
    let mut file = File::open(path).map_err(io("opening the file"))?;
    read(&mut file)
}

/// A track of pictures.
#[derive(Clone, Debug, Default)]
struct Video {
    id: u32,
    timescale: u32,
    codec: String,
    width: u32,
    height: u32,
    /// Pictures that the index lists.
    listed: u64,
    /// Ticks of a picture in a fragment that does not say otherwise.
    default_ticks: u32,
}

/// What was seen so far.
#[derive(Default)]
struct Seen {
    moov: bool,
    video: Option<Video>,
    /// Length that the movie's head tells.
    told_seconds: f64,
    /// Pictures in fragments.
    fragment_frames: u64,
    /// Where the first fragment begins and the last one ends, in ticks.
    first_tick: Option<u64>,
    last_tick: u64,
    /// Lengths of the parts before the one that is being read.
    parts_seconds: f64,
    /// Bytes of media data.
    media_bytes: u64,
}

pub(super) fn read(file: &mut (impl Read + Seek)) -> Result<Facts, Error> {
    let size_bytes = file
        .seek(SeekFrom::End(0))
        .map_err(io("reading the file"))?;
    let mut walk = Walk {
        file,
        heads_left: MAX_HEADS,
    };
    let mut seen = Seen::default();
    let mut at = 0;
    while let Some(found) = walk.next(at, size_bytes)? {
        match &found.kind {
            b"moov" => seen.moov(&mut walk, found)?,
            b"moof" => seen.moof(&mut walk, found)?,
            b"mdat" => seen.media_bytes = seen.media_bytes.saturating_add(found.bytes()),
            _ => {}
        }
        at = found.end;
    }
    // What is cut may be pictures.
    seen.media_bytes = seen.media_bytes.saturating_add(size_bytes - at);
    seen.facts(size_bytes)
}

impl Seen {
    fn facts(mut self, size_bytes: u64) -> Result<Facts, Error> {
        self.end_part();
        if !self.moov && self.media_bytes > 8 {
            // There may be pictures, but nothing tells where.
            let reason = "it has no moov";
            return Err(Error::NotARecording { reason });
        }
        let video = self.video.ok_or(Error::Empty)?;
        let frames = video.listed.saturating_add(self.fragment_frames);
        if frames == 0 {
            return Err(Error::Empty);
        }
        let duration_seconds = self.told_seconds.max(self.parts_seconds);
        Ok(Facts {
            duration_seconds,
            codec: video.codec,
            width: video.width,
            height: video.height,
            frames,
            size_bytes,
        })
    }

    /// Adds up the fragments so far: another `moov` begins the times anew.
    fn end_part(&mut self) {
        if let (Some(video), Some(first)) = (&self.video, self.first_tick.take()) {
            let ticks = self.last_tick.saturating_sub(first);
            self.parts_seconds += ticks as f64 / f64::from(video.timescale);
        }
        self.last_tick = 0;
    }

    fn moov<F: Read + Seek>(&mut self, walk: &mut Walk<'_, F>, moov: Found) -> Result<(), Error> {
        self.end_part();
        self.moov = true;
        let (mut tracks, mut defaults, mut first) = (0, Vec::new(), None);
        let mut at = moov.content;
        while let Some(found) = walk.next(at, moov.end)? {
            match &found.kind {
                b"mvhd" => {
                    let (scale, ticks) = times(&walk.head_of(found, 36)?, "mvhd")?;
                    self.told_seconds = ticks as f64 / f64::from(scale);
                }
                b"trak" => {
                    tracks += 1;
                    if tracks > MAX_TRACKS {
                        return Err(Error::malformed("number of tracks"));
                    }
                    if first.is_none() {
                        first = track(walk, found)?;
                    }
                }
                b"mvex" => {
                    let mut at = found.content;
                    while let Some(trex) = walk.next(at, found.end)? {
                        if trex.kind == *b"trex" && defaults.len() < MAX_TRACKS {
                            let content = walk.head_of(trex, 24)?;
                            let mut fields = Fields::new(&content, "trex");
                            fields.take(4)?;
                            let id = fields.u32()?;
                            fields.take(4)?;
                            defaults.push((id, fields.u32()?));
                        }
                        at = trex.end;
                    }
                }
                _ => {}
            }
            at = found.end;
        }
        if let Some(mut video) = first {
            let mine = defaults.iter().find(|(id, _)| *id == video.id);
            video.default_ticks = mine.map_or(0, |(_, ticks)| *ticks);
            if let Some(before) = self.video.take() {
                // A later part may have another size; the first one's is told.
                video.listed += before.listed;
                (video.codec, video.width, video.height) =
                    (before.codec, before.width, before.height);
            }
            self.video = Some(video);
        }
        Ok(())
    }

    fn moof<F: Read + Seek>(&mut self, walk: &mut Walk<'_, F>, moof: Found) -> Result<(), Error> {
        let Some(video) = self.video.clone() else {
            return Ok(());
        };
        let mut at = moof.content;
        while let Some(traf) = walk.next(at, moof.end)? {
            at = traf.end;
            if traf.kind == *b"traf" {
                self.traf(walk, traf, &video)?;
            }
        }
        Ok(())
    }

    fn traf<F: Read + Seek>(
        &mut self,
        walk: &mut Walk<'_, F>,
        traf: Found,
        video: &Video,
    ) -> Result<(), Error> {
        // Where nothing tells the time, a fragment goes on where the last one ended.
        let mut tick = self.last_tick;
        let mut ticks = video.default_ticks;
        let mut at = traf.content;
        while let Some(found) = walk.next(at, traf.end)? {
            at = found.end;
            match &found.kind {
                b"tfhd" => {
                    let content = walk.head_of(found, 40)?;
                    let mut fields = Fields::new(&content, "tfhd");
                    let (_, flags) = fields.version_and_flags()?;
                    if fields.u32()? != video.id {
                        return Ok(());
                    }
                    // Base of the data, number of the sample entry (8.8.7).
                    fields.take(if flags & 0x01 == 0 { 0 } else { 8 })?;
                    fields.take(if flags & 0x02 == 0 { 0 } else { 4 })?;
                    if flags & 0x08 != 0 {
                        ticks = fields.u32()?;
                    }
                }
                b"tfdt" => {
                    let content = walk.head_of(found, 12)?;
                    let mut fields = Fields::new(&content, "tfdt");
                    let (version, _) = fields.version_and_flags()?;
                    tick = fields.sized(version)?;
                }
                b"trun" => {
                    let (count, length) = run(&walk.head_of(found, MAX_CONTENT_BYTES)?, ticks)?;
                    self.first_tick.get_or_insert(tick);
                    tick = tick.saturating_add(length);
                    self.last_tick = self.last_tick.max(tick);
                    self.fragment_frames = self.fragment_frames.saturating_add(count.into());
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Samples of a `trun` and their length in ticks (8.8.8).
fn run(content: &[u8], default_ticks: u32) -> Result<(u32, u64), Error> {
    let mut fields = Fields::new(content, "trun");
    let (_, flags) = fields.version_and_flags()?;
    let count = fields.u32()?;
    if flags & 0x100 == 0 {
        return Ok((count, u64::from(count) * u64::from(default_ticks)));
    }
    for optional in [0x01, 0x04] {
        fields.take(if flags & optional == 0 { 0 } else { 4 })?;
    }
    let others = [0x200, 0x400, 0x800].map(|flag| flags & flag != 0);
    let others = others.into_iter().filter(|there| *there).count() * 4;
    let mut length = 0_u64;
    for _ in 0..count {
        // Ends at once where the count is forged: there are no more bytes.
        length = length.saturating_add(fields.u32()?.into());
        fields.take(others)?;
    }
    Ok((count, length))
}

/// The track, if it is one of pictures.
fn track<F: Read + Seek>(walk: &mut Walk<'_, F>, trak: Found) -> Result<Option<Video>, Error> {
    let mut video = Video::default();
    let mut handler = None;
    // tkhd and mdia, then mdhd, hdlr, minf, then stbl, then its tables: containers are
    // entered, in their order.
    let mut open = vec![(trak.content, trak.end)];
    while let Some((at, end)) = open.pop() {
        let Some(found) = walk.next(at, end)? else {
            continue;
        };
        open.push((found.end, end));
        match &found.kind {
            b"mdia" | b"minf" | b"stbl" if open.len() < 4 => {
                open.push((found.content, found.end));
            }
            b"tkhd" => {
                let content = walk.head_of(found, 24)?;
                let mut fields = Fields::new(&content, "tkhd");
                let (version, _) = fields.version_and_flags()?;
                fields.take(if version == 0 { 8 } else { 16 })?;
                video.id = fields.u32()?;
            }
            b"mdhd" => video.timescale = times(&walk.head_of(found, 36)?, "mdhd")?.0,
            b"hdlr" => {
                let content = walk.head_of(found, 12)?;
                handler = Some(Fields::new(&content, "hdlr").take(12)?[8..] == *b"vide");
            }
            b"stsd" => describe(&walk.head_of(found, 8 + 36)?, &mut video),
            b"stsz" | b"stz2" => {
                let content = walk.head_of(found, 12)?;
                let mut fields = Fields::new(&content, "stsz");
                fields.take(8)?;
                video.listed = fields.u32()?.into();
            }
            _ => {}
        }
    }
    let is_video = handler == Some(true);
    if is_video && video.timescale == 0 {
        return Err(Error::malformed("timescale"));
    }
    Ok(is_video.then_some(video))
}

/// Ticks a second, at least 1, and length of `mvhd` and `mdhd` (8.2.2, 8.4.2).
fn times(content: &[u8], what: &'static str) -> Result<(u32, u64), Error> {
    let mut fields = Fields::new(content, what);
    let (version, _) = fields.version_and_flags()?;
    fields.take(if version == 0 { 8 } else { 16 })?;
    let scale = fields.u32()?;
    let ticks = fields.sized(version)?;
    // "Not known" is all ones.
    let unknown = if version == 0 {
        u32::MAX.into()
    } else {
        u64::MAX
    };
    Ok((scale.max(1), if ticks == unknown { 0 } else { ticks }))
}

/// The first visual sample entry (12.1.3), as far as it is there.
fn describe(stsd: &[u8], video: &mut Video) {
    let entry = stsd.get(8..).unwrap_or_default();
    let side = |at: usize| match entry.get(at..at + 2) {
        Some(&[high, low]) => u32::from(u16::from_be_bytes([high, low])),
        _ => 0,
    };
    (video.width, video.height) = (side(32), side(34));
    let kind = entry.get(4..8).unwrap_or_default();
    video.codec = match kind {
        b"avc1" | b"avc3" => "h264".into(),
        b"hvc1" | b"hev1" => "h265".into(),
        b"mjpg" | b"jpeg" => "mjpeg".into(),
        b"av01" => "av1".into(),
        b"vp09" => "vp9".into(),
        other => {
            let printable = other.iter().filter(|byte| byte.is_ascii_graphic());
            printable.map(|byte| char::from(*byte)).collect()
        }
    };
}

/// A box in the file.
#[derive(Clone, Copy)]
struct Found {
    kind: Kind,
    /// Where its content begins.
    content: u64,
    end: u64,
}

impl Found {
    fn bytes(self) -> u64 {
        self.end - self.content
    }
}

struct Walk<'a, F> {
    file: &'a mut F,
    heads_left: u32,
}

impl<F: Read + Seek> Walk<'_, F> {
    /// The box at this place in its container, none at the container's end. What is cut there
    /// is not looked at: the rest may still be good.
    fn next(&mut self, at: u64, end: u64) -> Result<Option<Found>, Error> {
        let left = end.saturating_sub(at);
        if left < 8 {
            return Ok(None);
        }
        self.heads_left = self
            .heads_left
            .checked_sub(1)
            .ok_or(Error::malformed("number of boxes"))?;
        let bytes = self.bytes(at, left.min(16))?;
        let head = Head::parse(&bytes).ok().flatten();
        let whole = head.filter(|head| head.bytes <= left);
        Ok(whole.map(|head| Found {
            kind: head.kind,
            content: at + head.head_bytes,
            end: at + head.bytes,
        }))
    }

    /// The first bytes of a box's content, so many at most.
    fn head_of(&mut self, found: Found, most: u64) -> Result<Vec<u8>, Error> {
        self.bytes(found.content, found.bytes().min(most))
    }

    fn bytes(&mut self, at: u64, count: u64) -> Result<Vec<u8>, Error> {
        let mut bytes = vec![0; count as usize];
        self.file
            .seek(SeekFrom::Start(at))
            .and_then(|_| self.file.read_exact(&mut bytes))
            .map_err(io("reading the file"))?;
        Ok(bytes)
    }
}
