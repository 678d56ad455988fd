//! What moves: four players and a ball. Every movement makes whole turns
//! within the clip, so that its end fits its beginning.

use std::f32::consts::{PI, TAU};

use super::canvas::{Canvas, Colour};
use super::court::View;
use crate::clip::ClipParams;

/// Home position (metres), shirt, and how the player's walk is shifted.
const PLAYERS: [([f32; 2], [f32; 3], f32); 4] = [
    ([-2.3, 16.2], [0.93, 0.46, 0.12], 0.0),
    ([2.4, 15.4], [0.93, 0.46, 0.12], 0.37),
    ([-2.2, 4.3], [0.90, 0.92, 0.94], 0.61),
    ([2.5, 3.6], [0.90, 0.92, 0.94], 0.18),
];

/// Share of a ball's way at which it bounces.
const BOUNCE: f32 = 0.8;

/// Draws players and ball as they are in frame `index`, the far ones first.
pub(crate) fn draw(canvas: &mut Canvas, view: &View, params: &ClipParams, index: u32) {
    let time = Time::new(params, index);
    let ball = ball(&time);
    let ball_first = ball[1] > 10.0;
    for (home, shirt, shift) in &PLAYERS[..2] {
        player(canvas, view, position(&time, *home, *shift), *shirt);
    }
    if ball_first {
        draw_ball(canvas, view, &time, ball);
    }
    for (home, shirt, shift) in &PLAYERS[2..] {
        player(canvas, view, position(&time, *home, *shift), *shirt);
    }
    if !ball_first {
        draw_ball(canvas, view, &time, ball);
    }
}

/// A moment as a share of the clip.
struct Time {
    share: f32,
    seconds: f32,
}

impl Time {
    fn new(params: &ClipParams, index: u32) -> Self {
        Self {
            share: index as f32 / params.frames() as f32,
            seconds: params.seconds as f32,
        }
    }

    /// Turns since the start (whole and part) of a movement that lasts about
    /// `period` seconds.
    fn turns(&self, period: f32) -> f32 {
        self.share * (self.seconds / period).round().max(1.0)
    }
}

fn position(time: &Time, home: [f32; 2], shift: f32) -> [f32; 2] {
    let a = (time.turns(4.0) + shift) * TAU;
    let b = (time.turns(2.5) + shift * 2.0) * TAU;
    [home[0] + 1.3 * a.sin(), home[1] + 1.1 * b.cos()]
}

/// The ball flies to and fro and bounces once on each side.
fn ball(time: &Time) -> [f32; 3] {
    let turn = time.turns(2.5);
    let x = 3.2 * (time.turns(20.0 / 3.0) * TAU).sin();
    let y = 10.0 + 6.6 * (turn * TAU).cos();
    // From one racket to the bounce, and up to the other.
    let way = (turn * 2.0).rem_euclid(1.0);
    let z = if way < BOUNCE {
        let q = way / BOUNCE;
        1.0 - 0.88 * q + 5.6 * q * (1.0 - q)
    } else {
        0.12 + 0.88 * ((way - BOUNCE) / (1.0 - BOUNCE) * PI / 2.0).sin()
    };
    [x, y, z]
}

fn draw_ball(canvas: &mut Canvas, view: &View, time: &Time, ball: [f32; 3]) {
    let (ground, scale) = view.project([ball[0], ball[1], 0.0]);
    let shade = Colour::rgb([0.02, 0.06, 0.12]);
    canvas.ellipse(ground, [0.20 * scale, 0.08 * scale], shade, 0.55);
    let yellow = Colour::rgb([0.86, 0.95, 0.20]);
    for (ago, alpha) in [(0.16, 0.15), (0.11, 0.25), (0.06, 0.4), (0.0, 1.0)] {
        let then = Time {
            share: time.share - ago / time.seconds,
            seconds: time.seconds,
        };
        let (at, scale) = view.project(self::ball(&then));
        canvas.ellipse(at, [0.15 * scale, 0.15 * scale], yellow, alpha);
    }
}

fn player(canvas: &mut Canvas, view: &View, [x, y]: [f32; 2], shirt: [f32; 3]) {
    let mut blob = |centre: [f32; 3], radius: [f32; 2], colour: [f32; 3], alpha: f32| {
        let (at, scale) = view.project(centre);
        let radius = radius.map(|r| r * scale);
        canvas.ellipse(at, radius, Colour::rgb(colour), alpha);
    };
    blob([x, y, 0.0], [0.50, 0.19], [0.02, 0.06, 0.12], 0.55);
    let dark = [0.10, 0.11, 0.14];
    let stride = 0.10 * (x * 7.0).sin();
    for side in [-1.0, 1.0] {
        blob(
            [x + side * (0.13 + stride), y, 0.42],
            [0.10, 0.42],
            [0.80, 0.62, 0.50],
            1.0,
        );
        blob(
            [x + side * (0.12 + stride * 0.7), y, 0.66],
            [0.15, 0.26],
            dark,
            1.0,
        );
    }
    let racket = [x + 0.62, y - 0.1, 1.15];
    blob([x + 0.36, y, 1.14], [0.26, 0.08], [0.80, 0.62, 0.50], 1.0);
    blob(racket, [0.17, 0.22], [0.75, 0.10, 0.16], 1.0);
    blob([x, y, 1.12], [0.27, 0.38], shirt, 1.0);
    blob([x, y, 1.66], [0.15, 0.18], [0.80, 0.62, 0.50], 1.0);
    blob([x, y, 1.75], [0.155, 0.11], [0.18, 0.12, 0.08], 1.0);
}
