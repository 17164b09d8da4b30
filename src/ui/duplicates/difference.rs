//! How two pictures differ, pixel by pixel, at a size that a person can look over.
//!
//! Both are scaled down to the same size over several frames, for a picture may have a hundred million
//! pixels and a frame has a few milliseconds.

use egui::{Color32, ColorImage};

use crate::analysis::symmetry::{Symmetry, laid};
use crate::media::Raster;

/// Longest side of what is compared, in pixels.
pub(super) const EDGE: usize = 512;
/// What differences are multiplied by, so that small ones are seen.
pub(super) const GAIN: u16 = 4;
/// Pixels that are averaged in one frame: a few milliseconds.
pub(super) const PER_FRAME: usize = 1_000_000;

/// A picture on its way to a smaller size.
pub(super) struct Shrinking {
    width: usize,
    height: usize,
    pixels: Vec<[u8; 3]>,
}

/// How much two pictures differ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Difference {
    /// Over all pixels and channels, of 255.
    pub mean: f32,
    pub largest: u8,
}

/// The size at which two pictures are compared: neither is enlarged.
pub(super) fn common_size(one: [u32; 2], two: [u32; 2]) -> [usize; 2] {
    let [width, height] = [one[0].min(two[0]).max(1), one[1].min(two[1]).max(1)];
    let scale = (EDGE as f64 / f64::from(width.max(height))).min(1.0);
    [width, height].map(|side| ((f64::from(side) * scale).round() as usize).max(1))
}

impl Shrinking {
    pub fn new([width, height]: [usize; 2]) -> Self {
        Self { width, height, pixels: Vec::with_capacity(width * height) }
    }

    /// Averages as many pixels as `budget` has, a row at least; tells whether all are done.
    pub fn work(&mut self, raster: &Raster, budget: &mut usize) -> bool {
        let (from_width, from_height) = (raster.width as usize, raster.height as usize);
        let channels = usize::from(raster.channels).max(1);
        let span = |at: usize, of: usize, from: usize| {
            let start = at * from / of;
            start..((at + 1) * from).div_ceil(of).clamp(start + 1, from.max(start + 1))
        };
        while self.pixels.len() < self.width * self.height && *budget > 0 {
            let rows = span(self.pixels.len() / self.width, self.height, from_height);
            *budget = budget.saturating_sub(rows.len() * from_width);
            for column in 0..self.width {
                let columns = span(column, self.width, from_width);
                let mut sums = [0u64; 3];
                for row in rows.clone() {
                    let start = (row * from_width + columns.start) * channels;
                    let end = (row * from_width + columns.end) * channels;
                    for pixel in raster.data.get(start..end).unwrap_or_default().chunks_exact(channels) {
                        let [r, g, b] =
                            if channels < 3 { [pixel[0]; 3] } else { [pixel[0], pixel[1], pixel[2]] };
                        sums = [sums[0] + u64::from(r), sums[1] + u64::from(g), sums[2] + u64::from(b)];
                    }
                }
                let count = (rows.len() * columns.len()).max(1) as u64;
                self.pixels.push(sums.map(|sum| (sum / count) as u8));
            }
        }
        self.pixels.len() >= self.width * self.height
    }

    /// The pixels as a symmetry lays them.
    pub fn laid(&self, symmetry: Symmetry) -> Vec<[u8; 3]> {
        laid(&self.pixels, self.width, self.height, symmetry)
    }
}

/// The difference of two pictures of one size, and how large it is.
pub(super) fn difference(one: &[[u8; 3]], two: &[[u8; 3]], size: [usize; 2]) -> (ColorImage, Difference) {
    let (mut sum, mut largest) = (0u64, 0);
    let pixel = |(one, two): (&[u8; 3], &[u8; 3])| {
        let apart = [0, 1, 2].map(|channel: usize| one[channel].abs_diff(two[channel]));
        sum += apart.iter().map(|apart| u64::from(*apart)).sum::<u64>();
        largest = apart.into_iter().max().unwrap_or(0).max(largest);
        let [r, g, b] = apart.map(|apart| (u16::from(apart) * GAIN).min(255) as u8);
        Color32::from_rgb(r, g, b)
    };
    let mut pixels: Vec<Color32> = one.iter().zip(two).map(pixel).collect();
    pixels.resize(size[0] * size[1], Color32::BLACK);
    let mean = sum as f32 / (one.len().max(1) * 3) as f32;
    (ColorImage::new(size, pixels), Difference { mean, largest })
}

/// How much two pictures differ, in words.
pub(super) fn difference_text(difference: Difference) -> String {
    match difference {
        Difference { largest: 0, .. } => "No pixel differs at this size.".to_owned(),
        Difference { mean, largest } => {
            format!("Mean difference {mean:.1} of 255, largest {largest}; shown {GAIN} times as large.")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shrunk(raster: &Raster, size: [usize; 2], budget: usize) -> (Vec<[u8; 3]>, usize) {
        let mut shrinking = Shrinking::new(size);
        let mut frames = 1;
        while !shrinking.work(raster, &mut { budget }) {
            frames += 1;
        }
        (shrinking.laid(Symmetry::NONE), frames)
    }

    #[test]
    fn pictures_are_compared_at_a_size_that_enlarges_neither() {
        for (one, two, expected) in [
            ([4000, 3000], [2000, 1500], [512, 384]),
            ([100, 80], [200, 160], [100, 80]),
            ([1, 9000], [1, 9000], [1, 512]),
        ] {
            assert_eq!(common_size(one, two), expected);
        }
    }

    #[test]
    fn every_pixel_counts_over_however_many_frames() {
        let data: Vec<u8> = (0..8 * 6).map(|at| at as u8 * 5).collect();
        let raster = Raster::new(8, 6, 1, data).unwrap();
        let (at_once, frames) = shrunk(&raster, [4, 3], 1000);
        assert_eq!((at_once.len(), at_once[0], frames), (12, [22; 3], 1));
        let (slowly, frames) = shrunk(&raster, [4, 3], 1);
        assert_eq!((slowly, frames), (at_once, 3));
        let colour = Raster::new(1, 1, 4, vec![1, 2, 3, 4]).unwrap();
        assert_eq!(shrunk(&colour, [1, 1], 9).0, [[1, 2, 3]]);
    }

    #[test]
    fn differences_are_measured_and_shown_larger() {
        let (one, two) = ([[10, 20, 30], [0, 0, 0]], [[10, 23, 30], [200, 0, 0]]);
        let (image, found) = difference(&one, &two, [2, 1]);
        assert_eq!(image.pixels, [Color32::from_rgb(0, 12, 0), Color32::from_rgb(255, 0, 0)]);
        assert_eq!(found.largest, 200);
        assert!((found.mean - 203.0 / 6.0).abs() < 1e-3);
        let same = difference(&one, &one, [2, 1]).1;
        assert!(difference_text(same).starts_with("No pixel"));
    }
}
