//! Live Matroska (RFC 9559): one video track, and sound beside it, written block by block.
//!
//! Matroska keeps timestamps exactly, over gaps of any length, and can be read
//! from a pipe without knowing its end. Segment and clusters have an unknown size,
//! so that every block can be written as soon as it is there.

use bytes::BufMut;

use super::hevc;
use super::nal::{self, ParameterSets};
use super::sound::{SoundCodec, SoundTrack};
use super::{Codec, VideoTrack};

/// Why a track cannot be announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The track has no size, and its configuration does not tell it.
    #[error("the size of the picture is not known yet")]
    NoSize,
    /// The configuration does not hold what a decoder needs.
    #[error(transparent)]
    Config(#[from] nal::Error),
}

/// A cluster ends with the first keyframe after this many milliseconds.
const CLUSTER_MS: i64 = 1_000;
/// A cluster without a keyframe ends here, in milliseconds; far below the 32,767
/// that a block can be away from its cluster.
const CLUSTER_MOST_MS: i64 = 5_000;
/// A size that is not known (RFC 8794, 6.2), as eight bytes.
const UNKNOWN_SIZE: u64 = 0x01ff_ffff_ffff_ffff;

/// What stands before the first block: EBML header, segment, the track.
///
/// For H.264 and H.265 the configuration must hold the parameter sets; where the camera
/// sends them in-band only, the caller takes them from the first keyframe.
pub fn header(track: &VideoTrack) -> Result<Vec<u8>, Error> {
    header_with(track, None)
}

/// As [`header`], with sound as a second track.
pub fn header_with(track: &VideoTrack, sound: Option<&SoundTrack>) -> Result<Vec<u8>, Error> {
    let (codec_id, private, found) = match track.codec {
        Codec::H264 => {
            let sets = ParameterSets::find(&track.config)?;
            ("V_MPEG4/ISO/AVC", sets.avcc()?, sets.dimensions())
        }
        Codec::Mjpeg => ("V_MJPEG", Vec::new(), None),
        Codec::H265 => {
            let sets = hevc::ParameterSets::find(&track.config)?;
            let size = sets.first_sps().map(|sps| (sps.width, sps.height));
            ("V_MPEGH/ISO/HEVC", sets.hvcc()?, size)
        }
    };
    let (width, height) = if track.width > 0 && track.height > 0 {
        (track.width, track.height)
    } else {
        found.ok_or(Error::NoSize)?
    };

    let mut out = Vec::with_capacity(256 + private.len());
    element(&mut out, 0x1a45_dfa3, |ebml| {
        number(ebml, 0x4286, 1); // EBMLVersion
        number(ebml, 0x42f7, 1); // EBMLReadVersion
        number(ebml, 0x42f2, 4); // EBMLMaxIDLength
        number(ebml, 0x42f3, 8); // EBMLMaxSizeLength
        bytes(ebml, 0x4282, b"matroska"); // DocType
        number(ebml, 0x4287, 4); // DocTypeVersion
        number(ebml, 0x4285, 2); // DocTypeReadVersion
    });
    id(&mut out, 0x1853_8067); // Segment
    out.put_u64(UNKNOWN_SIZE);
    element(&mut out, 0x1549_a966, |info| {
        number(info, 0x2a_d7b1, 1_000_000); // TimestampScale: milliseconds
        bytes(info, 0x4d80, b"padelvar"); // MuxingApp
        bytes(info, 0x5741, b"padelvar"); // WritingApp
    });
    element(&mut out, 0x1654_ae6b, |tracks| {
        element(tracks, 0xae, |entry| {
            number(entry, 0xd7, 1); // TrackNumber
            number(entry, 0x73c5, 1); // TrackUID
            number(entry, 0x83, 1); // TrackType: video
            number(entry, 0x9c, 0); // FlagLacing
            bytes(entry, 0x86, codec_id.as_bytes());
            if !private.is_empty() {
                bytes(entry, 0x63a2, &private); // CodecPrivate
            }
            element(entry, 0xe0, |video| {
                number(video, 0xb0, width.into());
                number(video, 0xba, height.into());
            });
        });
        if let Some(sound) = sound {
            element(tracks, 0xae, |entry| put_sound(entry, sound));
        }
    });
    Ok(out)
}

fn put_sound(entry: &mut Vec<u8>, sound: &SoundTrack) {
    let (codec_id, private) = match sound.codec {
        SoundCodec::Aac => ("A_AAC", sound.config.to_vec()),
        SoundCodec::Opus => ("A_OPUS", opus_head(sound)),
        SoundCodec::Pcm => ("A_PCM/INT/LIT", Vec::new()),
        SoundCodec::Pcma => ("A_MS/ACM", wave_format(sound, 6)),
        SoundCodec::Pcmu => ("A_MS/ACM", wave_format(sound, 7)),
    };
    number(entry, 0xd7, 2); // TrackNumber
    number(entry, 0x73c5, 2); // TrackUID
    number(entry, 0x83, 2); // TrackType: audio
    number(entry, 0x9c, 0); // FlagLacing
    bytes(entry, 0x86, codec_id.as_bytes());
    if !private.is_empty() {
        bytes(entry, 0x63a2, &private); // CodecPrivate
    }
    element(entry, 0xe1, |audio| {
        // SamplingFrequency
        bytes(audio, 0xb5, &f64::from(sound.rate).to_be_bytes());
        number(audio, 0x9f, sound.channels.into());
        if sound.codec == SoundCodec::Pcm {
            number(audio, 0x6264, 16); // BitDepth
        }
    });
}

/// The identification header (RFC 7845, 5.1), without samples to skip.
fn opus_head(sound: &SoundTrack) -> Vec<u8> {
    let mut head = b"OpusHead\x01".to_vec();
    head.put_u8(sound.channels);
    head.put_u16_le(0); // pre-skip
    head.put_u32_le(sound.rate);
    head.put_u16_le(0); // gain
    head.put_u8(0); // one or two channels
    head
}

/// A `WAVEFORMATEX` of 8-bit samples (RFC 9559, 5.1.4.1.21: `A_MS/ACM`).
fn wave_format(sound: &SoundTrack, tag: u16) -> Vec<u8> {
    let channels = u16::from(sound.channels);
    let mut format = Vec::with_capacity(18);
    format.put_u16_le(tag);
    format.put_u16_le(channels);
    format.put_u32_le(sound.rate);
    format.put_u32_le(sound.rate.saturating_mul(channels.into()));
    format.put_u16_le(channels);
    format.put_u16_le(8);
    format.put_u16_le(0);
    format
}

/// Frames the pictures that follow a [`header`].
#[derive(Clone, Debug, Default)]
pub struct Writer {
    /// Timestamp of the open cluster in milliseconds.
    cluster_ms: Option<i64>,
}

impl Writer {
    /// A writer that has not written any block.
    pub fn new() -> Self {
        Self::default()
    }

    /// What stands before the `length` bytes of a picture: a new cluster where one
    /// is due, and the head of its block. `pts_ms` counts from the zero of this
    /// stream; negative ones are taken as 0.
    pub fn block_head(&mut self, pts_ms: i64, keyframe: bool, length: usize) -> Vec<u8> {
        let after = |after: i64| {
            after.abs() < CLUSTER_MS || ((0..CLUSTER_MOST_MS).contains(&after) && !keyframe)
        };
        self.head(1, pts_ms, keyframe, length, after)
    }

    /// What stands before the `length` bytes of a piece of sound; see [`Writer::block_head`].
    pub fn sound_head(&mut self, pts_ms: i64, length: usize) -> Vec<u8> {
        let near = |after: i64| after.abs() < CLUSTER_MOST_MS;
        self.head(2, pts_ms, true, length, near)
    }

    /// `stays`: whether a block so many milliseconds after the open cluster's time belongs to it.
    fn head(
        &mut self,
        track: u8,
        pts_ms: i64,
        keyframe: bool,
        length: usize,
        stays: impl Fn(i64) -> bool,
    ) -> Vec<u8> {
        let pts_ms = pts_ms.max(0);
        let mut out = Vec::with_capacity(40);
        let after = self.cluster_ms.map(|cluster| pts_ms - cluster);
        let relative_ms = after.filter(|&after| stays(after)).unwrap_or_else(|| {
            id(&mut out, 0x1f43_b675); // Cluster
            out.put_u64(UNKNOWN_SIZE);
            number(&mut out, 0xe7, pts_ms as u64); // Timestamp
            self.cluster_ms = Some(pts_ms);
            0
        });
        id(&mut out, 0xa3); // SimpleBlock
        size(&mut out, length as u64 + 4);
        out.put_u8(0x80 | track);
        out.put_i16(relative_ms as i16);
        out.put_u8(if keyframe { 0x80 } else { 0 });
        out
    }

    /// Head and picture in one piece; see [`Writer::block_head`].
    pub fn block(&mut self, pts_ms: i64, keyframe: bool, data: &[u8]) -> Vec<u8> {
        let mut out = self.block_head(pts_ms, keyframe, data.len());
        out.extend_from_slice(data);
        out
    }
}

/// An id is written as it is; its length is in its first bits.
fn id(out: &mut Vec<u8>, id: u32) {
    let bytes = id.to_be_bytes();
    let skip = (id.leading_zeros() / 8) as usize;
    out.extend_from_slice(&bytes[skip..]);
}

/// A size of 1 to 8 bytes (RFC 8794, 4): 7 bits of it a byte.
fn size(out: &mut Vec<u8>, size: u64) {
    // All bits set would mean "unknown", hence the + 1.
    let bits = 64 - (size + 1).leading_zeros();
    let length = bits.div_ceil(7).clamp(1, 8);
    let marked = size | 1 << (7 * length);
    out.put_uint(marked, length as usize);
}

fn bytes(out: &mut Vec<u8>, name: u32, content: &[u8]) {
    id(out, name);
    size(out, content.len() as u64);
    out.extend_from_slice(content);
}

fn number(out: &mut Vec<u8>, name: u32, value: u64) {
    let length = (64 - value.leading_zeros()).div_ceil(8).max(1);
    id(out, name);
    size(out, length.into());
    out.put_uint(value, length as usize);
}

fn element(out: &mut Vec<u8>, name: u32, fill: impl FnOnce(&mut Vec<u8>)) {
    let mut content = Vec::new();
    fill(&mut content);
    bytes(out, name, &content);
}

#[cfg(test)]
#[path = "mkv_tests.rs"]
mod tests;
