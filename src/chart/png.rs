//! A drawing as pixels: each mark by the part of every pixel that it covers, the first at the back. It refuses to
//! know graphics devices.

use image::{ExtendedColorType, ImageEncoder};

use super::Picture;
use super::font::{outlines, text_width};
use super::marks::{Anchor, Colour, Drawing, Mark};

/// Pixels of a side at most.
const MAX_SIDE: usize = 16_384;

/// The drawing with so many pixels for one of its own; `None` where a side has more than 16,384 of them: a part of it
/// would pass for all of it.
pub fn rasterised(drawing: &Drawing, scale: f32) -> Option<Picture> {
    let side = |length: f32| ((length * scale).ceil() as usize).max(1);
    let (width, height) = (side(drawing.width), side(drawing.height));
    if width.max(height) > MAX_SIDE {
        return None;
    }
    let mut canvas = Canvas { width, height, rgb: drawing.background.repeat(width * height) };
    for mark in &drawing.marks {
        canvas.mark(mark, scale);
    }
    Some(Picture { width, height, rgb: canvas.rgb })
}

/// Pixels as the bytes of a PNG; `None` where they are not whole.
pub fn encoded(width: usize, height: usize, rgb: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let encoder = image::codecs::png::PngEncoder::new(&mut bytes);
    let is_whole = width * height > 0 && rgb.len() == width * height * 3;
    let written =
        is_whole.then(|| encoder.write_image(rgb, width as u32, height as u32, ExtendedColorType::Rgb8));
    written?.ok().map(|()| bytes)
}

struct Canvas {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
}

impl Canvas {
    fn mark(&mut self, mark: &Mark, scale: f32) {
        match mark {
            Mark::Rect { at, fill, .. } => self.rect(at.map(|value| value * scale), *fill),
            Mark::Line { points, width, colour } => {
                for pair in points.windows(2) {
                    let [from, to] = [pair[0], pair[1]].map(|point| point.map(|value| value * scale));
                    self.stroke(from, to, width * scale / 2.0, *colour);
                }
            }
            Mark::Circle { centre, radius, fill } => {
                let centre = centre.map(|value| value * scale);
                self.stroke(centre, centre, radius * scale, *fill);
            }
            Mark::Text { .. } => self.text(mark, scale),
            Mark::Image { at, picture } => self.image(at.map(|value| value * scale), picture),
        }
    }

    fn text(&mut self, mark: &Mark, scale: f32) {
        let Mark::Text { at, text, size, weight, anchor, is_turned, colour } = mark else { return };
        let width = text_width(text, *size, *weight) * scale;
        let back = match anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => width / 2.0,
            Anchor::End => width,
        };
        let [x, y] = at.map(|value| value * scale);
        // Turned text is drawn around its place and each pixel turned: a quarter leaves pixels whole.
        let start = if *is_turned { [-back, 0.0] } else { [x - back, y] };
        let (turned_x, turned_y) = (x.round() as i64, y.round() as i64);
        for glyph in outlines(text, size * scale, *weight, start) {
            let (left, top) = (glyph.px_bounds().min.x as i64, glyph.px_bounds().min.y as i64);
            glyph.draw(|across, down, cover| {
                let (x, y) = (left + i64::from(across), top + i64::from(down));
                match is_turned {
                    true => self.blend(turned_x + y, turned_y - x - 1, cover, *colour),
                    false => self.blend(x, y, cover, *colour),
                }
            });
        }
    }

    /// Mixes a colour into a pixel; outside of the picture there is none.
    fn blend(&mut self, x: i64, y: i64, cover: f32, colour: Colour) {
        let is_inside = (0..self.width as i64).contains(&x) && (0..self.height as i64).contains(&y);
        if !is_inside || cover <= 0.0 {
            return;
        }
        let at = (y as usize * self.width + x as usize) * 3;
        let cover = cover.min(1.0);
        for (pixel, value) in self.rgb[at..at + 3].iter_mut().zip(colour) {
            *pixel = (f32::from(*pixel) * (1.0 - cover) + f32::from(value) * cover).round() as u8;
        }
    }

    /// A rectangle, its borders by the part of a pixel that they leave.
    fn rect(&mut self, [left, top, width, height]: [f32; 4], fill: Colour) {
        let (right, bottom) = (left + width, top + height);
        let part =
            |at: i64, from: f32, to: f32| (to.min(at as f32 + 1.0) - from.max(at as f32)).clamp(0.0, 1.0);
        let rows = top.max(0.0).floor() as i64..(bottom.ceil() as i64).min(self.height as i64);
        for y in rows {
            let columns = left.max(0.0).floor() as i64..(right.ceil() as i64).min(self.width as i64);
            for x in columns {
                self.blend(x, y, part(x, left, right) * part(y, top, bottom), fill);
            }
        }
    }

    /// A stretch with round ends, half a pixel of its border soft.
    fn stroke(&mut self, from: [f32; 2], to: [f32; 2], radius: f32, colour: Colour) {
        let reach = radius + 1.0;
        let bound = |axis: usize, most: usize| {
            let (low, high) = (from[axis].min(to[axis]) - reach, from[axis].max(to[axis]) + reach);
            low.max(0.0).floor() as i64..(high.ceil() as i64).min(most as i64)
        };
        let along = [to[0] - from[0], to[1] - from[1]];
        let squared = along[0] * along[0] + along[1] * along[1];
        for y in bound(1, self.height) {
            for x in bound(0, self.width) {
                let at = [x as f32 + 0.5 - from[0], y as f32 + 0.5 - from[1]];
                let part = if squared > 0.0 { (at[0] * along[0] + at[1] * along[1]) / squared } else { 0.0 };
                let part = part.clamp(0.0, 1.0);
                let apart = (at[0] - along[0] * part).hypot(at[1] - along[1] * part);
                self.blend(x, y, (radius + 0.5 - apart).clamp(0.0, 1.0), colour);
            }
        }
    }

    /// A picture, each of its pixels a rectangle.
    fn image(&mut self, [left, top, width, height]: [f32; 4], picture: &Picture) {
        for y in top.max(0.0).floor() as i64..((top + height).ceil() as i64).min(self.height as i64) {
            for x in left.max(0.0).floor() as i64..((left + width).ceil() as i64).min(self.width as i64) {
                let across = ((x as f32 + 0.5 - left) / width * picture.width as f32).floor();
                let down = ((y as f32 + 0.5 - top) / height * picture.height as f32).floor();
                if across < 0.0 || down < 0.0 {
                    continue;
                }
                let at = (down as usize * picture.width + across as usize) * 3;
                let is_inside = (across as usize) < picture.width;
                if let Some(&[red, green, blue]) = picture.rgb.get(at..at + 3).filter(|_| is_inside) {
                    self.blend(x, y, 1.0, [red, green, blue]);
                }
            }
        }
    }
}
