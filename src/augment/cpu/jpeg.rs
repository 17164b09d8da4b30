//! What storing a picture as a JPEG does to its pixels: all of baseline JPEG but for the coding of numbers as
//! bits, which loses nothing. Alpha stays; a grey picture has luma only.
//!
//! Colours are those of JFIF 1.02 (E. Hamilton, 1992), tables those of Annex K of ITU-T T.81 (1992), scaled
//! by quality as the library of the Independent JPEG Group does; so are chroma made coarser and finer again.
//! Values are rounded to whole numbers where an encoder or a decoder has to, and nowhere else.

pub(crate) mod blocks;

use super::planes::fastest;
use crate::media::Raster;
use blocks::{BLOCK, GROUP, Tables};

/// Stores the picture at this quality, 1 to 100, and opens it again; `subsampled` has chroma of half the
/// width and height (4:2:0).
pub fn jpeg(picture: &mut Raster, quality: u32, subsampled: bool) {
    match picture.channels {
        1 => fastest(Grey::<1> { picture, quality }),
        2 => fastest(Grey::<2> { picture, quality }),
        3 => fastest(Colour::<3> { picture, quality, subsampled }),
        _ => fastest(Colour::<4> { picture, quality, subsampled }),
    }
}

struct Grey<'a, const CHANNELS: usize> {
    picture: &'a mut Raster,
    quality: u32,
}

impl<const CHANNELS: usize> pulp::NullaryFnOnce for Grey<'_, CHANNELS> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let (width, height) = (self.picture.width as usize, self.picture.height as usize);
        let mut luma = Plane::new(width, height);
        let rows = self.picture.data.chunks_exact(width * CHANNELS);
        for (to, row) in luma.values.chunks_exact_mut(luma.stride).zip(rows) {
            for (to, pixel) in to.iter_mut().zip(row.as_chunks::<CHANNELS>().0) {
                *to = pixel[0];
            }
        }
        luma.store(&Tables::luma(self.quality));
        let rows = self.picture.data.chunks_exact_mut(width * CHANNELS);
        for (from, row) in luma.values.chunks_exact(luma.stride).zip(rows) {
            for (from, pixel) in from.iter().zip(row.as_chunks_mut::<CHANNELS>().0) {
                pixel[0] = *from;
            }
        }
    }
}

struct Colour<'a, const CHANNELS: usize> {
    picture: &'a mut Raster,
    quality: u32,
    subsampled: bool,
}

impl<const CHANNELS: usize> pulp::NullaryFnOnce for Colour<'_, CHANNELS> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let (width, height) = (self.picture.width as usize, self.picture.height as usize);
        let line = width * CHANNELS;
        let mut luma = Plane::new(width, height);
        let (chroma_width, chroma_height) =
            if self.subsampled { (width.div_ceil(2), height.div_ceil(2)) } else { (width, height) };
        let mut chroma = [Plane::new(chroma_width, chroma_height), Plane::new(chroma_width, chroma_height)];
        if self.subsampled {
            // Two rows of the picture make one of chroma.
            let rows = || [vec![0; luma.stride + 1], vec![0; luma.stride + 1]];
            let mut fine = [rows(), rows()];
            for y in 0..chroma_height {
                let [[blue_above, blue_below], [red_above, red_below]] = &mut fine;
                let above = &self.picture.data[2 * y * line..][..line];
                apart::<CHANNELS>(above, luma.row(2 * y), blue_above, red_above);
                if 2 * y + 1 < height {
                    let below = &self.picture.data[(2 * y + 1) * line..][..line];
                    apart::<CHANNELS>(below, luma.row(2 * y + 1), blue_below, red_below);
                } else {
                    blue_below.copy_from_slice(blue_above);
                    red_below.copy_from_slice(red_above);
                }
                for (chroma, fine) in chroma.iter_mut().zip(&mut fine) {
                    coarser(fine, width, &mut chroma.values[y * chroma.stride..][..chroma.stride]);
                }
            }
        } else {
            let [blue, red] = &mut chroma;
            for (y, row) in self.picture.data.chunks_exact(line).enumerate() {
                apart::<CHANNELS>(row, luma.row(y), blue.row(y), red.row(y));
            }
        }
        luma.store(&Tables::luma(self.quality));
        let tables = Tables::chroma(self.quality);
        for chroma in &mut chroma {
            chroma.store(&tables);
        }
        let mut fine = [vec![0; luma.stride + 2], vec![0; luma.stride + 2]];
        let mut sums = vec![0; luma.stride];
        for (y, row) in self.picture.data.chunks_exact_mut(line).enumerate() {
            if self.subsampled {
                for (chroma, fine) in chroma.iter().zip(&mut fine) {
                    finer(chroma, y, &mut sums, fine);
                }
                let [blue, red] = &fine;
                together::<CHANNELS>(luma.row(y), blue, red, row);
            } else {
                let [blue, red] = &mut chroma;
                together::<CHANNELS>(luma.row(y), blue.row(y), red.row(y), row);
            }
        }
    }
}

/// Luma, or what a colour differs from it by.
struct Plane {
    width: usize,
    height: usize,
    /// From one row to the next one: whole groups of blocks.
    stride: usize,
    /// Whole blocks of rows.
    values: Vec<u8>,
}

impl Plane {
    fn new(width: usize, height: usize) -> Self {
        let stride = width.next_multiple_of(GROUP);
        Self { width, height, stride, values: vec![0; stride * height.next_multiple_of(BLOCK)] }
    }

    fn row(&mut self, y: usize) -> &mut [u8] {
        &mut self.values[y * self.stride..][..self.stride]
    }

    /// Goes through the blocks. Those at the edge are filled up with the last pixels.
    #[inline(always)]
    fn store(&mut self, tables: &Tables) {
        let Self { width, height, stride, .. } = *self;
        for row in self.values.chunks_exact_mut(stride).take(height) {
            let last = row[width - 1];
            row[width..].fill(last);
        }
        for y in height..height.next_multiple_of(BLOCK) {
            self.values.copy_within((height - 1) * stride..height * stride, y * stride);
        }
        for rows in self.values.chunks_exact_mut(stride * BLOCK) {
            for start in (0..stride).step_by(GROUP) {
                blocks::store(rows, stride, start, tables);
            }
        }
    }
}

/// A row as luma, blue and red differences.
#[inline(always)]
fn apart<const CHANNELS: usize>(row: &[u8], luma: &mut [u8], blue: &mut [u8], red: &mut [u8]) {
    let pixels = row.as_chunks::<CHANNELS>().0;
    for (((pixel, luma), blue), red) in pixels.iter().zip(luma).zip(blue).zip(red) {
        let [r, g, b] = [i32::from(pixel[0]), i32::from(pixel[1]), i32::from(pixel[2])];
        // In parts of 2¹⁶. A half less a bit is what the library adds to differences.
        *luma = ((19_595 * r + 38_470 * g + 7_471 * b + 32_768) >> 16) as u8;
        *blue = ((-11_059 * r - 21_709 * g + 32_768 * b + (128 << 16) + 32_767) >> 16) as u8;
        *red = ((32_768 * r - 27_439 * g - 5_329 * b + (128 << 16) + 32_767) >> 16) as u8;
    }
}

/// A row of red, green and blue from luma and differences.
#[inline(always)]
fn together<const CHANNELS: usize>(luma: &[u8], blue: &[u8], red: &[u8], row: &mut [u8]) {
    let pixels = row.as_chunks_mut::<CHANNELS>().0;
    for (((pixel, luma), blue), red) in pixels.iter_mut().zip(luma).zip(blue).zip(red) {
        let [luma, blue, red] = [i32::from(*luma), i32::from(*blue) - 128, i32::from(*red) - 128];
        pixel[0] = (luma + ((91_881 * red + 32_768) >> 16)).clamp(0, 255) as u8;
        pixel[1] = (luma + ((-22_554 * blue - 46_802 * red + 32_768) >> 16)).clamp(0, 255) as u8;
        pixel[2] = (luma + ((116_130 * blue + 32_768) >> 16)).clamp(0, 255) as u8;
    }
}

/// The mean of every two by two; where there is a half, every other one is rounded up.
#[inline(always)]
fn coarser([above, below]: &mut [Vec<u8>; 2], width: usize, to: &mut [u8]) {
    for row in [&mut *above, &mut *below] {
        row[width] = row[width - 1];
    }
    let pairs = above.as_chunks::<2>().0.iter().zip(below.as_chunks::<2>().0);
    let count = width.div_ceil(2);
    for (at, (to, (above, below))) in (0u16..).zip(to[..count].iter_mut().zip(pairs)) {
        let sum = u16::from(above[0]) + u16::from(above[1]) + u16::from(below[0]) + u16::from(below[1]);
        *to = ((sum + 1 + (at & 1)) >> 2) as u8;
    }
}

/// A row at twice the width and height: three parts of the nearer value and one of the farther one, both
/// ways.
#[inline(always)]
fn finer(chroma: &Plane, y: usize, sums: &mut [u16], to: &mut [u8]) {
    let near = y / 2;
    let far = if y.is_multiple_of(2) { near.saturating_sub(1) } else { (near + 1).min(chroma.height - 1) };
    let row = |y: usize| &chroma.values[y * chroma.stride..][..chroma.width];
    let sums = &mut sums[..chroma.width + 2];
    for ((sum, near), far) in sums[1..].iter_mut().zip(row(near)).zip(row(far)) {
        *sum = 3 * u16::from(*near) + u16::from(*far);
    }
    sums[0] = sums[1];
    sums[chroma.width + 1] = sums[chroma.width];
    let (left, middle, right) = (&sums[..chroma.width], &sums[1..][..chroma.width], &sums[2..]);
    let pairs = to.as_chunks_mut::<2>().0;
    for (((to, left), middle), right) in pairs.iter_mut().zip(left).zip(middle).zip(right) {
        to[0] = ((3 * middle + left + 8) >> 4) as u8;
        to[1] = ((3 * middle + right + 7) >> 4) as u8;
    }
}

#[cfg(test)]
mod tests;
