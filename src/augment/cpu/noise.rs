//! Random changes of pixels by themselves. Alpha stays.
//!
//! A pixel has four numbers of 32 bits, those of its place under the key ([`Key::at`]), `a`, `b`, `c` and
//! `d`. Of each, the upper 24 bits count where a uniform number is wanted. Normal numbers are made from `a`
//! and `b` (two) and `c` and `d` (two more) as G. E. P. Box and M. E. Muller do. This file refuses to know
//! where keys come from.

mod normal;

use super::mix::of_colour;
use super::planes::fastest;
use crate::augment::random::{Key, mixed};
use crate::augment::stage::{Noise, NoiseKind};
use crate::media::Raster;
use normal::normals;

/// Pixels that are changed at once.
const BLOCK: usize = 256;

/// The numbers of the pixels of a block: all first ones, all second ones and so on.
type Bits = [[u32; BLOCK]; 4];

/// The values of a block, channel by channel, without alpha.
type Levels<const COLOURS: usize> = [[f32; BLOCK]; COLOURS];

/// Changes every pixel by its numbers.
pub fn noise(picture: &mut Raster, noise: &Noise) {
    match picture.channels {
        1 => fastest(Walk::<1, 1> { picture, noise }),
        2 => fastest(Walk::<2, 1> { picture, noise }),
        3 => fastest(Walk::<3, 3> { picture, noise }),
        _ => fastest(Walk::<4, 3> { picture, noise }),
    }
}

struct Walk<'a, const CHANNELS: usize, const COLOURS: usize> {
    picture: &'a mut Raster,
    noise: &'a Noise,
}

impl<const CHANNELS: usize, const COLOURS: usize> pulp::NullaryFnOnce for Walk<'_, CHANNELS, COLOURS> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Noise { key, kind } = *self.noise;
        let width = self.picture.width as usize;
        let mut bits = [[0; BLOCK]; 4];
        let mut levels = [[0.0; BLOCK]; COLOURS];
        for (y, row) in (0..).zip(self.picture.data.chunks_exact_mut(width * CHANNELS)) {
            let (blocks, rest) = row.as_chunks_mut::<CHANNELS>().0.as_chunks_mut::<BLOCK>();
            let mut x = 0;
            for block in blocks {
                change(block, key, kind, [x, y], &mut bits, &mut levels);
                x += BLOCK as u32;
            }
            if !rest.is_empty() {
                // A block that is not full is filled up.
                let mut block = [[0; CHANNELS]; BLOCK];
                block[..rest.len()].copy_from_slice(rest);
                change(&mut block, key, kind, [x, y], &mut bits, &mut levels);
                rest.copy_from_slice(&block[..rest.len()]);
            }
        }
    }
}

#[inline(always)]
fn change<const CHANNELS: usize, const COLOURS: usize>(
    block: &mut [[u8; CHANNELS]; BLOCK],
    key: Key,
    kind: NoiseKind,
    [x, y]: [u32; 2],
    bits: &mut Bits,
    levels: &mut Levels<COLOURS>,
) {
    let [first, second] = key.0;
    let [a, b, c, d] = &mut *bits;
    for at in 0..BLOCK {
        [a[at], b[at], c[at], d[at]] = mixed([first, second, x + at as u32, y]);
    }
    for (colour, levels) in levels.iter_mut().enumerate() {
        for at in 0..BLOCK {
            levels[at] = f32::from(block[at][colour]);
        }
    }
    match kind {
        NoiseKind::Normal { mean, deviation, per_channel } => add(levels, bits, mean, deviation, per_channel),
        NoiseKind::Factor { low, high, per_channel } => multiply(levels, bits, low, high, per_channel),
        NoiseKind::Shot { scale } => shot(levels, bits, scale),
        NoiseKind::Iso { colour, intensity } => iso(levels, bits, colour, intensity),
        NoiseKind::SaltAndPepper { salt, pepper } => {
            replace(levels, bits, 0.0, salt, [255; 4]);
            replace(levels, bits, salt, salt + pepper, [0; 4]);
        }
        NoiseKind::Dropout { part, colour } => replace(levels, bits, 0.0, part, of_colour(colour, COLOURS)),
    }
    for (colour, levels) in levels.iter().enumerate() {
        for at in 0..BLOCK {
            block[at][colour] = super::filter::level(levels[at]);
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
    mean: f32,
    deviation: f32,
    per_channel: bool,
) {
    let own = normals(bits, if per_channel { COLOURS } else { 1 });
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
fn shot<const COLOURS: usize>(levels: &mut Levels<COLOURS>, bits: &Bits, scale: f32) {
    let own = normals(bits, COLOURS);
    for (levels, own) in levels.iter_mut().zip(&own) {
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
fn iso<const COLOURS: usize>(levels: &mut Levels<COLOURS>, bits: &Bits, colour: f32, intensity: f32) {
    let own = normals(bits, 2);
    let [turns, lightness, ..] = &own;
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
