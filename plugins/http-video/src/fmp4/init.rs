//! What the beginning of a file says of its tracks (sections 8.3 to 8.5 and 8.8.3).

use padelvar_sdk::Error;

use super::boxes::{Fields, boxes, find, path};
use crate::audio::AacConfig;
use crate::video::Codec;
use crate::video::config::{Configuration, avc, hevc};

/// Bytes before the boxes of a sample entry of pictures, and of sound.
const VISUAL_BYTES: usize = 78;
const AUDIO_BYTES: usize = 28;

/// Tracks that are looked at.
const MAX_TRACKS: usize = 16;

/// What is in a track.
pub enum Content<'a> {
    /// Pictures, with what their decoder needs.
    Video(Codec, Configuration<'a>),
    /// Sound.
    Audio(AacConfig),
}

/// One track that can be read.
pub struct Track<'a> {
    /// As fragments name it.
    pub id: u32,
    /// Ticks a second, not 0.
    pub timescale: u32,
    /// Of a sample where its fragment does not say it.
    pub duration: u32,
    /// The same, bytes.
    pub size: u32,
    /// See there.
    pub content: Content<'a>,
}

/// The tracks of an initialisation segment.
pub fn tracks(file: &[u8]) -> Result<Vec<Track<'_>>, Error> {
    let movie = find(file, *b"moov")
        .ok_or_else(|| Error::protocol("the camera's MP4 has no description of its tracks"))?;
    let mut tracks = Vec::new();
    let is_track = |(kind, content)| (kind == b"trak").then_some(content);
    for content in boxes(movie).filter_map(is_track).take(MAX_TRACKS) {
        let sample = path(content, &[b"mdia", b"minf", b"stbl", b"stsd"]);
        let entry = sample.and_then(|sample| boxes(sample.get(8..)?).next());
        if entry.is_some_and(|(kind, _)| kind == b"encv" || kind == b"enca") {
            return Err(Error::unsupported("the camera's MP4 is encrypted"));
        }
        tracks.extend(entry.and_then(|entry| track(movie, content, entry)));
    }
    Ok(tracks)
}

fn track<'a>(
    movie: &[u8],
    content: &[u8],
    (kind, entry): (&[u8; 4], &'a [u8]),
) -> Option<Track<'a>> {
    // Version 1 has two times of 64 bits before what is looked for.
    let behind_times = |header: &[u8]| {
        let skip = if header.first()? == &1 { 20 } else { 12 };
        Fields(header.get(skip..)?).u32()
    };
    let id = behind_times(find(content, *b"tkhd")?)?;
    let timescale = behind_times(path(content, &[b"mdia", b"mdhd"])?)?;
    let visual = || entry.get(VISUAL_BYTES..);
    let content = match kind {
        b"avc1" | b"avc3" => Content::Video(Codec::H264, avc(find(visual()?, *b"avcC")?)?),
        b"hvc1" | b"hev1" => Content::Video(Codec::H265, hevc(find(visual()?, *b"hvcC")?)?),
        b"mp4a" => {
            let descriptor = find(entry.get(AUDIO_BYTES..)?, *b"esds")?;
            Content::Audio(AacConfig::parse(decoder_config(descriptor.get(4..)?)?)?)
        }
        _ => return None,
    };
    let (duration, size) = defaults(movie, id).unwrap_or((0, 0));
    (timescale > 0).then_some(Track {
        id,
        timescale,
        duration,
        size,
        content,
    })
}

/// Of `trex`.
fn defaults(movie: &[u8], id: u32) -> Option<(u32, u32)> {
    boxes(find(movie, *b"mvex")?)
        .filter(|(kind, _)| *kind == b"trex")
        .find_map(|(_, content)| {
            let mut fields = Fields(content.get(4..)?);
            if fields.u32()? != id {
                return None;
            }
            fields.u32()?;
            Some((fields.u32()?, fields.u32()?))
        })
}

/// The content of the `DecoderSpecificInfo` within descriptors (ISO/IEC 14496-1, section 7.2.6).
fn decoder_config(bytes: &[u8]) -> Option<&[u8]> {
    let (tag, content) = descriptor(bytes)?;
    match tag {
        // ES_Descriptor without dependencies, then DecoderConfigDescriptor.
        3 => decoder_config(content.get(3..)?),
        4 => decoder_config(content.get(13..)?),
        5 => Some(content),
        _ => None,
    }
}

fn descriptor(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let (tag, mut rest) = bytes.split_first()?;
    let mut len = 0;
    for _ in 0..4 {
        let (byte, after) = rest.split_first()?;
        rest = after;
        len = len << 7 | usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            break;
        }
    }
    Some((*tag, rest.get(..len)?))
}
