//! The vocabulary of sound on its way through the host.

use std::collections::VecDeque;
use std::fmt;

use bytes::Bytes;

/// Samples of one AAC frame (ISO 14496-3, 4.5.1.1).
const AAC_SAMPLES: i64 = 1024;
/// Length of an Opus packet where it does not matter: encoders send 20 ms (RFC 6716, 2.1.4).
const OPUS_US: i64 = 20_000;
/// Silence of 20 ms: one full-band frame (RFC 6716, 3.1) of which a decoder makes nothing.
const OPUS_SILENCE: [u8; 3] = [0xf8, 0xff, 0xfe];
/// Sound that is kept at once, bytes: a group of 40 s beside it, uncompressed at 48 kHz in stereo.
const MOST_BYTES: usize = 8 << 20;
/// Length of a piece of silence in a codec whose packets may have any, milliseconds.
const SILENCE_MS: usize = 20;

/// How sound is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SoundCodec {
    /// AAC, one raw access unit a packet.
    Aac,
    /// Opus (RFC 6716).
    Opus,
    /// G.711, A-law.
    Pcma,
    /// G.711, µ-law.
    Pcmu,
    /// Signed 16-bit samples, little-endian.
    Pcm,
}

impl SoundCodec {
    /// The codec of this name, as adapters write it; `None` for one that this host does not know.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "aac" => Self::Aac,
            "opus" => Self::Opus,
            "pcma" => Self::Pcma,
            "pcmu" => Self::Pcmu,
            "pcm" => Self::Pcm,
            _ => return None,
        })
    }

    /// Its name, the inverse of [`SoundCodec::from_name`].
    pub fn name(self) -> &'static str {
        match self {
            Self::Aac => "aac",
            Self::Opus => "opus",
            Self::Pcma => "pcma",
            Self::Pcmu => "pcmu",
            Self::Pcm => "pcm",
        }
    }
}

impl fmt::Display for SoundCodec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A stream of sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SoundTrack {
    /// How its packets are encoded.
    pub codec: SoundCodec,
    /// Samples a second.
    pub rate: u32,
    /// Channels, 1 or more.
    pub channels: u8,
    /// AAC: the `AudioSpecificConfig` (ISO 14496-3, 1.6.2.1). Else empty.
    pub config: Bytes,
}

/// A piece of sound, complete. Cloning shares its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sound {
    /// When it is to be heard, in microseconds on the host's monotonic timeline.
    pub pts_us: i64,
    /// Its bytes.
    pub data: Bytes,
}

impl SoundTrack {
    /// How long a packet is heard, microseconds.
    pub fn length_us(&self, data: &[u8]) -> i64 {
        let (rate, channels) = (
            i64::from(self.rate.max(1)),
            usize::from(self.channels.max(1)),
        );
        let samples = match self.codec {
            SoundCodec::Aac => AAC_SAMPLES,
            SoundCodec::Opus => return OPUS_US,
            SoundCodec::Pcma | SoundCodec::Pcmu => (data.len() / channels) as i64,
            SoundCodec::Pcm => (data.len() / 2 / channels) as i64,
        };
        samples * 1_000_000 / rate
    }

    /// A packet in which nothing is heard; none where it cannot be made.
    pub fn silence(&self) -> Option<Bytes> {
        let bytes = self.rate as usize * SILENCE_MS / 1000 * usize::from(self.channels);
        match self.codec {
            SoundCodec::Aac => self.silent_aac(),
            SoundCodec::Opus => Some(Bytes::from_static(&OPUS_SILENCE)),
            SoundCodec::Pcma => Some(Bytes::from(vec![0xd5; bytes])),
            SoundCodec::Pcmu => Some(Bytes::from(vec![0xff; bytes])),
            SoundCodec::Pcm => Some(Bytes::from(vec![0; bytes * 2])),
        }
    }

    /// A `raw_data_block` without a coefficient (ISO 14496-3, 4.4.2.1), for AAC LC with one or
    /// two channels.
    fn silent_aac(&self) -> Option<Bytes> {
        // audioObjectType 2, and frameLengthFlag 0: frames of 1024 samples.
        let &[first, second, ..] = &*self.config else {
            return None;
        };
        if first >> 3 != 2 || second & 4 != 0 {
            return None;
        }
        let mut bits = BitWriter::default();
        match self.channels {
            1 => {
                bits.put(0, 3); // single_channel_element
                bits.put(0, 4); // element_instance_tag
                put_empty_channel(&mut bits, true);
            }
            2 => {
                bits.put(1, 3); // channel_pair_element
                bits.put(0, 4);
                bits.put(0, 1); // common_window
                put_empty_channel(&mut bits, true);
                put_empty_channel(&mut bits, true);
            }
            _ => return None,
        }
        bits.put(7, 3); // ID_END
        Some(Bytes::from(bits.bytes))
    }
}

/// The sound of the last moments, bounded in bytes: what is older goes first.
#[derive(Debug, Default)]
pub struct Sounds {
    pieces: VecDeque<Sound>,
    bytes: usize,
}

impl Sounds {
    /// Adds the newest piece.
    pub fn push(&mut self, sound: Sound) {
        self.bytes += sound.data.len();
        self.pieces.push_back(sound);
        while self.bytes > MOST_BYTES && self.drop_oldest() {}
    }

    /// Lets go of what is heard before this time.
    pub fn forget_before(&mut self, us: i64) {
        while self.pieces.front().is_some_and(|sound| sound.pts_us < us) && self.drop_oldest() {}
    }

    /// Lets go of everything.
    pub fn clear(&mut self) {
        self.pieces.clear();
        self.bytes = 0;
    }

    /// All pieces, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Sound> {
        self.pieces.iter()
    }

    fn drop_oldest(&mut self) -> bool {
        let oldest = self.pieces.pop_front();
        self.bytes -= oldest.as_ref().map_or(0, |sound| sound.data.len());
        oldest.is_some()
    }
}

/// An `individual_channel_stream` of one long window without a band.
fn put_empty_channel(bits: &mut BitWriter, own_window: bool) {
    bits.put(100, 8); // global_gain
    if own_window {
        bits.put(0, 1); // ics_reserved_bit
        bits.put(0, 2); // ONLY_LONG_SEQUENCE
        bits.put(0, 1); // window_shape
        bits.put(0, 6); // max_sfb
        bits.put(0, 1); // predictor_data_present
    }
    bits.put(0, 3); // no pulses, no noise shaping, no gain control
}

#[derive(Default)]
struct BitWriter {
    bytes: Vec<u8>,
    used: u32,
}

impl BitWriter {
    fn put(&mut self, value: u32, count: u32) {
        for at in (0..count).rev() {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= ((value >> at & 1) as u8) << (7 - self.used % 8);
            }
            self.used += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn track(codec: SoundCodec, rate: u32, channels: u8, config: &'static [u8]) -> SoundTrack {
        let config = Bytes::from_static(config);
        SoundTrack {
            codec,
            rate,
            channels,
            config,
        }
    }

    #[test]
    fn lengths() {
        for (track, bytes, us) in [
            (track(SoundCodec::Aac, 16_000, 1, &[0x14, 0x08]), 7, 64_000),
            (track(SoundCodec::Pcma, 8_000, 1, &[]), 160, 20_000),
            (track(SoundCodec::Pcm, 48_000, 2, &[]), 3_840, 20_000),
        ] {
            assert_eq!(track.length_us(&vec![0; bytes]), us);
        }
    }

    #[test]
    fn what_is_kept_is_bounded_in_bytes_and_by_time() {
        let mut sounds = Sounds::default();
        let times = |sounds: &Sounds| -> Vec<i64> { sounds.iter().map(|s| s.pts_us).collect() };
        for pts_us in 0..100 {
            let data = Bytes::from(vec![0; 1 << 20]);
            sounds.push(Sound { pts_us, data });
        }
        assert_eq!(times(&sounds), [92, 93, 94, 95, 96, 97, 98, 99]);
        sounds.forget_before(97);
        assert_eq!(times(&sounds), [97, 98, 99]);
        sounds.clear();
        assert_eq!((times(&sounds), sounds.bytes), (vec![], 0));
    }

    #[test]
    fn silence_is_as_long_as_it_says() {
        for codec in [SoundCodec::Pcma, SoundCodec::Pcmu, SoundCodec::Pcm] {
            let track = track(codec, 8_000, 2, &[]);
            assert_eq!(track.length_us(&track.silence().unwrap()), 20_000);
        }
        assert!(
            track(SoundCodec::Aac, 48_000, 2, &[0x11, 0x90])
                .silence()
                .is_some()
        );
        // AAC Main, six channels, nothing at all.
        assert!(
            track(SoundCodec::Aac, 48_000, 2, &[0x09, 0x90])
                .silence()
                .is_none()
        );
        assert!(
            track(SoundCodec::Aac, 48_000, 6, &[0x11, 0xb0])
                .silence()
                .is_none()
        );
        assert!(track(SoundCodec::Aac, 48_000, 2, &[]).silence().is_none());
    }
}
