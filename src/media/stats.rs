//! Numbers measured on display pixels: brightness, contrast, saturation, sharpness.

use super::Raster;

/// What is measured of colours, all 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Colours {
    /// Mean Rec. 601 luma.
    pub brightness: f32,
    /// Standard deviation of luma.
    pub contrast: f32,
    /// Mean HSV saturation: (max − min) / max per pixel, 0 for black.
    pub saturation: f32,
}

/// Brightness, contrast and saturation over all pixels. Where there is alpha, pixels that are
/// wholly see-through are left out, unless all are.
pub(super) fn colours(raster: &Raster) -> Colours {
    let mut sums = Sums::default();
    match raster.channels {
        1 => sums.add_grey(&raster.data),
        3 => sums.add_rgb(raster.data.as_chunks::<3>().0),
        2 => {
            let seen: Vec<u8> = visible(raster.data.as_chunks::<2>().0, |pixel| pixel[1], |pixel| pixel[0]);
            sums.add_grey(&seen);
        }
        _ => {
            let seen: Vec<[u8; 3]> =
                visible(raster.data.as_chunks::<4>().0, |pixel| pixel[3], |&[r, g, b, _]| [r, g, b]);
            sums.add_rgb(&seen);
        }
    }
    sums.finish()
}

/// Variance of the 3×3 Laplacian (4 neighbours, weights 1 and −4) of luma scaled to 0 to 1, over the
/// pixels that have all four neighbours; 0 when there are none. J. L. Pech-Pacheco et al., "Diatom
/// autofocusing in brightfield microscopy", ICPR 2000.
pub(super) fn sharpness(luma: &[u8], width: usize, height: usize) -> f32 {
    if width < 3 || height < 3 || luma.len() < width * height {
        return 0.0;
    }
    let (mut sum, mut squares) = (0i64, 0i64);
    for rows in luma[..width * height].windows(3 * width).step_by(width) {
        let (above, rest) = rows.split_at(width);
        let (row, below) = rest.split_at(width);
        // A row is at most 2³² wide in theory and a term at most 1020² ≈ 2²⁰: sums of 1024 fit.
        for start in (1..width - 1).step_by(1024) {
            let end = (start + 1024).min(width - 1);
            let (mut row_sum, mut row_squares) = (0i32, 0i32);
            let sides = row[start - 1..end - 1].iter().zip(&row[start + 1..end + 1]);
            let columns = above[start..end].iter().zip(&below[start..end]);
            for ((&centre, (&left, &right)), (&up, &down)) in row[start..end].iter().zip(sides).zip(columns) {
                let value = i32::from(left) + i32::from(right) + i32::from(up) + i32::from(down)
                    - 4 * i32::from(centre);
                row_sum += value;
                row_squares += value * value;
            }
            sum += i64::from(row_sum);
            squares += i64::from(row_squares);
        }
    }
    let count = ((width - 2) * (height - 2)) as f64;
    let mean = sum as f64 / count;
    let variance = (squares as f64 / count - mean * mean).max(0.0);
    (variance / (255.0 * 255.0)) as f32
}

fn visible<P, T>(pixels: &[P], alpha: impl Fn(&P) -> u8, colour: impl Fn(&P) -> T) -> Vec<T> {
    let seen: Vec<T> = pixels.iter().filter(|pixel| alpha(pixel) > 0).map(&colour).collect();
    if seen.is_empty() { pixels.iter().map(colour).collect() } else { seen }
}

/// Exact sums, so that the order and the number of threads never show.
#[derive(Default)]
struct Sums {
    pixels: u64,
    /// Luma of 0 to 255.
    luma: u64,
    luma_squares: u64,
    /// Saturation in units of 1 / 65,535.
    saturation: u64,
}

/// Pixels per block: block sums of luma squares and saturation stay within 32 bits.
const BLOCK: usize = 1024;

impl Sums {
    fn add_grey(&mut self, values: &[u8]) {
        self.pixels += values.len() as u64;
        for block in values.chunks(BLOCK) {
            self.add_luma(block);
        }
    }

    fn add_rgb(&mut self, pixels: &[[u8; 3]]) {
        self.pixels += pixels.len() as u64;
        let mut lumas = [0u8; BLOCK];
        for block in pixels.chunks(BLOCK) {
            let mut saturation = 0u32;
            for (luma, &[r, g, b]) in lumas.iter_mut().zip(block) {
                *luma = super::raster::luma(r, g, b);
                let (most, least) = (r.max(g).max(b), r.min(g).min(b));
                saturation += (u32::from(most - least) * RECIPROCALS[usize::from(most)]) >> 8;
            }
            self.saturation += u64::from(saturation);
            self.add_luma(&lumas[..block.len()]);
        }
    }

    fn add_luma(&mut self, block: &[u8]) {
        let (mut sum, mut squares) = (0u32, 0u32);
        for &value in block {
            sum += u32::from(value);
            squares += u32::from(value) * u32::from(value);
        }
        self.luma += u64::from(sum);
        self.luma_squares += u64::from(squares);
    }

    fn finish(self) -> Colours {
        let count = self.pixels.max(1) as f64;
        let mean = self.luma as f64 / count;
        let variance = (self.luma_squares as f64 / count - mean * mean).max(0.0);
        Colours {
            brightness: (mean / 255.0) as f32,
            contrast: (variance.sqrt() / 255.0) as f32,
            saturation: (self.saturation as f64 / count / 65_535.0) as f32,
        }
    }
}

/// `65535 × 256 / value`, rounded: turns a division per pixel into a multiplication.
const RECIPROCALS: [u32; 256] = {
    let mut table = [0; 256];
    let mut value = 1;
    while value < 256 {
        table[value] = (65_535 * 256 + value as u32 / 2) / value as u32;
        value += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f32, b: f64) -> bool {
        (f64::from(a) - b).abs() < 1e-4
    }

    #[test]
    fn colours_by_hand() {
        let rows: [(u8, &[u8], f64, f64, f64); 7] = [
            (1, &[0, 255], 0.5, 0.5, 0.0),
            (1, &[51, 51, 51], 0.2, 0.0, 0.0),
            (3, &[255, 0, 0], 76.0 / 255.0, 0.0, 1.0),
            (3, &[255, 255, 255, 0, 0, 0], 0.5, 0.5, 0.0),
            (3, &[200, 100, 100, 100, 100, 100], 115.0 / 255.0, 15.0 / 255.0, 0.25),
            (4, &[255, 255, 255, 0, 0, 0, 255, 255], 29.0 / 255.0, 0.0, 1.0),
            (2, &[255, 0, 0, 0], 0.5, 0.5, 0.0),
        ];
        for (channels, data, brightness, contrast, saturation) in rows {
            let width = (data.len() / usize::from(channels)) as u32;
            let raster = Raster::new(width, 1, channels, data.to_vec()).expect("fits");
            let found = colours(&raster);
            assert!(
                close(found.brightness, brightness)
                    && close(found.contrast, contrast)
                    && close(found.saturation, saturation),
                "{data:?}: {found:?}"
            );
        }
    }

    #[test]
    fn saturation_is_exact_for_every_maximum() {
        for most in 1..=255u8 {
            for least in [0, most / 3, most] {
                let raster = Raster::new(1, 1, 3, vec![most, least, most]).expect("fits");
                let expected = f64::from(most - least) / f64::from(most);
                assert!(close(colours(&raster).saturation, expected), "{most} {least}");
            }
        }
    }

    #[test]
    fn sharpness_by_hand() {
        // One white pixel in the middle of 3×3: the only value is −4, and one value has no variance.
        let mut luma = [0u8; 9];
        luma[4] = 255;
        assert_eq!(sharpness(&luma, 3, 3), 0.0);
        // 4×3 with one white inner pixel: values −4 and 1; mean −1.5, variance 6.25.
        let mut luma = [0u8; 12];
        luma[5] = 255;
        assert!(close(sharpness(&luma, 4, 3), 6.25));
        assert_eq!(sharpness(&[7; 4], 2, 2), 0.0);
        // Wider than a block: a checkerboard has ±4 everywhere.
        let wide: Vec<u8> =
            (0..3 * 3002u32).map(|at| if (at / 3002 + at % 3002) % 2 == 0 { 0 } else { 255 }).collect();
        assert!(close(sharpness(&wide, 3002, 3), 16.0));
    }
}
