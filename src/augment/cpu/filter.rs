//! Neighbourhoods: weighted sums, middle values, and sharpening by what a blur takes away.
//!
//! Beyond the picture is its mirror image about the outermost pixels, which are not repeated. Alpha stays.
//! What is computed does not depend on the machine; the fastest instructions that it has are used.

mod arithmetic;
mod median;
mod weighted;

pub(super) use arithmetic::level;
pub(crate) use weighted::is_even_mean;

use std::ops::Range;

use super::mix::colours;
use super::planes::fastest;
use crate::augment::stage::Convolve;
use crate::media::Raster;

/// Every value becomes a weighted sum of its neighbours.
///
/// Sums are `f32`, or have 16 bits where a separable kernel is a mean of up to 31 weights, which is less than
/// half a level off. They are rounded to levels once, at the end, and not between the rows and the columns.
pub fn convolve(picture: &Raster, convolve: &Convolve) -> Raster {
    let mut data = weighted::sums(picture, convolve);
    keep_alpha(picture, &mut data);
    Raster { data, ..*picture }
}

/// The middle one of the `2 radius + 1` a side around every value. OpenCV's repeats the outermost pixels
/// instead of mirroring them.
pub fn median(picture: &Raster, radius: u32) -> Raster {
    if radius == 0 {
        return picture.clone();
    }
    let mut data = median::middles(picture, radius as usize);
    keep_alpha(picture, &mut data);
    Raster { data, ..*picture }
}

/// `v + amount · (v − blurred v)` where they differ by at least `threshold` levels; what is blurred has 8
/// bits.
pub fn unsharp(picture: &mut Raster, blur: &Convolve, amount: f32, threshold: f32) {
    let mut data = weighted::sums(picture, blur);
    fastest(Sharpen { values: &picture.data, blurred: &mut data, amount, threshold });
    keep_alpha(picture, &mut data);
    picture.data = data;
}

struct Sharpen<'a> {
    values: &'a [u8],
    blurred: &'a mut [u8],
    amount: f32,
    threshold: f32,
}

impl pulp::NullaryFnOnce for Sharpen<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for (blurred, value) in self.blurred.iter_mut().zip(self.values) {
            let value = f32::from(*value);
            let lost = value - f32::from(*blurred);
            let added = if lost.abs() >= self.threshold { self.amount * lost } else { 0.0 };
            *blurred = level(value + added);
        }
    }
}

fn keep_alpha(picture: &Raster, data: &mut [u8]) {
    let (channels, colours) = (usize::from(picture.channels), colours(picture));
    if colours < channels {
        for (to, from) in data.chunks_exact_mut(channels).zip(picture.data.chunks_exact(channels)) {
            to[colours] = from[colours];
        }
    }
}

/// The place in `0..count` that is seen at `at` in two mirrors that stand on the first and the last one.
fn mirrored(at: isize, count: usize) -> usize {
    let period = 2 * (count as isize - 1);
    if period == 0 {
        return 0;
    }
    let at = at.rem_euclid(period);
    at.min(period - at) as usize
}

/// What is seen from a strip of the rows of a picture: some of their values, with margins on either side.
struct View {
    /// Of each value of the margin before, where it is in the row.
    before: Vec<usize>,
    inside: Range<usize>,
    after: Vec<usize>,
}

impl View {
    /// From `count` values, `start` the first one, with `margin` pixels before and after.
    fn new(picture: &Raster, margin: usize, start: usize, count: usize) -> Self {
        let (width, channels) = (picture.width as usize, usize::from(picture.channels));
        let margin = margin * channels;
        let place = |at: usize| {
            // From the margin's first value on, which may be outside.
            let (pixel, channel) = ((start + at) / channels, (start + at) % channels);
            mirrored(pixel as isize - (margin / channels) as isize, width) * channels + channel
        };
        let first = start.saturating_sub(margin);
        let last = (start + count + margin).min(width * channels);
        let before = first + margin - start;
        Self {
            before: (0..before).map(place).collect(),
            inside: first..last,
            after: (before + last - first..count + 2 * margin).map(place).collect(),
        }
    }

    fn len(&self) -> usize {
        self.before.len() + self.inside.len() + self.after.len()
    }

    /// Copies what is seen of a row, as numbers; `to` has room for it.
    #[inline(always)]
    fn copy<F: Copy, T>(&self, row: &[F], to: &mut [T], number: impl Fn(F) -> T) {
        let (before, to) = to.split_at_mut(self.before.len());
        let (inside, after) = to.split_at_mut(self.inside.len());
        for (to, value) in inside.iter_mut().zip(&row[self.inside.clone()]) {
            *to = number(*value);
        }
        for (to, place) in before.iter_mut().zip(&self.before).chain(after.iter_mut().zip(&self.after)) {
            *to = number(row[*place]);
        }
    }
}

#[cfg(test)]
mod tests;
