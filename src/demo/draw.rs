//! One sample's picture: a letter in ink on a textured ground. Depends on its stream only.

use std::ops::Range;

use super::change::Picture;
use super::face::{FACES, Faces, Mask};
use super::random::Stream;
use super::texture::{self, Colour, Texture};

/// A ground's two tones and the ink on it, as 0xRRGGBB. Chosen by eye, in [`GROUPS`].
const PALETTES: [[u32; 3]; 36] = [
    [0xe0dacc, 0xd0c4a7, 0x2b2d6e],
    [0xebd4ce, 0xe9b6ac, 0x8e1f3a],
    [0xd3dfd6, 0xb2cfbd, 0x14532d],
    [0xd6d9ea, 0xbac2ea, 0x2e3192],
    [0xe8dbb0, 0xe7c468, 0x7a3e00],
    [0xcddfe2, 0xa2d1d9, 0x0b5563],
    [0xe1d5e5, 0xd4b5e8, 0x5b1a78],
    [0xdbdfc0, 0xc4d184, 0x3c5a14],
    [0xedd6be, 0xf1b984, 0xb03a12],
    [0xceddec, 0xa8caf1, 0xc0392b],
    [0xe2d9ca, 0xd9c296, 0xc2185b],
    [0xe1dac9, 0xd5c3a0, 0x1b6a6f],
    [0xe8d2dd, 0xeaafcc, 0x00695c],
    [0xd0e3c7, 0xadd89a, 0x6a1b9a],
    [0xf2b84b, 0xe59a25, 0x3a1d0c],
    [0x7fc4a0, 0x56a883, 0x0f3325],
    [0xf08a6c, 0xe06a49, 0x33110c],
    [0x8cb8e8, 0x5f97d8, 0x10233f],
    [0xe79bb8, 0xd87098, 0x4a0e2a],
    [0xb9a4e3, 0x9678d2, 0x1f1147],
    [0x6cc3cc, 0x42a7b3, 0x06343a],
    [0xc9d36b, 0xabb73f, 0x2c3a08],
    [0xd9534a, 0xbf3a33, 0xfff1d6],
    [0x2f8474, 0x226a5d, 0xfdf3d0],
    [0x5a6fd8, 0x4253b8, 0xffffff],
    [0x9b4f96, 0x7d3779, 0xffe6f2],
    [0xcf7415, 0xb25d08, 0xfff8e7],
    [0x2d7fb8, 0x1f659a, 0xfff3b0],
    [0x5f8a2f, 0x4b7220, 0xfbffe0],
    [0xb83b6b, 0x982a55, 0xffe0a8],
    [0x263a5c, 0x37527d, 0xf7c948],
    [0x1f4a38, 0x2d654d, 0xc8f0b8],
    [0x4a2238, 0x69304f, 0xffa488],
    [0x2f2a66, 0x433d8c, 0x9ee7f5],
    [0x124450, 0x1c5f6e, 0xffd9a0],
    [0x5a3418, 0x784922, 0xffe3b3],
];

/// Palettes that go together: pale, bright, deep and dark. Every ink of a group stands out clearly from
/// all of its grounds, and no picture is grey, dark or light enough to pass for a planted fault.
const GROUPS: [Range<usize>; 4] = [0..PALE, PALE..22, 22..VIVID, VIVID..36];
const PALE: usize = 14;
const VIVID: usize = 30;

/// Which grounds a picture may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grounds {
    Any,
    Pale,
    /// Bright and deep ones, of one palette each: a mixture may have little colour.
    Vivid,
}

/// How a letter is set off from its ground.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Finish {
    Flat,
    /// Ink that grows lighter or darker downwards.
    Shaded,
    Shadow,
    /// A rim in the ground's other tone or in white.
    Contour,
}

const FINISHES: [Finish; 8] = [
    Finish::Flat,
    Finish::Flat,
    Finish::Flat,
    Finish::Shaded,
    Finish::Shaded,
    Finish::Shadow,
    Finish::Shadow,
    Finish::Contour,
];

/// Memory that one thread draws in, again and again.
#[derive(Debug, Default)]
pub struct Canvas {
    pub picture: Picture,
    /// How much of each pixel the mask laid last covers.
    cover: Vec<u8>,
    /// The rows that it reaches.
    rows: Range<usize>,
}

impl Canvas {
    /// Draws a letter of that class in a picture of that size.
    pub fn letter(
        &mut self,
        (width, height): (u32, u32),
        class: usize,
        grounds: Grounds,
        faces: &Faces,
        stream: &mut Stream,
    ) {
        let [from, to, ink] = colours(grounds, stream);
        let face = stream.below(FACES as u32) as usize;
        let finish = stream.pick(&FINISHES);
        let ground = stream.pick(&Texture::CHOICE);
        self.picture.reset(width, height);
        // The edges of a pattern are many, and would drown the letter's.
        let to = if ground.is_pattern() { blend(from, to, 150) } else { to };
        texture::fill(&mut self.picture, ground, from, to, stream);

        let pose = Pose::new(width, height, faces.extent(face, class), stream);
        let shaded = if finish == Finish::Shaded { blend(ink, stream.pick(&[from, to]), 70) } else { ink };
        let rim = if brightness(ink) < brightness(to) { [255; 3] } else { blend(to, [0; 3], 150) };
        faces.with_glyph(face, class, pose.em, |glyph| match finish {
            Finish::Flat | Finish::Shaded => {
                self.lay(&glyph.shape, glyph.em, pose, (0, 0), 1);
                self.ink(ink, shaded, 256);
            }
            Finish::Shadow => {
                let drop = (pose.em as i32 * 256 / 26).max(256);
                self.lay(glyph.soft(), glyph.em, pose, (drop, drop), 1);
                self.ink(blend(to, [0; 3], 200), blend(to, [0; 3], 200), 150);
                self.lay(&glyph.shape, glyph.em, pose, (0, 0), 1);
                self.ink(ink, ink, 256);
            }
            Finish::Contour => {
                self.lay(glyph.soft(), glyph.em, pose, (0, 0), 8);
                self.ink(rim, rim, 256);
                self.lay(&glyph.shape, glyph.em, pose, (0, 0), 1);
                self.ink(ink, ink, 256);
            }
        });
    }

    /// Draws a ground with next to nothing on it: one tone, which is neither light nor dark.
    pub fn blank(&mut self, (width, height): (u32, u32), stream: &mut Stream) {
        let [tone, ..] = colours(Grounds::Pale, stream);
        self.picture.reset(width, height);
        self.picture.rgb.as_chunks_mut::<3>().0.fill(tone);
    }

    /// Sets the coverage to a mask in that pose, moved by `shift` (1/256 pixel), times `gain`.
    fn lay(&mut self, mask: &Mask, mask_em: u32, pose: Pose, shift: (i32, i32), gain: u32) {
        let (width, height) = (self.picture.width as i32, self.picture.height as i32);
        self.cover.clear();
        self.cover.resize((width * height) as usize, 0);
        self.rows = 0..0;
        let (mask_width, mask_height) = (mask.width as i32, mask.height as i32);
        if mask_width < 2 || mask_height < 2 {
            return;
        }
        // Picture to mask: the inverse of the pose. In 1/65536 mask pixels per pixel.
        let scale = f64::from(mask_em) / f64::from(pose.em);
        let [[xx, xy], [yx, yy]] = pose.matrix;
        let step = |part: f64| (part * scale * 65536.0 / (xx * yy - xy * yx)).round() as i32;
        let [[across_x, along_x], [across_y, along_y]] = [[step(yy), step(-xy)], [step(-yx), step(xx)]];
        let (centre_x, centre_y) = (pose.x + shift.0, pose.y + shift.1);
        // The rows that the turned mask can reach.
        let reach = (yy.abs() * f64::from(mask.height) + yx.abs() * f64::from(mask.width)) / scale / 2.0;
        let reach = reach.ceil() as i32 + 1;
        let rows = ((centre_y >> 8) - reach).clamp(0, height)..((centre_y >> 8) + reach + 1).clamp(0, height);
        self.rows = rows.start as usize..rows.end as usize;
        for y in rows {
            // Half a pixel: both grids' pixels have their values in their middles.
            let down = i64::from(y * 256 + 128 - centre_y);
            let right = i64::from(128 - centre_x);
            let at = |across: i32, along: i32, size: i32| {
                let turned = (i64::from(across) * right + i64::from(along) * down) >> 8;
                turned as i32 + (size << 15) - (1 << 15)
            };
            let (u, v) = (at(across_x, along_x, mask_width), at(across_y, along_y, mask_height));
            let columns = within(u, across_x, mask_width, width).and(within(v, across_y, mask_height, width));
            let (mut u, mut v) = (u + across_x * columns.start, v + across_y * columns.start);
            let row = &mut self.cover[(y * width) as usize..((y + 1) * width) as usize];
            if columns.start >= columns.end {
                continue;
            }
            for cover in &mut row[columns.start as usize..columns.end as usize] {
                let corner = ((v >> 16) * mask_width + (u >> 16)) as usize;
                let (right, below) = ((u >> 8 & 255) as u32, (v >> 8 & 255) as u32);
                let upper = mask.pair(corner, right);
                let lower = mask.pair(corner + mask_width as usize, right);
                let value = (upper * (256 - below) + lower * below + 32768) >> 16;
                *cover = (value * gain).min(255) as u8;
                u += across_x;
                v += across_y;
            }
        }
    }

    /// Puts ink where the coverage is, passing from `upper` to `lower` down the picture, as opaque
    /// as `strength` of 256.
    fn ink(&mut self, upper: Colour, lower: Colour, strength: u32) {
        let (width, height) = (self.picture.width as usize, self.picture.height as usize);
        for y in self.rows.clone() {
            let ink = blend(upper, lower, (y * 256 / height) as u32).map(u32::from);
            let pixels = &mut self.picture.rgb[y * width * 3..(y + 1) * width * 3];
            let covers = &self.cover[y * width..(y + 1) * width];
            for (pixel, cover) in pixels.as_chunks_mut::<3>().0.iter_mut().zip(covers) {
                // 0 to 256, so that full coverage is exactly the ink.
                let part = (u32::from(*cover) * strength * 257) >> 16;
                if part == 0 {
                    continue;
                }
                for channel in 0..3 {
                    let ground = u32::from(pixel[channel]);
                    pixel[channel] = ((ground * (256 - part) + ink[channel] * part + 128) >> 8) as u8;
                }
            }
        }
    }
}

impl Mask {
    /// Two neighbours, blended, in 1/256.
    #[inline(always)]
    fn pair(&self, left: usize, part: u32) -> u32 {
        u32::from(self.cover[left]) * (256 - part) + u32::from(self.cover[left + 1]) * part
    }
}

/// Columns from `start` to before `end`.
#[derive(Clone, Copy)]
struct Columns {
    start: i32,
    end: i32,
}

impl Columns {
    fn and(self, other: Self) -> Self {
        Self { start: self.start.max(other.start), end: self.end.min(other.end) }
    }
}

/// The columns x in `0..width` for which `from + step × x` and its right neighbour lie in a mask of
/// that size (all in 1/65536 but the size).
fn within(from: i32, step: i32, size: i32, width: i32) -> Columns {
    let (from, step) = (i64::from(from), i64::from(step));
    let last = (i64::from(size - 1) << 16) - 1;
    let (low, high) = match step {
        0 if (0..=last).contains(&from) => (0, i64::from(width)),
        0 => (0, 0),
        1.. => (ceil_div(-from, step), (last - from).div_euclid(step) + 1),
        _ => (ceil_div(from - last, -step), from.div_euclid(-step) + 1),
    };
    Columns { start: low.clamp(0, i64::from(width)) as i32, end: high.clamp(0, i64::from(width)) as i32 }
}

fn ceil_div(value: i64, by: i64) -> i64 {
    -(-value).div_euclid(by)
}

/// Where a letter stands, how large it is and how it is bent.
#[derive(Clone, Copy, Debug)]
struct Pose {
    /// Pixels per em.
    em: u32,
    /// Centre in 1/256 pixel.
    x: i32,
    y: i32,
    /// From mask to picture, but for the size: stretched, slanted, then turned. Its rows give x and y.
    matrix: [[f64; 2]; 2],
}

impl Pose {
    /// A letter of that extent (in ems) that fits a picture of that size with some air: turned by up to
    /// 16°, slanted by up to a quarter either way, and 75 to 130 % as wide as it was cut.
    fn new(width: u32, height: u32, extent: (f64, f64), stream: &mut Stream) -> Self {
        let (sin, cos) = sin_cos(stream.range(-256, 256));
        let stretch = f64::from(stream.range(75, 130)) / 100.0;
        let slant = f64::from(stream.range(-25, 25)) / 100.0;
        let matrix = [[cos * stretch, cos * slant - sin], [sin * stretch, sin * slant + cos]];
        let [x, y] = matrix.map(|[across, along]| extent.0 * across.abs() + extent.1 * along.abs());
        // The sum of two draws: mostly middling sizes.
        let fill = f64::from(60 + stream.below(16) + stream.below(16)) / 100.0;
        let size = (f64::from(width), f64::from(height));
        let em = (fill * (size.0 / x).min(size.1 / y)).floor().max(4.0);
        let mut place = |size: f64, extent: f64| {
            // Up to 70 % of what is free on either side.
            let free = ((size - extent * em) * 256.0 / 2.0 * 0.7).max(0.0) as i32;
            (size * 128.0) as i32 + stream.range(-free, free)
        };
        let (x, y) = (place(size.0, x), place(size.1, y));
        Self { em: em as u32, x, y, matrix }
    }
}

/// Sine and cosine of an angle in sixteenths of a degree, at most a quarter turn, by their Taylor
/// series: additions and multiplications round alike everywhere, which library functions do not.
fn sin_cos(sixteenths: i32) -> (f64, f64) {
    let angle = f64::from(sixteenths) * (std::f64::consts::PI / 2880.0);
    let square = angle * angle;
    let series = |first: f64, from: u32| {
        let (mut sum, mut term) = (first, first);
        for at in 1..9 {
            let n = f64::from(2 * at + from);
            term *= -square / (n * (n - 1.0));
            sum += term;
        }
        sum
    };
    (series(angle, 1), series(1.0, 0))
}

/// A ground's two tones and an ink: a palette's ground with up to 45 % of another one's, and the ink of
/// a third, so that few pictures have the same.
fn colours(grounds: Grounds, stream: &mut Stream) -> [Colour; 3] {
    let first = match grounds {
        Grounds::Any => stream.below(PALETTES.len() as u32),
        Grounds::Pale => stream.below(PALE as u32),
        Grounds::Vivid => stream.range(PALE as i32, VIVID as i32 - 1) as u32,
    } as usize;
    let group = GROUPS.into_iter().find(|group| group.contains(&first)).unwrap_or(0..PALETTES.len());
    let (second, third) = (stream.pick(&PALETTES[group.clone()]), stream.pick(&PALETTES[group]));
    let part = if grounds == Grounds::Vivid { 0 } else { stream.below(116) };
    let mut tone =
        |at: usize| jitter(blend(channels(PALETTES[first][at]), channels(second[at]), part), stream);
    let (mut from, mut to) = (tone(0), tone(1));
    if stream.percent(50) {
        (from, to) = (to, from);
    }
    [from, to, jitter(channels(third[2]), stream)]
}

fn channels(colour: u32) -> Colour {
    [16, 8, 0].map(|shift| (colour >> shift & 255) as u8)
}

/// Each channel up to eight steps off.
fn jitter(colour: Colour, stream: &mut Stream) -> Colour {
    colour.map(|value| (i32::from(value) + stream.range(-8, 8)).clamp(0, 255) as u8)
}

/// So many 256ths of `to` in `from`.
fn blend(from: Colour, to: Colour, part: u32) -> Colour {
    std::array::from_fn(|at| {
        ((u32::from(from[at]) * (256 - part) + u32::from(to[at]) * part + 128) >> 8) as u8
    })
}

fn brightness(colour: Colour) -> u8 {
    super::change::luma(colour)
}

#[cfg(test)]
mod tests {
    use super::super::random::Purpose;
    use super::*;

    #[test]
    fn the_series_is_sine_and_cosine() {
        for sixteenths in [-1440, -320, -7, 0, 1, 160, 320, 1440] {
            let (sin, cos) = sin_cos(sixteenths);
            let angle = (f64::from(sixteenths) / 16.0).to_radians();
            assert!((sin - angle.sin()).abs() < 1e-9 && (cos - angle.cos()).abs() < 1e-9, "{sixteenths}");
        }
    }

    #[test]
    fn columns_are_those_inside_the_mask() {
        for (from, step, size) in
            [(0, 65536, 4), (-100_000, 30_000, 9), (700_000, -70_001, 9), (5, 0, 2), (-5, 0, 2)]
        {
            let columns = within(from, step, size, 40);
            for x in 0..40 {
                let at = from + step * x;
                let inside = at >= 0 && (at >> 16) + 1 < size;
                assert_eq!(
                    (columns.start..columns.end).contains(&x),
                    inside,
                    "{from} + {step} × {x} in {size}"
                );
            }
        }
    }

    #[test]
    fn inks_stand_out_from_all_grounds_of_their_group() {
        let bright = |colour: u32| i32::from(brightness(channels(colour)));
        for group in GROUPS {
            let palettes = &PALETTES[group.clone()];
            for ([from, to, _], [.., ink]) in
                palettes.iter().flat_map(|one| palettes.iter().map(move |two| (one, two)))
            {
                for ground in [from, to] {
                    let apart = bright(*ground) - bright(*ink);
                    assert!(apart.abs() > 70, "{ink:06x} on {ground:06x}");
                }
            }
        }
    }

    #[test]
    fn a_letter_lies_inside_its_picture() {
        let faces = Faces::load();
        let mut canvas = Canvas::default();
        for sample in 0..200 {
            let mut stream = Stream::new(1, sample, Purpose::Scene);
            let (width, height) =
                stream.pick(&[(64, 64), (160, 120), (32, 256), (256, 32), (12, 12), (1200, 900)]);
            canvas.letter((width, height), sample as usize % 10, Grounds::Any, &faces, &mut stream);
            let cover = &canvas.cover;
            assert!(cover.iter().any(|&cover| cover > 100), "sample {sample}: nothing drawn");
            let (width, height) = (width as usize, height as usize);
            let top = cover[..width].iter().chain(&cover[(height - 1) * width..]);
            let sides = (0..height).flat_map(|y| [&cover[y * width], &cover[(y + 1) * width - 1]]);
            assert!(top.chain(sides).all(|&cover| cover < 128), "sample {sample}: cut off");
        }
    }
}
