//! Random changes of pixels by themselves. Alpha stays.
//!
//! A pixel has four numbers of 32 bits, those of its place under the key ([`Key::at`](crate::augment::random::Key::at)), `a`, `b`, `c` and
//! `d`. Of each, the upper 24 bits count where a uniform number is wanted. Normal numbers are made from `a`
//! and `b` (two) and `c` and `d` (two more) as G. E. P. Box and M. E. Muller do. This file refuses to know
//! where keys come from.

mod normal;

use super::mix::of_colour;
use super::planes::{self, BLOCK, Kernel, Planes};
use crate::augment::random::mixed;
use crate::augment::stage::{Noise, NoiseKind};
use crate::media::Raster;
use normal::normals;

/// The numbers of the pixels of a block: all first ones, all second ones and so on.
type Bits = [[u32; BLOCK]; 4];

/// Normal numbers of the pixels of a block.
type Normals = [[f32; BLOCK]; 3];

/// The values of a block, channel by channel, without alpha.
type Levels<const COLOURS: usize> = [[f32; BLOCK]; COLOURS];

/// Changes every pixel by its numbers.
pub fn noise(picture: &mut Raster, noise: &Noise) {
    match picture.channels {
        1 | 2 => planes::change_grey(picture, Speckle::<1>::new(picture.width, noise)),
        _ => planes::change(picture, Speckle::<3>::new(picture.width, noise)),
    }
}

struct Speckle<const COLOURS: usize> {
    noise: Noise,
    width: usize,
    bits: Bits,
    normals: Normals,
    levels: Levels<COLOURS>,
}

impl<const COLOURS: usize> Speckle<COLOURS> {
    fn new(width: u32, noise: &Noise) -> Self {
        Self {
            noise: *noise,
            width: width as usize,
            bits: [[0; BLOCK]; 4],
            normals: [[0.0; BLOCK]; 3],
            levels: [[0.0; BLOCK]; COLOURS],
        }
    }
}

impl<const COLOURS: usize> Kernel for Speckle<COLOURS> {
    #[inline(always)]
    fn block(&mut self, planes: &mut Planes, first: usize) {
        let Self { noise: Noise { key, kind }, width, bits, normals, levels } = self;
        let [first_key, second_key] = key.0;
        let [a, b, c, d] = &mut *bits;
        // The part of a block that is in one row has but one `y`.
        let (mut x, mut y, mut start) = (first % *width, (first / *width) as u32, 0);
        while start < BLOCK {
            let end = (start + *width - x).min(BLOCK);
            let numbers = a[start..end]
                .iter_mut()
                .zip(&mut b[start..end])
                .zip(&mut c[start..end])
                .zip(&mut d[start..end]);
            for (x, (((a, b), c), d)) in (x as u32..).zip(numbers) {
                [*a, *b, *c, *d] = mixed([first_key, second_key, x, y]);
            }
            (x, y, start) = (0, y + 1, end);
        }
        for (levels, plane) in levels.iter_mut().zip(&*planes) {
            for (level, value) in levels.iter_mut().zip(plane) {
                *level = f32::from(*value);
            }
        }
        match *kind {
            NoiseKind::Normal { mean, deviation, per_channel } => {
                add(levels, bits, normals, mean, deviation, per_channel)
            }
            NoiseKind::Factor { low, high, per_channel } => multiply(levels, bits, low, high, per_channel),
            NoiseKind::Shot { scale } => shot(levels, bits, normals, scale),
            NoiseKind::Iso { colour, intensity } => iso(levels, bits, normals, colour, intensity),
            NoiseKind::SaltAndPepper { salt, pepper } => {
                replace(levels, bits, 0.0, salt, [255; 4]);
                replace(levels, bits, salt, salt + pepper, [0; 4]);
            }
            NoiseKind::Dropout { part, colour } => {
                replace(levels, bits, 0.0, part, of_colour(colour, COLOURS))
            }
        }
        for (levels, plane) in levels.iter().zip(planes) {
            for (value, level) in plane.iter_mut().zip(levels) {
                *value = super::filter::level(*level);
            }
        }
    }
}

/// Uniform from 0 to 1, without 1.
#[inline(always)]
fn unit(bits: u32) -> f32 {
    (bits >> 8) as f32 * (1.0 / 16_777_216.0)
}

#[inline(always)]
fn add<const COLOURS: usize>(
    levels: &mut Levels<COLOURS>,
    bits: &Bits,
    own: &mut Normals,
    mean: f32,
    deviation: f32,
    per_channel: bool,
) {
    normals(bits, if per_channel { COLOURS } else { 1 }, own);
    for (colour, levels) in levels.iter_mut().enumerate() {
        let own = &own[if per_channel { colour } else { 0 }];
        for at in 0..BLOCK {
            levels[at] += mean + deviation * own[at];
        }
    }
}

#[inline(always)]
fn multiply<const COLOURS: usize>(
    levels: &mut Levels<COLOURS>,
    bits: &Bits,
    low: f32,
    high: f32,
    per_channel: bool,
) {
    for (colour, levels) in levels.iter_mut().enumerate() {
        let bits = &bits[if per_channel { colour } else { 0 }];
        for at in 0..BLOCK {
            levels[at] *= low + (high - low) * unit(bits[at]);
        }
    }
}

#[inline(always)]
fn shot<const COLOURS: usize>(levels: &mut Levels<COLOURS>, bits: &Bits, own: &mut Normals, scale: f32) {
    normals(bits, COLOURS, own);
    for (levels, own) in levels.iter_mut().zip(own) {
        for at in 0..BLOCK {
            levels[at] += (levels[at] * scale).sqrt() * own[at];
        }
    }
}

/// Where the pixel's `a` is from `low` to `high`, it becomes this.
#[inline(always)]
fn replace<const COLOURS: usize>(
    levels: &mut Levels<COLOURS>,
    bits: &Bits,
    low: f32,
    high: f32,
    with: [u8; 4],
) {
    for (levels, with) in levels.iter_mut().zip(with) {
        let with = f32::from(with);
        for at in 0..BLOCK {
            let unit = unit(bits[0][at]);
            levels[at] = if (unit >= low) & (unit < high) { with } else { levels[at] };
        }
    }
}

/// Hue turned and lightness scaled in the HSL double cone, whose saturation stays.
#[inline(always)]
fn iso<const COLOURS: usize>(
    levels: &mut Levels<COLOURS>,
    bits: &Bits,
    own: &mut Normals,
    colour: f32,
    intensity: f32,
) {
    normals(bits, 2, own);
    let [turns, lightness, ..] = own;
    if COLOURS == 1 {
        for at in 0..BLOCK {
            levels[0][at] *= 1.0 + intensity * lightness[at];
        }
        return;
    }
    for at in 0..BLOCK {
        let (r, g, b) = (levels[0][at], levels[1][at], levels[2][at]);
        let (most, least) = (greater(r, greater(g, b)), less(r, less(g, b)));
        let chroma = most - least;
        // Of a grey, any hue will do: it has no chroma.
        let over = 1.0 / greater(chroma, 1.0);
        let (from_red, from_green, from_blue) = ((g - b) * over, 2.0 + (b - r) * over, 4.0 + (r - g) * over);
        let hue = if most == r {
            from_red
        } else if most == g {
            from_green
        } else {
            from_blue
        };
        let hue = hue + 6.0 * colour * turns[at];
        // Twice the lightness, of which the chroma can be at most what is left to either end.
        let (before, factor) = (most + least, greater(1.0 + intensity * lightness[at], 0.0));
        let after = less(before * factor, 510.0);
        let room = 255.0 - (before - 255.0).abs();
        let chroma = chroma * (255.0 - (after - 255.0).abs()) / greater(room, 1.0);
        let least = (after - chroma) * 0.5;
        levels[0][at] = least + chroma * ramp(hue);
        levels[1][at] = least + chroma * ramp(hue + 4.0);
        levels[2][at] = least + chroma * ramp(hue + 2.0);
    }
}

/// How much of red there is at a hue in sixths of a turn.
#[inline(always)]
fn ramp(hue: f32) -> f32 {
    let hue = hue - 6.0 * (hue * (1.0 / 6.0)).floor();
    less(greater((hue - 3.0).abs() - 1.0, 0.0), 1.0)
}

/// As `f32::max` without its care for what is not a number, which takes three instructions more.
#[inline(always)]
fn greater(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

#[inline(always)]
fn less(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

#[cfg(test)]
mod tests;
