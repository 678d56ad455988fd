//! Sound that tells the time: a beep at the start of every second, made once and played in a loop.

mod beep;
mod packets;

use std::path::Path;
use std::str::FromStr;

use bytes::Bytes;
use tokio::sync::mpsc;

use crate::error::Error;

/// The sound of a camera: a beep of 1 kHz for 100 ms from every whole second of the camera's
/// clock on, between them silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sound {
    /// AAC-LC as RFC 3640 carries it (AAC-hbr).
    Aac {
        /// Samples a second: 8000, 12000, 16000, 24000, 32000 or 48000.
        rate: u32,
        /// 1 or 2.
        channels: u8,
    },
    /// G.711 A-law at 8 kHz (RFC 3551 4.5.14).
    Pcma,
    /// G.711 µ-law at 8 kHz.
    Pcmu,
    /// Opus at 48 kHz (RFC 7587).
    Opus,
    /// Samples of 16 bits as they are (RFC 3551 4.5.11).
    L16 {
        /// Samples a second: 8000, 16000, 24000, 32000 or 48000.
        rate: u32,
        /// 1 or 2.
        channels: u8,
    },
}

impl FromStr for Sound {
    type Err = String;

    /// Reads `aac` (48 kHz mono), `aac-16k`, `aac-stereo`, `pcma`, `pcmu`, `opus` or `l16`
    /// (16 kHz mono).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let aac = |rate, channels| Self::Aac { rate, channels };
        Ok(match text {
            "aac" => aac(48_000, 1),
            "aac-16k" => aac(16_000, 1),
            "aac-stereo" => aac(48_000, 2),
            "pcma" => Self::Pcma,
            "pcmu" => Self::Pcmu,
            "opus" => Self::Opus,
            "l16" => Self::L16 {
                rate: 16_000,
                channels: 1,
            },
            _ => {
                let all = "aac, aac-16k, aac-stereo, pcma, pcmu, opus, l16";
                return Err(format!("there is no sound `{text}`: {all}"));
            }
        })
    }
}

impl Sound {
    /// Samples and channels.
    pub(crate) fn rate(self) -> (u32, u8) {
        match self {
            Self::Aac { rate, channels } | Self::L16 { rate, channels } => (rate, channels),
            Self::Pcma | Self::Pcmu => (8_000, 1),
            // What its RTP clock is, and its channels in the description (RFC 7587 7).
            Self::Opus => (48_000, 2),
        }
    }

    /// Samples in one packet.
    pub(crate) fn block(self) -> u32 {
        let (rate, _) = self.rate();
        match self {
            Self::Aac { .. } => 1024,
            Self::Pcma | Self::Pcmu | Self::Opus => rate / 50,
            // 5 ms, so that two channels of 48 kHz fit into a packet.
            Self::L16 { .. } => rate / 200,
        }
    }

    /// Seconds after which both a second and a packet end.
    fn seconds(self) -> u32 {
        let ((rate, _), block) = (self.rate(), self.block());
        let mut seconds = 1;
        while rate * seconds % block != 0 {
            seconds *= 2;
        }
        seconds
    }

    /// Samples by which the decoded sound is later than what was encoded.
    fn delay(self) -> u32 {
        match self {
            // One window of the transform, which FFmpeg's encoder needs ahead.
            Self::Aac { .. } => 1024,
            // The encoder's look-ahead of 6.5 ms (RFC 7845 5.1, pre-skip).
            Self::Opus => 312,
            _ => 0,
        }
    }

    fn check(self) -> Result<(), Error> {
        let rates: &[u32] = match self {
            Self::Aac { .. } => &[8_000, 12_000, 16_000, 24_000, 32_000, 48_000],
            Self::L16 { .. } => &[8_000, 16_000, 24_000, 32_000, 48_000],
            _ => return Ok(()),
        };
        let (rate, channels) = self.rate();
        if rates.contains(&rate) && (1..=2).contains(&channels) {
            return Ok(());
        }
        let text = format!("sound of {rate} Hz and {channels} channels: one of {rates:?}, 1 or 2");
        Err(Error::Config(text))
    }

    fn arguments(self) -> String {
        let (rate, channels) = self.rate();
        let codec = match self {
            Self::Aac { .. } => format!("-c:a aac -b:a {}k -f adts", 48 * channels),
            Self::Pcma => "-f alaw".into(),
            Self::Pcmu => "-f mulaw".into(),
            Self::Opus => "-c:a libopus -b:a 48k -application lowdelay -frame_duration 20 \
                           -f ogg -page_duration 20000"
                .into(),
            Self::L16 { .. } => "-f s16be".into(),
        };
        format!("-f s16le -ar {rate} -ac {channels} -i pipe:0 {codec} pipe:1")
    }
}

/// Encoded sound; the first block begins with a whole second.
#[derive(Debug)]
pub(crate) struct SoundClip {
    pub(crate) sound: Sound,
    blocks: Vec<Bytes>,
}

impl SoundClip {
    /// Makes the sound with the given FFmpeg binary.
    pub(crate) async fn encode(ffmpeg: &Path, sound: Sound) -> Result<Self, Error> {
        sound.check()?;
        let (rate, channels) = sound.rate();
        let count = (rate * sound.seconds() / sound.block()) as usize;
        // Three rounds: the encoder finds its pace in the first, and what it holds back at the
        // end is in the third.
        let samples = rate * sound.seconds() * 3;
        let (input, fed) = mpsc::channel(1);
        let pcm = beep::pcm(rate, channels, sound.delay(), samples);
        let feed = async move {
            // An encoder that is gone says why by its exit status.
            let _ = input.send(pcm).await;
        };
        let arguments = sound.arguments();
        let ((), stream) = tokio::join!(feed, crate::ffmpeg::run(ffmpeg, &arguments, fed));
        let stream = stream?;
        let blocks = match sound {
            Sound::Aac { .. } => packets::adts(&stream),
            Sound::Opus => packets::ogg(&stream),
            Sound::Pcma | Sound::Pcmu => Some(packets::even(&stream, sound.block() as usize)),
            Sound::L16 { .. } => {
                let bytes = sound.block() as usize * usize::from(channels) * 2;
                Some(packets::even(&stream, bytes))
            }
        };
        let blocks = blocks.and_then(|blocks| Some(blocks.get(count..2 * count)?.to_vec()));
        let blocks = blocks.ok_or_else(|| Error::Stream(format!("it is not whole {sound:?}")))?;
        Ok(Self { sound, blocks })
    }

    /// The block that begins `number` blocks after the camera's start.
    pub(crate) fn block(&self, number: u64) -> &Bytes {
        &self.blocks[(number % self.blocks.len() as u64) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::{Sound, SoundClip};
    use crate::error::Error;

    #[tokio::test]
    async fn every_kind_is_whole_seconds() {
        for (name, blocks) in [
            ("aac", 375),
            ("aac-16k", 125),
            ("aac-stereo", 375),
            ("pcma", 50),
            ("pcmu", 50),
            ("opus", 50),
            ("l16", 200),
        ] {
            let sound: Sound = name.parse().expect(name);
            let made = SoundClip::encode("ffmpeg".as_ref(), sound).await;
            let made = made.expect(name);
            assert_eq!(made.blocks.len(), blocks, "{name}");
            assert!(made.blocks.iter().all(|b| (1..1388).contains(&b.len())));
            assert_eq!(made.block(3), made.block(3 + blocks as u64));
            assert_ne!(made.block(1), made.block(blocks as u64 / 2), "{name}");
        }
        assert!("mp3".parse::<Sound>().is_err());
    }

    #[tokio::test]
    async fn odd_rates_are_refused() {
        for (rate, channels) in [(44_100, 1), (0, 1), (48_000, 0), (48_000, 6)] {
            let sound = Sound::Aac { rate, channels };
            let made = SoundClip::encode("ffmpeg".as_ref(), sound).await;
            assert!(matches!(made, Err(Error::Config(_))));
        }
    }
}
