//! The sound of one recording: what the next child begins with, and silence where the camera
//! sends none. Pure.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::media::sound::{Sound, SoundTrack};

/// A hole that is longer, microseconds, is filled with silence; a shorter one is the network's or
/// the camera's rounding, and players stand it.
const HOLE_US: i64 = 60_000;
/// Silence is made for so long at once, microseconds: a minute of a camera's outage is repeated
/// second by second, and a hole that is longer is left.
const MOST_SILENCE_US: i64 = 60_000_000;
/// Pieces that are held at most: two minutes of 20 ms each.
const MOST_HELD: usize = 6_000;

/// See the module.
#[derive(Debug, Default)]
pub struct Sounding {
    heard: Option<Arc<SoundTrack>>,
    /// What a child has not written yet, for the next one.
    held: VecDeque<Sound>,
    /// When the last piece ends.
    end_us: Option<i64>,
}

impl Sounding {
    /// What the sound from here on is.
    pub fn begin(&mut self, track: Arc<SoundTrack>) {
        if self.heard.as_ref() != Some(&track) {
            self.heard = Some(track);
            self.held.clear();
            self.end_us = None;
        }
    }

    /// What is heard; none before the first piece.
    pub fn heard(&self) -> Option<&Arc<SoundTrack>> {
        self.heard.as_ref()
    }

    /// Takes a piece. What is to be written is given back: silence before it, and itself.
    pub fn take(&mut self, sound: Sound) -> Vec<Sound> {
        let Some(track) = self.heard.clone() else {
            return Vec::new();
        };
        let mut pieces = self.silence_until(sound.pts_us);
        self.end_us = Some(sound.pts_us.saturating_add(track.length_us(&sound.data)));
        self.hold(&sound);
        pieces.push(sound);
        pieces
    }

    /// Silence up to this moment, where there was sound and there is a hole now.
    pub fn silence_until(&mut self, us: i64) -> Vec<Sound> {
        let mut pieces = Vec::new();
        let (Some(track), Some(end_us)) = (self.heard.clone(), self.end_us) else {
            return pieces;
        };
        let hole_us = us.saturating_sub(end_us);
        let silence = track.silence().map(|data| (track.length_us(&data), data));
        let Some((length_us, data)) = silence.filter(|(length_us, _)| *length_us > 0) else {
            return pieces;
        };
        if !(HOLE_US..=MOST_SILENCE_US).contains(&hole_us) {
            return pieces;
        }
        let mut at_us = end_us;
        while at_us.saturating_add(length_us) <= us {
            let data = data.clone();
            let piece = Sound {
                pts_us: at_us,
                data,
            };
            self.hold(&piece);
            pieces.push(piece);
            at_us += length_us;
        }
        self.end_us = Some(at_us);
        pieces
    }

    /// What a child that begins with a picture of this moment is given; what is older is let go.
    pub fn held_from(&mut self, us: i64) -> Vec<Sound> {
        while self.held.front().is_some_and(|sound| sound.pts_us < us) {
            self.held.pop_front();
        }
        self.held.iter().cloned().collect()
    }

    fn hold(&mut self, sound: &Sound) {
        if self.held.len() >= MOST_HELD {
            self.held.pop_front();
        }
        self.held.push_back(sound.clone());
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::media::sound::SoundCodec;

    fn piece(pts_us: i64) -> Sound {
        let data = Bytes::from(vec![0xd5; 160]);
        Sound { pts_us, data }
    }

    fn sounding() -> Sounding {
        let mut sounding = Sounding::default();
        sounding.begin(Arc::new(SoundTrack {
            codec: SoundCodec::Pcma,
            rate: 8000,
            channels: 1,
            config: Bytes::new(),
        }));
        sounding
    }

    fn times(pieces: &[Sound]) -> Vec<i64> {
        pieces.iter().map(|piece| piece.pts_us / 1000).collect()
    }

    #[test]
    fn holes_are_filled_with_silence() {
        let mut sounding = sounding();
        assert_eq!(times(&sounding.take(piece(0))), [0]);
        assert_eq!(times(&sounding.take(piece(25_000))), [25], "no hole");
        assert_eq!(
            times(&sounding.take(piece(150_000))),
            [45, 65, 85, 105, 125, 150]
        );
        // While the camera is gone.
        assert_eq!(times(&sounding.silence_until(230_000)), [170, 190, 210]);
        assert_eq!(times(&sounding.take(piece(240_000))), [240]);
        // Longer than is made at once.
        assert_eq!(times(&sounding.take(piece(900_000_000))), [900_000]);
    }

    #[test]
    fn without_sound_there_is_no_silence() {
        assert!(Sounding::default().silence_until(1_000_000).is_empty());
        assert!(sounding().silence_until(1_000_000).is_empty());
        assert!(Sounding::default().take(piece(0)).is_empty());
    }

    #[test]
    fn a_new_child_gets_what_belongs_to_its_pictures() {
        let mut sounding = sounding();
        for n in 0..10 {
            sounding.take(piece(n * 20_000));
        }
        assert_eq!(times(&sounding.held_from(150_000)), [160, 180]);
        assert_eq!(times(&sounding.held_from(0)), [160, 180]);
    }

    #[test]
    fn what_is_held_is_bounded() {
        let mut sounding = sounding();
        for n in 0..10_000 {
            sounding.take(piece(n * 20_000));
        }
        assert_eq!(sounding.held_from(0).len(), MOST_HELD);
    }
}
