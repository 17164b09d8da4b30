//! Grounds that a letter lies on: two related colours and a pattern of them. Integers only.

use super::change::Picture;
use super::random::{Stream, mix};

/// A colour, 8 bits each of red, green and blue.
pub type Colour = [u8; 3];

/// Kind of ground.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Texture {
    /// Slow hills.
    Wash,
    Gradient,
    Noise,
    Stripes,
    Checks,
    Paper,
    Blobs,
    Dots,
    /// Two fields with a straight border.
    Halves,
    Disc,
}

impl Texture {
    /// In proportion to how often each is drawn.
    pub const CHOICE: [Self; 12] = [
        Self::Wash,
        Self::Wash,
        Self::Gradient,
        Self::Noise,
        Self::Stripes,
        Self::Checks,
        Self::Paper,
        Self::Paper,
        Self::Blobs,
        Self::Dots,
        Self::Halves,
        Self::Disc,
    ];

    /// Whether it repeats one small shape.
    pub fn is_pattern(self) -> bool {
        matches!(self, Self::Stripes | Self::Checks | Self::Dots)
    }
}

/// Fills the picture from `from` to `to`, its two colours, in light that falls from one side.
pub fn fill(picture: &mut Picture, texture: Texture, from: Colour, to: Colour, stream: &mut Stream) {
    let (width, height) = (picture.width as usize, picture.height as usize);
    if width == 0 || height == 0 {
        return;
    }
    let short = width.min(height) as i32;
    let key = stream.bits();
    let light = Light::new(width as i32, height as i32, stream);
    match texture {
        Texture::Wash => {
            let field =
                Field::new(key, (short / stream.range(1, 3)).max(4), (short / stream.range(1, 3)).max(4));
            each(picture, from, to, light, |y, row, grain| {
                field.row(y as i32, row);
                grains(mix(key ^ y as u64), 10, grain);
            });
        }
        Texture::Gradient => {
            // Scaled so that the part runs from 0 to 256 over the picture.
            let (dx, dy) = stream.pick(&DIRECTIONS);
            let span = (dx.abs() * width as i32 + dy.abs() * height as i32).max(1);
            let start =
                if dx < 0 { -dx * width as i32 } else { 0 } + if dy < 0 { -dy * height as i32 } else { 0 };
            let step = dx * 65536 / span;
            // Starting below 0 and ending above 256 leaves both ends plain for a while.
            each(picture, from, to, light, |y, row, _| {
                let mut part = ((start + dy * y as i32) * 256 / span) * 256;
                for value in row {
                    *value = (((part >> 8) * 3 / 2) - 64).clamp(0, 256);
                    part += step;
                }
            });
        }
        Texture::Noise => {
            let strength = stream.range(26, 52);
            let cell = (short / stream.range(5, 9)).max(2);
            let field = Field::new(key, cell, cell);
            each(picture, from, to, light, |y, row, grain| {
                field.row(y as i32, row);
                grains(mix(key ^ y as u64), strength, grain);
            });
        }
        Texture::Stripes => {
            let (dx, dy) = stream.pick(&DIRECTIONS);
            // Directions are 256 long; a period is two stripes.
            let period = (short * 256 / stream.range(4, 11)).max(4 * 256);
            each(picture, from, to, light, |y, row, _| {
                let mut along = dy * y as i32;
                for value in row {
                    // One tone passes to the other over 256 steps, which is one pixel.
                    let edge = (along.rem_euclid(period) - period / 2).abs() - period / 4;
                    *value = (128 + edge).clamp(0, 256);
                    along += dx;
                }
            });
        }
        Texture::Checks => {
            let (dx, dy) = stream.pick(&DIRECTIONS);
            let period = (short * 256 / stream.range(3, 7)).max(6 * 256);
            let edge =
                |along: i32| ((along.rem_euclid(period) - period / 2).abs() - period / 4).clamp(-128, 128);
            each(picture, from, to, light, |y, row, _| {
                let (mut along, mut across) = (dy * y as i32, dx * y as i32);
                for value in row {
                    *value = 128 + edge(along) * edge(across) / 128;
                    along += dx;
                    across -= dy;
                }
            });
        }
        Texture::Halves => {
            let (dx, dy) = stream.pick(&DIRECTIONS);
            let (x, y) =
                (stream.range(25, 75) * width as i32 / 100, stream.range(25, 75) * height as i32 / 100);
            let border = dx * x + dy * y;
            each(picture, from, to, light, |y, row, grain| {
                let mut along = dy * y as i32 - border;
                for value in row {
                    *value = (128 + along).clamp(0, 256);
                    along += dx;
                }
                grains(mix(key ^ y as u64), 10, grain);
            });
        }
        Texture::Disc => {
            let radius = (short * stream.range(25, 55) / 100).max(2);
            let (x, y) =
                (stream.range(15, 85) * width as i32 / 100, stream.range(15, 85) * height as i32 / 100);
            each(picture, from, to, light, |line, row, grain| {
                let v = line as i32 - y;
                for (column, value) in row.iter_mut().enumerate() {
                    let u = column as i32 - x;
                    let outside = (u * u + v * v - radius * radius) * 128 / radius;
                    *value = (128 - outside).clamp(0, 256);
                }
                grains(mix(key ^ line as u64), 10, grain);
            });
        }
        Texture::Paper => {
            let fibre = Field::new(key, 9, 2);
            let mottle = Field::new(mix(key), (short / 2).max(4), (short / 3).max(4));
            let mut under = vec![0; width];
            each(picture, from, to, light, |y, row, grain| {
                fibre.row(y as i32, row);
                mottle.row(y as i32, &mut under);
                for (value, under) in row.iter_mut().zip(&under) {
                    *value = (*value * 2 + *under * 3) / 5;
                }
                grains(mix(key ^ y as u64), 14, grain);
            });
        }
        Texture::Blobs => {
            let cell = (short / stream.range(2, 4)).max(3);
            let field = Field::new(key, cell, cell);
            each(picture, from, to, light, |y, row, _| {
                field.row(y as i32, row);
                for value in row {
                    // Two heights of the field's hills, each with an edge of its own.
                    let (low, high) = ((*value - 96) * 9, (*value - 150) * 9);
                    *value = (low.clamp(0, 110) + high.clamp(0, 146)).clamp(0, 256);
                }
            });
        }
        Texture::Dots => {
            let pitch = (short / stream.range(5, 8)).max(6);
            let radius = pitch * stream.range(22, 34) / 100;
            each(picture, from, to, light, |y, row, _| {
                let line = y as i32 / pitch;
                let v = y as i32 - line * pitch - pitch / 2;
                let shift = if line % 2 == 0 { 0 } else { pitch / 2 };
                for (x, value) in row.iter_mut().enumerate() {
                    let u = (x as i32 + shift) % pitch - pitch / 2;
                    // Half a pixel either side of the rim, since d(r²) = 2r·dr.
                    let outside = (u * u + v * v - radius * radius) * 128 / radius.max(1);
                    *value = (128 - outside).clamp(0, 256);
                }
            });
        }
    }
}

/// Directions, 256 long.
const DIRECTIONS: [(i32, i32); 12] = [
    (256, 0),
    (0, 256),
    (181, 181),
    (-181, 181),
    (237, 98),
    (98, 237),
    (-98, 237),
    (-237, 98),
    (-256, 0),
    (0, -256),
    (181, -181),
    (-181, -181),
];

/// Light that grows weaker from one side of a picture to the other, in 1/65536 of full light.
#[derive(Clone, Copy)]
struct Light {
    first: i32,
    across: i32,
    along: i32,
}

impl Light {
    /// By 9 to 22 % from where it falls in to the far corner.
    fn new(width: i32, height: i32, stream: &mut Stream) -> Self {
        let (dx, dy) = stream.pick(&DIRECTIONS);
        let less = stream.range(9, 22) * 65536 / 100;
        let span = (dx.abs() * width + dy.abs() * height).max(1);
        let step = |part: i32| -(i64::from(less) * i64::from(part) / i64::from(span)) as i32;
        let (across, along) = (step(dx), step(dy));
        // Where it is full: the corner that the light comes from.
        let first = 65536 - across.max(0) * width - along.max(0) * height;
        Self { first, across, along }
    }
}

/// Mixes the two colours row by row: `paint` sets each pixel's part of `to`, 0 to 256, and a grain
/// that is added to all three channels.
fn each(
    picture: &mut Picture,
    from: Colour,
    to: Colour,
    light: Light,
    mut paint: impl FnMut(usize, &mut [i32], &mut [i16]),
) {
    let width = picture.width as usize;
    let mut parts = vec![0; width];
    let mut grain = vec![0; width];
    let from = from.map(i32::from);
    let step: [i32; 3] = std::array::from_fn(|at| i32::from(to[at]) - from[at]);
    for (y, row) in picture.rgb.chunks_exact_mut(width * 3).enumerate() {
        paint(y, &mut parts, &mut grain);
        let mut lit = light.first + light.along * y as i32;
        for ((pixel, part), grain) in row.as_chunks_mut::<3>().0.iter_mut().zip(&parts).zip(&grain) {
            for channel in 0..3 {
                let tone = (from[channel] << 8) + step[channel] * part;
                let value = ((tone * (lit >> 8) + (1 << 15)) >> 16) + i32::from(*grain);
                pixel[channel] = value.clamp(0, 255) as u8;
            }
            lit += light.across;
        }
    }
}

/// Grain of that strength (the sum of two uniform numbers, so mostly small).
fn grains(key: u64, strength: i32, grain: &mut [i16]) {
    for (at, eight) in grain.chunks_mut(4).enumerate() {
        let bits = mix(key.wrapping_add(at as u64)).to_le_bytes();
        for (value, pair) in eight.iter_mut().zip(bits.as_chunks::<2>().0) {
            let triangular = i32::from(pair[0]) + i32::from(pair[1]) - 255;
            *value = ((triangular * strength) >> 9) as i16;
        }
    }
}

/// Smooth random hills: random heights at the corners of cells, blended between them (value noise).
struct Field {
    key: u64,
    down: i32,
    /// How much of the right corner each pixel of a cell has, 0 to 256.
    weights: Vec<i32>,
}

impl Field {
    fn new(key: u64, across: i32, down: i32) -> Self {
        Self { key, down, weights: (0..across).map(|x| smooth(x, across)).collect() }
    }

    /// Heights 0 to 255 of a row of pixels.
    fn row(&self, y: i32, heights: &mut [i32]) {
        let (line, part) = (y / self.down, smooth(y % self.down, self.down));
        let corner = |column: i32| {
            let upper = self.corner(column, line);
            (upper * 256 + (self.corner(column, line + 1) - upper) * part) >> 4
        };
        let mut left = corner(0);
        for (column, cell) in heights.chunks_mut(self.weights.len()).enumerate() {
            let right = corner(column as i32 + 1);
            for (height, weight) in cell.iter_mut().zip(&self.weights) {
                *height = (left * 256 + (right - left) * weight) >> 12;
            }
            left = right;
        }
    }

    fn corner(&self, column: i32, line: i32) -> i32 {
        (mix(self.key ^ (column as u64) << 32 ^ line as u64) >> 56) as i32
    }
}

/// `3t² − 2t³` for t = `at / of`, in 1/256.
fn smooth(at: i32, of: i32) -> i32 {
    let t = at * 256 / of;
    (t * t * (768 - 2 * t)) >> 16
}

#[cfg(test)]
mod tests {
    use super::super::random::Purpose;
    use super::*;

    #[test]
    fn every_texture_mixes_the_two_colours_at_any_size() {
        let (from, to) = ([200, 100, 50], [220, 160, 70]);
        for texture in Texture::CHOICE {
            for (width, height) in [(1, 1), (2, 9), (12, 12), (90, 64), (32, 256), (1200, 900)] {
                let mut picture = Picture::default();
                picture.reset(width, height);
                fill(&mut picture, texture, from, to, &mut Stream::new(1, 0, Purpose::Scene));
                for channel in 0..3 {
                    let values = || picture.rgb.iter().skip(channel).step_by(3).copied();
                    let (low, high) = (values().min().unwrap_or(0), values().max().unwrap_or(0));
                    let darkest = (u32::from(from[channel]) * 78 / 100) as u8 - 30;
                    assert!(low >= darkest, "{texture:?} {width}×{height}: {low}");
                    assert!(high <= to[channel] + 30, "{texture:?} {width}×{height}: {high}");
                    let varied = width >= 90;
                    assert!(!varied || high - low >= 10, "{texture:?} {width}×{height}: {low} to {high}");
                }
            }
        }
    }
}
