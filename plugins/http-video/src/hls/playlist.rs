//! Playlists (RFC 8216, section 4).

use core::time::Duration;
use std::rc::Rc;

use padelvar_sdk::Error;

use super::attributes::attribute;

/// Segments that are remembered of one playlist, the newest: a day of short ones would cost
/// more memory than it is worth.
const MAX_SEGMENTS: usize = 4096;
/// Variants that are looked at.
const MAX_VARIANTS: usize = 64;
/// A target duration is believed between these: 0 would be a flood of requests.
const MIN_TARGET: Duration = Duration::from_secs(1);
const MAX_TARGET: Duration = Duration::from_secs(30);

/// What a playlist lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Playlist {
    /// Other playlists.
    Master(Vec<Variant>),
    /// Segments.
    Media(Media),
}

/// One rendition of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// As written, mostly relative.
    pub uri: String,
    /// Bits a second at the most.
    pub bandwidth: u64,
    /// False where its codecs are named and none of them can be read here.
    pub readable: bool,
    /// The playlist of its sound, as written, where that stands apart from the pictures.
    pub sound: Option<String>,
}

/// Which rendition the operator wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wanted {
    /// Of the greatest bandwidth.
    #[default]
    Highest,
    /// Of the least.
    Lowest,
}

/// A list of segments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// The longest segment, and how often the list changes.
    pub target: Duration,
    /// Nothing will be added.
    pub ended: bool,
    /// Oldest first; their numbers rise by one.
    pub segments: Vec<Segment>,
}

/// One piece of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Media sequence number.
    pub number: u64,
    /// As written, mostly relative.
    pub uri: String,
    /// Its times do not go on from the segment before.
    pub discontinuity: bool,
    /// There is none, only its place.
    pub missing: bool,
    /// Which bytes of the file it is; none for the whole.
    pub range: Option<ByteRange>,
    /// Where the beginning of its fragmented MP4 is; none for MPEG-TS.
    pub map: Option<Rc<Map>>,
}

/// The beginning of a fragmented MP4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Map {
    /// As written, mostly relative.
    pub uri: String,
    /// Which bytes of the file it is; none for the whole.
    pub range: Option<ByteRange>,
}

/// A part of a file, bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByteRange {
    /// Of the first one.
    pub start: u64,
    /// At least 1.
    pub len: u64,
}

impl ByteRange {
    /// `LENGTH[@START]`; without a start it begins at `next`.
    fn parse(value: &str, next: Option<u64>) -> Option<Self> {
        let (len, start) = match value.split_once('@') {
            Some((len, start)) => (len, start.trim().parse().ok()?),
            None => (value, next?),
        };
        let len = len.trim().parse().ok().filter(|len| *len > 0)?;
        start.checked_add(len)?;
        Some(Self { start, len })
    }
}

/// Reads a playlist. What this adapter cannot read is an error of class `unsupported`.
pub fn parse(text: &str) -> Result<Playlist, Error> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if !text.starts_with("#EXTM3U") {
        return Err(Error::protocol("the camera's answer is no playlist"));
    }
    if text.contains("#EXT-X-STREAM-INF") {
        Ok(Playlist::Master(variants(text)))
    } else {
        media(text).map(Playlist::Media)
    }
}

/// The variant to play; none where none can be read.
pub fn choose(variants: &[Variant], wanted: Wanted) -> Option<&Variant> {
    let readable = || variants.iter().filter(|variant| variant.readable);
    match wanted {
        // Of equal ones the first, as the server ordered them.
        Wanted::Highest => readable().rev().max_by_key(|variant| variant.bandwidth),
        Wanted::Lowest => readable().min_by_key(|variant| variant.bandwidth),
    }
}

fn variants(text: &str) -> Vec<Variant> {
    let renditions: Vec<&str> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("#EXT-X-MEDIA:"))
        .filter(|list| attribute(list, "TYPE") == Some("AUDIO"))
        .take(MAX_VARIANTS)
        .collect();
    let mut variants = Vec::new();
    let mut pending = None;
    for line in text.lines().map(str::trim) {
        if let Some(list) = line.strip_prefix("#EXT-X-STREAM-INF:") {
            pending = Some(list);
        } else if !line.is_empty()
            && !line.starts_with('#')
            && variants.len() < MAX_VARIANTS
            && let Some(list) = pending.take()
        {
            let known = ["avc1", "avc3", "hvc1", "hev1"];
            let readable = attribute(list, "CODECS")
                .is_none_or(|codecs| known.iter().any(|known| codecs.contains(known)));
            let bandwidth = attribute(list, "BANDWIDTH").and_then(|value| value.parse().ok());
            variants.push(Variant {
                uri: line.to_owned(),
                bandwidth: bandwidth.unwrap_or(0),
                readable,
                sound: attribute(list, "AUDIO").and_then(|group| sound(&renditions, group)),
            });
        }
    }
    variants
}

/// The playlist of a group's sound: the default one, else the first; none where that is within
/// the variant itself (RFC 8216, section 4.3.4.2.1).
fn sound(renditions: &[&str], group: &str) -> Option<String> {
    let of_group = |list: &&&str| attribute(list, "GROUP-ID") == Some(group);
    let is_default = |list: &&&str| attribute(list, "DEFAULT") == Some("YES");
    let mut candidates = renditions.iter().filter(of_group);
    let first = candidates.clone().next()?;
    let wanted = candidates.find(is_default).unwrap_or(first);
    attribute(wanted, "URI").map(str::to_owned)
}

fn media(text: &str) -> Result<Media, Error> {
    let mut media = Media {
        target: MIN_TARGET,
        ended: false,
        segments: Vec::new(),
    };
    let mut number: u64 = 0;
    let (mut discontinuity, mut missing) = (false, false);
    let (mut map, mut range) = (None, None);
    for line in text.lines().map(str::trim) {
        let (tag, value) = line.split_once(':').unwrap_or((line, ""));
        match tag {
            "#EXT-X-TARGETDURATION" => {
                // Some write a fraction.
                let whole = value.split('.').next().unwrap_or_default();
                let target = Duration::from_secs(whole.trim().parse().unwrap_or(0));
                media.target = target.clamp(MIN_TARGET, MAX_TARGET);
            }
            "#EXT-X-MEDIA-SEQUENCE" if media.segments.is_empty() => {
                number = value.trim().parse().unwrap_or(0);
            }
            "#EXT-X-ENDLIST" => media.ended = true,
            "#EXT-X-DISCONTINUITY" => discontinuity = true,
            "#EXT-X-GAP" => missing = true,
            "#EXT-X-KEY" if attribute(value, "METHOD") != Some("NONE") => {
                return Err(unsupported("its segments are encrypted"));
            }
            "#EXT-X-BYTERANGE" => range = Some(value),
            "#EXT-X-MAP" => {
                map = attribute(value, "URI").map(|uri| {
                    let range = attribute(value, "BYTERANGE");
                    let uri = uri.to_owned();
                    // Section 4.3.2.5: none without a start.
                    let range = range.and_then(|range| ByteRange::parse(range, Some(0)));
                    Rc::new(Map { uri, range })
                });
            }
            _ if line.is_empty() || line.starts_with('#') => {}
            _ => {
                if media.segments.len() >= 2 * MAX_SEGMENTS {
                    media.segments.drain(..MAX_SEGMENTS);
                }
                let range = range.take().map(|range| {
                    let before = media.segments.last().filter(|before| before.uri == line);
                    let before = before.and_then(|before| before.range);
                    ByteRange::parse(range, before.map(|range| range.start + range.len))
                        .ok_or_else(|| Error::protocol("the camera's HLS has a wrong byte range"))
                });
                media.segments.push(Segment {
                    number,
                    uri: line.to_owned(),
                    range: range.transpose()?,
                    discontinuity: core::mem::take(&mut discontinuity),
                    missing: core::mem::take(&mut missing),
                    map: map.clone(),
                });
                number = number.saturating_add(1);
            }
        }
    }
    let surplus = media.segments.len().saturating_sub(MAX_SEGMENTS);
    media.segments.drain(..surplus);
    Ok(media)
}

fn unsupported(what: &str) -> Error {
    Error::unsupported(format!("the camera's HLS cannot be read: {what}"))
}

#[cfg(test)]
#[path = "playlist_tests.rs"]
mod tests;
