//! What a finished recording holds.

use super::Error;
use super::boxes::{BoxRef, Boxes, Fields, find, need};
use super::init::Init;
use super::marker::UUID;
use super::moov::NOTE_VERSION;

/// What a finished recording holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Length in seconds.
    pub duration_seconds: f64,
    /// The first sample entry's four characters, for example `avc1`.
    pub video_codec: String,
    /// Width of the first part's picture in pixels.
    pub width: u32,
    /// Height of the first part's picture in pixels.
    pub height: u32,
    /// Pictures.
    pub samples: u64,
    /// Pictures where decoding can start.
    pub sync_samples: u64,
    /// Size of the file.
    pub size_bytes: u64,
    /// FFmpeg children that wrote pictures into it.
    pub parts: u32,
    /// Second 0 of the file on the recording's clock, in microseconds: the start of
    /// the first part that holds a picture.
    pub start_us: i64,
}

impl Summary {
    /// Reads the content of a final `moov`.
    pub(super) fn parse(moov: &[u8], size_bytes: u64) -> Result<Self, Error> {
        let mut mvhd = Fields::new(need(moov, b"mvhd", "mvhd")?.content, "mvhd");
        let (version, _) = mvhd.version_and_flags()?;
        mvhd.take(if version == 0 { 8 } else { 16 })?;
        let scale = mvhd.u32()?.max(1);
        let duration_seconds = mvhd.sized(version)? as f64 / f64::from(scale);

        let init = Init::parse(moov)?;
        let video = init.video().ok_or(Error::Empty)?;
        let mut traks = Boxes::new(moov).flatten().filter(|b| b.kind == *b"trak");
        let trak = traks.nth(video).ok_or(Error::malformed("trak"))?;
        let mut stbl = trak.content;
        for kind in [b"mdia", b"minf", b"stbl"] {
            stbl = need(stbl, kind, "stbl")?.content;
        }
        let samples = count(need(stbl, b"stsz", "stsz")?, 4)?;
        if samples == 0 {
            return Err(Error::Empty);
        }
        let sync_samples = match find(stbl, b"stss")? {
            Some(stss) => count(stss, 0)?,
            None => samples,
        };
        let (video_codec, width, height) = describe(&init.tracks[video].entries[0]);
        let note = Note::find(moov)?;
        let (parts, start_us) = note.map_or((1, 0), |note| (note.parts, note.start_us));
        Ok(Self {
            duration_seconds,
            video_codec,
            width,
            height,
            samples,
            sync_samples,
            size_bytes,
            parts,
            start_us,
        })
    }
}

/// The 32-bit count that stands `skip` bytes behind version and flags.
fn count(table: BoxRef<'_>, skip: usize) -> Result<u64, Error> {
    let mut fields = Fields::new(table.content, "sample table");
    fields.version_and_flags()?;
    fields.take(skip)?;
    Ok(fields.u32()?.into())
}

/// Kind, width and height of a visual sample entry (12.1.3).
fn describe(entry: &[u8]) -> (String, u32, u32) {
    let side = |at: usize| match entry.get(at..at + 2) {
        Some(&[high, low]) => u32::from(u16::from_be_bytes([high, low])),
        _ => 0,
    };
    let kind = entry.get(4..8).unwrap_or_default();
    (
        String::from_utf8_lossy(kind).into_owned(),
        side(32),
        side(34),
    )
}

/// The host's own box in a final `moov`.
pub(super) struct Note {
    pub start_us: i64,
    pub parts: u32,
    /// When the last picture's showing ends, in ticks of the pictures.
    pub end: i64,
}

impl Note {
    /// Reads it from the content of a `moov`, if it has one.
    pub fn find(moov: &[u8]) -> Result<Option<Self>, Error> {
        let Some(found) = find(moov, b"uuid")? else {
            return Ok(None);
        };
        let mut fields = Fields::new(found.content, "uuid");
        if fields.take(16)? != UUID || fields.take(4)?[0] != NOTE_VERSION {
            return Ok(None);
        }
        Ok(Some(Self {
            start_us: fields.u64()? as i64,
            parts: fields.u32()?,
            end: fields.u64()? as i64,
        }))
    }
}
