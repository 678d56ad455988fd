//! The `moov` before an FFmpeg child's fragments: which tracks there are, and how
//! their samples are described.

use super::Error;
use super::boxes::{Boxes, Fields, Kind, find, need};

/// Tracks of a file at most; a camera has one picture and one sound.
const MAX_TRACKS: usize = 16;
/// Sample descriptions of a track at most.
pub(super) const MAX_ENTRIES: usize = 255;
/// Bytes of `tkhd` behind its duration: layer, volume, matrix, width, height (8.3.2).
const TKHD_TAIL: usize = 60;

/// What a `moov` says of its tracks, samples apart.
#[derive(Clone, Debug, Default)]
pub(super) struct Init {
    pub tracks: Vec<Track>,
}

/// One `trak`.
#[derive(Clone, Debug)]
pub(super) struct Track {
    pub id: u32,
    /// `vide`, `soun`, …
    pub handler: Kind,
    /// Ticks a second, at least 1.
    pub timescale: u32,
    /// As in `mdhd` (8.4.2).
    pub language: u16,
    pub tkhd_flags: u32,
    pub tkhd_tail: Vec<u8>,
    /// The whole `hdlr` box.
    pub hdlr: Vec<u8>,
    /// The whole media header box (`vmhd`, `smhd`, …), if there is one.
    pub media_header: Vec<u8>,
    /// Whole sample entries (`avc1`, …), at least one.
    pub entries: Vec<Vec<u8>>,
    pub defaults: Defaults,
}

/// What holds for samples that do not say otherwise (`trex`, 8.8.3).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Defaults {
    pub entry: u32,
    pub duration: u32,
    pub bytes: u32,
    pub flags: u32,
}

impl Init {
    /// Reads the content of a `moov`.
    pub fn parse(moov: &[u8]) -> Result<Self, Error> {
        let mut init = Self::default();
        for found in Boxes::new(moov) {
            let found = found?;
            if found.kind == *b"trak" {
                if init.tracks.len() == MAX_TRACKS {
                    return Err(Error::malformed("number of tracks"));
                }
                init.tracks.push(Track::parse(found.content)?);
            }
        }
        if init.tracks.is_empty() {
            return Err(Error::malformed("moov without tracks"));
        }
        if let Some(mvex) = find(moov, b"mvex")? {
            for found in Boxes::new(mvex.content) {
                let found = found?;
                if found.kind == *b"trex" {
                    init.set_defaults(found.content)?;
                }
            }
        }
        Ok(init)
    }

    fn set_defaults(&mut self, trex: &[u8]) -> Result<(), Error> {
        let mut fields = Fields::new(trex, "trex");
        fields.version_and_flags()?;
        let id = fields.u32()?;
        let defaults = Defaults {
            entry: fields.u32()?,
            duration: fields.u32()?,
            bytes: fields.u32()?,
            flags: fields.u32()?,
        };
        for track in self.tracks.iter_mut().filter(|track| track.id == id) {
            track.defaults = defaults;
        }
        Ok(())
    }

    /// Number of the track with this id.
    pub fn index_of(&self, id: u32) -> Option<usize> {
        self.tracks.iter().position(|track| track.id == id)
    }

    /// Number of the first track of pictures.
    pub fn video(&self) -> Option<usize> {
        self.tracks.iter().position(Track::is_video)
    }
}

impl Track {
    pub fn is_video(&self) -> bool {
        self.handler == *b"vide"
    }

    pub fn is_sound(&self) -> bool {
        self.handler == *b"soun"
    }

    fn parse(trak: &[u8]) -> Result<Self, Error> {
        let mut tkhd = Fields::new(need(trak, b"tkhd", "tkhd")?.content, "tkhd");
        let (version, tkhd_flags) = tkhd.version_and_flags()?;
        let wide = if version == 0 { 4 } else { 8 };
        tkhd.take(2 * wide)?;
        let id = tkhd.u32()?;
        tkhd.take(4 + wide)?;
        let tkhd_tail = tkhd.take(TKHD_TAIL)?.to_vec();

        let mdia = need(trak, b"mdia", "mdia")?.content;
        let mut mdhd = Fields::new(need(mdia, b"mdhd", "mdhd")?.content, "mdhd");
        let (version, _) = mdhd.version_and_flags()?;
        let wide = if version == 0 { 4 } else { 8 };
        mdhd.take(2 * wide)?;
        let timescale = mdhd.u32()?;
        mdhd.take(wide)?;
        let language = mdhd.u16()?;
        if timescale == 0 {
            return Err(Error::malformed("timescale"));
        }

        let hdlr = need(mdia, b"hdlr", "hdlr")?;
        let mut fields = Fields::new(hdlr.content, "hdlr");
        fields.take(8)?;
        let handler = fields.u32()?.to_be_bytes();

        let minf = need(mdia, b"minf", "minf")?.content;
        let mut media_header = Vec::new();
        for found in Boxes::new(minf) {
            let found = found?;
            if matches!(&found.kind, b"vmhd" | b"smhd" | b"nmhd" | b"sthd" | b"hmhd") {
                media_header = found.whole.to_vec();
                break;
            }
        }
        let stbl = need(minf, b"stbl", "stbl")?.content;
        Ok(Self {
            id,
            handler,
            timescale,
            language,
            tkhd_flags,
            tkhd_tail,
            hdlr: hdlr.whole.to_vec(),
            media_header,
            entries: sample_entries(need(stbl, b"stsd", "stsd")?.content)?,
            defaults: Defaults::default(),
        })
    }
}

fn sample_entries(stsd: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
    let mut fields = Fields::new(stsd, "stsd");
    fields.version_and_flags()?;
    fields.u32()?;
    let entries = Boxes::new(fields.take(fields.left())?)
        .take(MAX_ENTRIES + 1)
        .map(|entry| Ok(entry?.whole.to_vec()))
        .collect::<Result<Vec<_>, Error>>()?;
    if entries.is_empty() || entries.len() > MAX_ENTRIES {
        return Err(Error::malformed("stsd"));
    }
    Ok(entries)
}
