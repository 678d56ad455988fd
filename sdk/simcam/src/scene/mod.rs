//! The moving picture: a padel court with a rally, a clock and the strip.
//!
//! What does not move is drawn once. A frame is a copy of that, a few ellipses
//! and the clock, so that drawing costs less than encoding.

mod canvas;
mod court;
mod players;
mod text;

use canvas::{Canvas, Colour};

use crate::clip::ClipParams;
use crate::flash;
use crate::rng::Rng;
use crate::strip;

/// How many noisy backgrounds follow each other; enough that an encoder with
/// one reference picture finds no repetition.
const NOISE_PICTURES: usize = 6;
/// Amplitude of the noise in steps of luma: like a camera's in a dim hall.
const NOISE_STEPS: i64 = 9;

/// Draws the frames of one clip.
pub(crate) struct Scene {
    params: ClipParams,
    backgrounds: Vec<Canvas>,
    view: court::View,
    canvas: Canvas,
}

impl Scene {
    pub(crate) fn new(params: &ClipParams) -> Self {
        let (width, height) = (params.width as usize, params.height as usize);
        let view = court::View::new(width, height);
        let clean = court::draw(&view, width, height);
        // Without a bitrate to reach, the picture is as cheap as it can be.
        let backgrounds = match params.bitrate_kbps {
            Some(_) => (0..NOISE_PICTURES as u64)
                .map(|n| noisy(&clean, n))
                .collect(),
            None => vec![clean.clone()],
        };
        Self {
            params: params.clone(),
            backgrounds,
            view,
            canvas: clean,
        }
    }

    /// Frame `index` of the clip as planar YUV 4:2:0.
    pub(crate) fn frame(&mut self, index: u32) -> &[u8] {
        let background = &self.backgrounds[index as usize % self.backgrounds.len()];
        self.canvas.data.copy_from_slice(&background.data);
        players::draw(&mut self.canvas, &self.view, &self.params, index);
        self.clock(index);
        self.flash(index);
        let (width, height) = (self.canvas.width, self.canvas.height);
        strip::draw(self.canvas.luma(), width, height, index);
        self.hide_strip_colour();
        &self.canvas.data
    }

    fn clock(&mut self, index: u32) {
        let scale = (self.canvas.height / 110).max(2);
        let ms = u64::from(index) * 1000 / u64::from(self.params.fps);
        let (time, number) = (text::clock(ms), format!("#{index:05}"));
        let margin = 4 * scale;
        let wide = text::width(&time, scale) + 2 * margin - scale;
        let small = (scale / 2).max(1);
        let tall = text::height(scale) + text::height(small) + 3 * margin;
        let panel = Colour::rgb([0.04, 0.05, 0.07]);
        let from = [margin, margin];
        let to = [margin + wide, margin + tall - margin / 2];
        self.canvas.rectangle(from, to, panel);
        let at = [2 * margin, 2 * margin];
        let ink = Colour::rgb([0.97, 0.98, 1.0]);
        text::write(&mut self.canvas, at, scale, &time, ink);
        let below = [at[0], at[1] + text::height(scale) + margin];
        let amber = Colour::rgb([1.0, 0.75, 0.25]);
        text::write(&mut self.canvas, below, small, &number, amber);
    }

    fn flash(&mut self, index: u32) {
        let white = flash::is_on(index, self.params.fps);
        let colour = Colour::rgb([if white { 1.0 } else { 0.0 }; 3]);
        let from = [self.canvas.width - flash::SIDE, 0];
        let to = [self.canvas.width, flash::SIDE];
        self.canvas.rectangle(from, to, colour);
    }

    /// The strip is grey; colour left below it would cost bits for nothing.
    fn hide_strip_colour(&mut self) {
        let (width, height) = (self.canvas.width, self.canvas.height);
        let top = (height - strip::rows(height)).div_ceil(2);
        let luma = width * height;
        for plane in self.canvas.data[luma..].chunks_exact_mut(luma / 4) {
            plane[top * (width / 2)..].fill(128);
        }
    }
}

fn noisy(clean: &Canvas, seed: u64) -> Canvas {
    let mut rng = Rng::new(seed);
    let mut canvas = clean.clone();
    for eight in canvas.luma().chunks_mut(8) {
        let random = rng.next().to_le_bytes();
        for (p, r) in eight.iter_mut().zip(random) {
            let step = i64::from(r) * (2 * NOISE_STEPS + 1) / 256 - NOISE_STEPS;
            *p = (i64::from(*p) + step).clamp(16, 235) as u8;
        }
    }
    canvas
}

#[cfg(test)]
mod tests {
    use super::Scene;
    use crate::clip::ClipParams;
    use crate::{flash, strip};

    #[test]
    fn frames_differ_and_carry_their_number() {
        let params = ClipParams {
            width: 320,
            height: 180,
            ..ClipParams::default()
        };
        let mut scene = Scene::new(&params);
        let first = scene.frame(0).to_vec();
        let second = scene.frame(7).to_vec();
        assert_eq!(first.len(), 320 * 180 * 3 / 2);
        assert_ne!(first[..320 * 100], second[..320 * 100]);
        assert_eq!(strip::read(&first, 320, 180), Some(0));
        assert_eq!(flash::read(&first, 320, 180), Some(true));
        assert_eq!(flash::read(&second, 320, 180), Some(false));
        assert_eq!(strip::read(&second, 320, 180), Some(7));
    }
}
