//! A picture in planar YUV 4:2:0, limited range, and what is drawn into it.

/// A colour in BT.601 limited range, as FFmpeg assumes for unmarked video.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Colour {
    pub(crate) y: u8,
    pub(crate) u: u8,
    pub(crate) v: u8,
}

impl Colour {
    /// From red, green and blue, each 0 to 1.
    pub(crate) fn rgb([r, g, b]: [f32; 3]) -> Self {
        let part = |base: f32, value: f32| (base + value).round().clamp(16.0, 240.0) as u8;
        Self {
            y: part(16.0, 65.5 * r + 128.6 * g + 25.0 * b).min(235),
            u: part(128.0, -37.8 * r - 74.2 * g + 112.0 * b),
            v: part(128.0, 112.0 * r - 93.8 * g - 18.2 * b),
        }
    }
}

/// One picture: the three planes one after the other, as rawvideo has them.
#[derive(Debug, Clone)]
pub(crate) struct Canvas {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) data: Vec<u8>,
}

impl Canvas {
    /// Both sides must be even.
    pub(crate) fn new(width: usize, height: usize) -> Self {
        let luma = width * height;
        let mut data = vec![16; luma + luma / 2];
        data[luma..].fill(128);
        Self {
            width,
            height,
            data,
        }
    }

    pub(crate) fn luma(&mut self) -> &mut [u8] {
        &mut self.data[..self.width * self.height]
    }

    /// Lays an ellipse with soft edges over the picture. Positions in pixels,
    /// `alpha` 0 to 1. What is outside the picture is cut off.
    pub(crate) fn ellipse(&mut self, centre: [f32; 2], radius: [f32; 2], c: Colour, alpha: f32) {
        let (w, h) = (self.width, self.height);
        let luma = w * h;
        let (y_plane, chroma) = self.data.split_at_mut(luma);
        let (u_plane, v_plane) = chroma.split_at_mut(luma / 4);
        blend_ellipse(y_plane, [w, h], centre, radius, c.y, alpha);
        let centre = centre.map(|p| p / 2.0);
        let radius = radius.map(|p| p / 2.0);
        blend_ellipse(u_plane, [w / 2, h / 2], centre, radius, c.u, alpha);
        blend_ellipse(v_plane, [w / 2, h / 2], centre, radius, c.v, alpha);
    }

    /// Fills a rectangle, `from` inside and `to` outside, in pixels.
    pub(crate) fn rectangle(&mut self, from: [usize; 2], to: [usize; 2], c: Colour) {
        let (w, h) = (self.width, self.height);
        let luma = w * h;
        fill(&mut self.data[..luma], [w, h], from, to, c.y);
        let half = |p: [usize; 2]| p.map(|n| n / 2);
        let quarter = luma / 4;
        let (from, to, size) = (half(from), half(to), [w / 2, h / 2]);
        fill(&mut self.data[luma..luma + quarter], size, from, to, c.u);
        fill(&mut self.data[luma + quarter..], size, from, to, c.v);
    }
}

fn fill(plane: &mut [u8], [w, h]: [usize; 2], from: [usize; 2], to: [usize; 2], value: u8) {
    let (x0, x1) = (from[0].min(w), to[0].min(w));
    for y in from[1].min(h)..to[1].min(h) {
        if x0 < x1 {
            plane[y * w + x0..y * w + x1].fill(value);
        }
    }
}

fn blend_ellipse(
    plane: &mut [u8],
    [w, h]: [usize; 2],
    [cx, cy]: [f32; 2],
    [rx, ry]: [f32; 2],
    value: u8,
    alpha: f32,
) {
    let (rx, ry) = (rx.max(0.5), ry.max(0.5));
    let span = |centre: f32, radius: f32, limit: usize| {
        let from = (centre - radius - 1.0).max(0.0) as usize;
        let to = (centre + radius + 2.0).clamp(0.0, limit as f32) as usize;
        from.min(limit)..to
    };
    // Coverage falls from 1 to 0 over about one pixel at the edge.
    let edge = rx.min(ry);
    for y in span(cy, ry, h) {
        let dy = (y as f32 + 0.5 - cy) / ry;
        for x in span(cx, rx, w) {
            let dx = (x as f32 + 0.5 - cx) / rx;
            let distance = (dx * dx + dy * dy).sqrt();
            let cover = ((1.0 - distance) * edge + 0.5).clamp(0.0, 1.0) * alpha;
            if cover > 0.0 {
                let p = &mut plane[y * w + x];
                *p = (f32::from(*p) * (1.0 - cover) + f32::from(value) * cover) as u8;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Canvas, Colour};

    #[test]
    fn grey_has_no_chroma() {
        let white = Colour::rgb([1.0; 3]);
        assert_eq!((white.y, white.u, white.v), (235, 128, 128));
        assert_eq!(Colour::rgb([0.0; 3]).y, 16);
    }

    #[test]
    fn drawing_outside_is_cut_off() {
        let mut canvas = Canvas::new(64, 48);
        let c = Colour::rgb([1.0, 0.0, 0.0]);
        canvas.ellipse([-50.0, -50.0], [10.0, 10.0], c, 1.0);
        canvas.ellipse([500.0, 500.0], [10.0, 10.0], c, 1.0);
        assert_eq!(canvas.data, Canvas::new(64, 48).data);
        canvas.ellipse([64.0, 48.0], [400.0, 400.0], c, 1.0);
        canvas.rectangle([60, 40], [900, 900], c);
        assert!(canvas.luma().iter().all(|&p| p.abs_diff(c.y) <= 1));
    }
}
