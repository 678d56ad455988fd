//! The sound of one recording: what the next child begins with, and silence where the camera
//! sends none. Pure.
//!
//! A child to which sound was announced waits for it: FFmpeg writes nothing before it knows every
//! track, and holds pictures back for the sound beside them. So there is always some: where the
//! camera's stays away, silence goes in its place.

use std::sync::Arc;

use crate::media::sound::{Sound, SoundTrack, Sounds};

/// A hole that is longer, microseconds, is filled with silence; a shorter one is the network's or
/// the camera's rounding, and players stand it.
const HOLE_US: i64 = 60_000;
/// Silence is made for so long at once, microseconds: what is missing longer is missing at the
/// beginning of a child, or was filled on the way.
const MOST_SILENCE_US: i64 = 60_000_000;
/// Sound that is so far behind the pictures, microseconds, is not waited for any more. FFmpeg
/// waits for half of it, and cameras send theirs some tenths of a second behind at most.
const BEHIND_US: i64 = 1_000_000;

/// See the module.
#[derive(Debug, Default)]
pub struct Sounding {
    heard: Option<Arc<SoundTrack>>,
    /// What a child may not have written yet, for the next one.
    held: Sounds,
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

    /// What a child that begins with a picture of this moment is given at first.
    pub fn begin_child(&mut self, from_us: i64) -> Vec<Sound> {
        self.held.forget_before(from_us);
        self.end_us = Some(self.end_us.unwrap_or(from_us).max(from_us));
        self.held.iter().cloned().collect()
    }

    /// Takes a piece. What is to be written is given back: silence before it, and itself.
    pub fn take(&mut self, sound: Sound) -> Vec<Sound> {
        let Some(track) = self.heard.clone() else {
            return Vec::new();
        };
        let mut pieces = self.silence_until(sound.pts_us);
        let end_us = sound.pts_us.saturating_add(track.length_us(&sound.data));
        self.end_us = self.end_us.max(Some(end_us));
        self.held.push(sound.clone());
        pieces.push(sound);
        pieces
    }

    /// Silence where the sound is far behind a picture of this time.
    pub fn keep_up(&mut self, pts_us: i64) -> Vec<Sound> {
        self.silence_until(pts_us.saturating_sub(BEHIND_US))
    }

    /// Silence up to this moment, where there is a hole.
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
            self.held.push(piece.clone());
            pieces.push(piece);
            at_us += length_us;
        }
        self.end_us = Some(at_us);
        pieces
    }

    /// What is heard before this time is written, or not needed any more.
    pub fn forget_before(&mut self, us: i64) {
        self.held.forget_before(us);
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
        assert_eq!(times(&sounding.begin_child(150_000)), [160, 180]);
        assert_eq!(times(&sounding.begin_child(0)), [160, 180]);
        sounding.forget_before(180_000);
        assert_eq!(times(&sounding.begin_child(0)), [180]);
    }

    #[test]
    fn where_the_camera_is_silent_there_is_silence() {
        let mut sounding = sounding();
        assert!(sounding.keep_up(9_000_000).is_empty(), "no child yet");
        assert!(sounding.begin_child(1_000_000).is_empty());
        assert!(sounding.keep_up(2_050_000).is_empty(), "it may still come");
        let silence = times(&sounding.keep_up(2_100_000));
        assert_eq!(silence, [1_000, 1_020, 1_040, 1_060, 1_080]);
        assert!(sounding.keep_up(2_120_000).is_empty());
        // What comes later than that leaves the end where it is.
        sounding.take(piece(1_050_000));
        assert_eq!(sounding.end_us, Some(1_100_000));
        assert_eq!(times(&sounding.take(piece(1_110_000))), [1_110]);
    }
}
