//! What does not move: a padel court in perspective, seen from behind a
//! baseline. Metres: x to the right (-5 to 5), y into the picture (0 to 20),
//! z up. Lines and walls as in the rules of padel.

use super::canvas::{Canvas, Colour};

const HALF_WIDTH: f32 = 5.0;
const LENGTH: f32 = 20.0;
const NET: f32 = 10.0;
const SERVICE: f32 = 6.95;
const WALL: f32 = 3.0;
const FENCE: f32 = 4.0;
const NET_HEIGHT: f32 = 0.92;
/// Wider than the real 5 cm, so that a line survives a small picture.
const LINE: f32 = 0.055;
const CAMERA: [f32; 3] = [0.0, -9.5, 7.6];

/// The camera that looks at the court.
pub(crate) struct View {
    size: [f32; 2],
    sin: f32,
    cos: f32,
}

impl View {
    pub(crate) fn new(width: usize, height: usize) -> Self {
        let pitch = 0.40_f32;
        Self {
            size: [width as f32, height as f32],
            sin: pitch.sin(),
            cos: pitch.cos(),
        }
    }

    /// Pixels a unit of tangent: the whole court fits a 16:9 picture, and a
    /// narrower one loses its sides rather than its ends.
    fn focal(&self) -> f32 {
        self.size[1] * 1.75
    }

    /// Where the optical axis meets the picture.
    fn centre(&self) -> [f32; 2] {
        [self.size[0] / 2.0, self.size[1] * 0.46]
    }

    /// A point of the hall as a pixel, and how many pixels a metre has there.
    pub(crate) fn project(&self, p: [f32; 3]) -> ([f32; 2], f32) {
        let [x, y, z] = [p[0] - CAMERA[0], p[1] - CAMERA[1], p[2] - CAMERA[2]];
        let depth = (y * self.cos - z * self.sin).max(0.5);
        let up = y * self.sin + z * self.cos;
        let scale = self.focal() / depth;
        let [cx, cy] = self.centre();
        ([cx + x * scale, cy - up * scale], scale)
    }

    /// Direction of the ray through a pixel.
    fn ray(&self, px: f32, py: f32) -> [f32; 3] {
        let [cx, cy] = self.centre();
        let (a, b) = ((px - cx) / self.focal(), (cy - py) / self.focal());
        [a, self.cos + b * self.sin, b * self.cos - self.sin]
    }
}

/// Draws the court, four samples a pixel.
pub(crate) fn draw(view: &View, width: usize, height: usize) -> Canvas {
    let mut canvas = Canvas::new(width, height);
    let luma = width * height;
    let mut above = vec![[0.0_f32; 3]; width];
    for y in 0..height {
        let mut row = Vec::with_capacity(width);
        for x in 0..width {
            let mut sum = [0.0; 3];
            for (dx, dy) in [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)] {
                let sample = shade(view.ray(x as f32 + dx, y as f32 + dy));
                sum = std::array::from_fn(|i| sum[i] + sample[i] / 4.0);
            }
            canvas.data[y * width + x] = Colour::rgb(sum).y;
            row.push(sum);
        }
        // Chroma has one sample for two rows and two columns.
        if y % 2 == 1 {
            for x in (0..width).step_by(2) {
                let four = [above[x], above[x + 1], row[x], row[x + 1]];
                let mean = std::array::from_fn(|i| four.iter().map(|c| c[i]).sum::<f32>() / 4.0);
                let c = Colour::rgb(mean);
                let at = luma + (y / 2) * (width / 2) + x / 2;
                canvas.data[at] = c.u;
                canvas.data[at + luma / 4] = c.v;
            }
        }
        above = row;
    }
    canvas
}

/// The colour that a ray from the camera meets.
fn shade(ray: [f32; 3]) -> [f32; 3] {
    let along = |t: f32| -> [f32; 3] { std::array::from_fn(|i| CAMERA[i] + ray[i] * t) };
    let mut colour = hall(ray);
    if ray[2] < -1e-4 {
        let [x, y, _] = along(-CAMERA[2] / ray[2]);
        if y < LENGTH + 6.0 {
            colour = floor(x, y);
        }
    }
    // From the far to the near: back wall, side walls, net.
    if ray[1] > 1e-4 {
        let [x, _, z] = along((LENGTH - CAMERA[1]) / ray[1]);
        if x.abs() <= HALF_WIDTH {
            colour = wall(colour, x + HALF_WIDTH, z);
        }
    }
    if ray[0].abs() > 1e-4 {
        let [_, y, z] = along((HALF_WIDTH.copysign(ray[0]) - CAMERA[0]) / ray[0]);
        if (0.0..=LENGTH).contains(&y) {
            colour = wall(colour, y, z);
        }
    }
    if ray[1] > 1e-4 {
        let [x, _, z] = along((NET - CAMERA[1]) / ray[1]);
        if x.abs() <= HALF_WIDTH && (0.0..=NET_HEIGHT).contains(&z) {
            let tape = z > NET_HEIGHT - 0.09;
            colour = if tape {
                [0.93, 0.94, 0.92]
            } else {
                mix(colour, [0.05, 0.06, 0.08], 0.45)
            };
        }
    }
    colour
}

/// The hall behind the court: dark, with rows of lamps and seats.
fn hall(ray: [f32; 3]) -> [f32; 3] {
    let height = ray[2] / ray[1].max(0.1);
    let seats = if ((height * 38.0).rem_euclid(1.0)) < 0.5 {
        0.012
    } else {
        0.0
    };
    let glow = (1.0 - (height + 0.12).abs() * 2.2).clamp(0.0, 1.0) * 0.10;
    [
        0.055 + glow * 0.7 + seats,
        0.075 + glow * 0.85 + seats,
        0.11 + glow + seats,
    ]
}

fn floor(x: f32, y: f32) -> [f32; 3] {
    if x.abs() > HALF_WIDTH || !(0.0..=LENGTH).contains(&y) {
        return [0.13, 0.17, 0.20];
    }
    let from_net = (y - NET).abs();
    let service = (from_net - SERVICE).abs() < LINE;
    let middle = x.abs() < LINE && from_net < SERVICE + 0.2;
    if service || middle {
        return [0.92, 0.95, 0.97];
    }
    // Lamps over the middle of the court: the corners are darker.
    let light = 1.0 - 0.018 * x * x * 0.6 - 0.0012 * (y - NET).powi(2);
    [0.07 * light, 0.33 * light, 0.63 * light]
}

/// A wall of glass with a fence above: `along` metres from its corner.
fn wall(behind: [f32; 3], along: f32, z: f32) -> [f32; 3] {
    if !(0.0..=FENCE).contains(&z) {
        return behind;
    }
    let post = (along / 2.0 - (along / 2.0).round()).abs() * 2.0 < 0.05;
    let rail = (z - WALL).abs() < 0.05 || !(0.04..=FENCE - 0.07).contains(&z);
    if post || rail {
        return [0.10, 0.11, 0.13];
    }
    if z > WALL {
        return mix(behind, [0.30, 0.33, 0.36], 0.28);
    }
    mix(behind, [0.55, 0.72, 0.78], 0.13)
}

fn mix(a: [f32; 3], b: [f32; 3], share: f32) -> [f32; 3] {
    std::array::from_fn(|i| a[i] + (b[i] - a[i]) * share)
}
