//! The sound before it is encoded.

/// The beep's pitch in Hz.
const PITCH: f64 = 1000.0;
/// Its part of a second.
const PART: u32 = 10;
/// Its amplitude: half of the greatest.
const AMPLITUDE: f64 = 16_383.0;

/// So many samples a channel of 16 bits (little-endian), the first one `from` samples after a
/// whole second.
pub(super) fn pcm(rate: u32, channels: u8, from: u32, samples: u32) -> Vec<u8> {
    let mut out = Vec::with_capacity(samples as usize * usize::from(channels) * 2);
    for number in from..from + samples {
        let number = number % rate;
        let value = if number < rate / PART {
            let turns = f64::from(number) * PITCH / f64::from(rate);
            (turns * std::f64::consts::TAU).sin() * AMPLITUDE
        } else {
            0.0
        };
        for _ in 0..channels {
            out.extend_from_slice(&(value as i16).to_le_bytes());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::pcm;

    #[test]
    fn a_tenth_of_a_second_is_loud() {
        let made = pcm(8000, 1, 7200, 8000);
        let samples: Vec<i16> = made
            .chunks(2)
            .map(|two| i16::from_le_bytes([two[0], two[1]]))
            .collect();
        assert!(
            samples[..800]
                .iter()
                .chain(&samples[1600..])
                .all(|s| *s == 0)
        );
        assert!(samples[801..1600].iter().filter(|s| s.abs() > 1000).count() > 500);
        assert_eq!(pcm(48_000, 2, 0, 10).len(), 40);
    }
}
