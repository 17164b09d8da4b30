//! How good a picture is by itself: figures of one picture, scores of many, and checks with
//! thresholds, as CleanVision defines them (Cleanlab, 2022; version 0.3).
//!
//! Every score is 0 to 1 and low is bad; a sample is flagged where its score is under the threshold.
//!
//! | check | score | threshold |
//! | --- | --- | --- |
//! | dark | 99th percentile of brightness | 0.32 |
//! | light | 1 − 5th percentile of brightness | 0.05 |
//! | odd aspect ratio | shorter side / longer side | 0.35 |
//! | low information | 0.1 × entropy in bits | 0.3 |
//! | blurry | (1 − e^(−0.01 d)) + s, at most 1 | 0.29 |
//! | odd size | 1 − distance of √(wh) from the middle of its fences / their span | 0.5 |
//! | grey | 0 where every pixel has red = green = blue | 0.5 |
//!
//! Brightness of a pixel is √(0.241 R² + 0.691 G² + 0.068 B²) / 255 (D. R. Finley, "HSP Color Model",
//! 2006), grey / 255 of a grey picture; percentiles are between the nearest ranks. Entropy is Shannon's
//! over the histogram of all channels together, at most 8 bits for a grey picture and 9.6 for colour.
//! Of a grey picture of at most 64 pixels on its longer side, *d* is the standard deviation of its
//! edges (each pixel eight times less its eight neighbours, 0 to 255) and *s* is 1 − e^(−0.01 h), or 0
//! up to 0.18, of the standard deviation *h* of its histogram's 256 counts. The fences of odd size are
//! three times the interquartile range outside the quartiles.
//!
//! CleanVision calls a picture grey when it is stored so; here it is also grey when its pixels are.

use super::resize::{Filter, Plane, resized};
pub use crate::dataset::Figures;

/// Longer side, in pixels, of the picture that blur is looked for in.
const BLUR_EDGE: usize = 64;
/// Steps that brightness is counted in.
const STEPS: usize = 8192;
/// Pixels whose brightness is worked out at once.
const TOGETHER: usize = 64;

/// Something that can be wrong with a picture. The order is the order on screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Check {
    Dark,
    Light,
    OddAspect,
    LowInformation,
    Blurry,
    OddSize,
    Grey,
}

impl Check {
    pub const ALL: [Self; 7] = [
        Self::Dark,
        Self::Light,
        Self::OddAspect,
        Self::LowInformation,
        Self::Blurry,
        Self::OddSize,
        Self::Grey,
    ];

    /// The word used in queries, reports and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
            Self::OddAspect => "odd-aspect-ratio",
            Self::LowInformation => "low-information",
            Self::Blurry => "blurry",
            Self::OddSize => "odd-size",
            Self::Grey => "grey",
        }
    }

    /// The check of that [name](Self::name).
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|check| check.name() == name)
    }

    /// CleanVision's threshold; a score under it is flagged.
    pub fn default_threshold(self) -> f32 {
        match self {
            Self::Dark => 0.32,
            Self::Light => 0.05,
            Self::OddAspect => 0.35,
            Self::LowInformation => 0.3,
            Self::Blurry => 0.29,
            Self::OddSize | Self::Grey => 0.5,
        }
    }
}

impl Figures {
    /// What is measured of display pixels: `channels` is 1 (grey) or 3 (red, green, blue) and `data`
    /// is `width × height × channels` bytes. `None` where it is not, or there is no pixel.
    pub fn of(width: usize, height: usize, channels: usize, data: &[u8]) -> Option<Self> {
        let pixels = width * height;
        if pixels == 0 || data.len() != pixels * channels {
            return None;
        }
        let mut counts = vec![0u32; STEPS];
        let mut is_grey = true;
        let mut histograms = [[0u32; 256]; 3];
        match channels {
            1 => {
                for value in data {
                    histograms[0][usize::from(*value)] += 1;
                }
                for (value, count) in histograms[0].iter().enumerate() {
                    counts[usize::from(step(value as f32 / 255.0))] += count;
                }
            }
            3 => {
                for pixels in data.as_chunks::<3>().0.chunks(TOGETHER) {
                    // Steps apart from counting: so many are worked out at once by one instruction.
                    let mut steps = [0u16; TOGETHER];
                    for (to, &[r, g, b]) in steps.iter_mut().zip(pixels) {
                        *to = step(brightness(r, g, b));
                    }
                    for (step, &[r, g, b]) in steps.iter().zip(pixels) {
                        histograms[0][usize::from(r)] += 1;
                        histograms[1][usize::from(g)] += 1;
                        histograms[2][usize::from(b)] += 1;
                        is_grey &= r == g && g == b;
                        counts[usize::from(*step)] += 1;
                    }
                }
            }
            _ => return None,
        }
        let small = small(width, height, channels, data)?;
        Some(Self {
            brightness_p5: percentile(&counts, pixels, 0.05),
            brightness_p99: percentile(&counts, pixels, 0.99),
            entropy: entropy(&histograms[..channels]),
            edges: edges(&small),
            spread: spread(&small),
            is_grey,
        })
    }

    /// The score of a check that needs no other picture; `None` for odd size.
    pub fn score(&self, check: Check, width: u32, height: u32) -> Option<f32> {
        let score = match check {
            Check::Dark => self.brightness_p99,
            Check::Light => 1.0 - self.brightness_p5,
            Check::OddAspect => {
                let (width, height) = (width.max(1) as f32, height.max(1) as f32);
                (width / height).min(height / width)
            }
            Check::LowInformation => (self.entropy * 0.1).min(1.0),
            Check::Blurry => {
                let fall = |value: f32| 1.0 - (-0.01 * value).exp();
                let spread = fall(self.spread);
                (fall(self.edges) + if spread > 0.18 { spread } else { 0.0 }).min(1.0)
            }
            Check::Grey => f32::from(u8::from(!self.is_grey)),
            Check::OddSize => return None,
        };
        Some(score)
    }
}

/// Where sizes of pictures, √(width × height), are usual.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UsualSize {
    /// Half-way between the fences.
    middle: f64,
    /// What a distance of 1 is; the span between the fences, or the size itself where all are alike.
    unit: f64,
    /// The score under which a size is odd: 0.5 is at a fence, 1 where any other size is odd.
    pub threshold: f32,
}

impl UsualSize {
    /// Of all pictures of a dataset; `None` where there is none.
    pub fn of(sizes: &mut [f64]) -> Option<Self> {
        if sizes.is_empty() {
            return None;
        }
        sizes.sort_unstable_by(f64::total_cmp);
        let (low, high) = (between(sizes, 0.25), between(sizes, 0.75));
        let (from, to) = (low - 3.0 * (high - low), high + 3.0 * (high - low));
        let middle = (from + to) / 2.0;
        let is_one = to <= from;
        Some(Self {
            middle,
            unit: if is_one { middle } else { to - from },
            threshold: if is_one { 1.0 } else { 0.5 },
        })
    }

    pub fn score(&self, width: u32, height: u32) -> f32 {
        let size = size_of(width, height);
        (1.0 - ((size - self.middle).abs() / self.unit).clamp(0.0, 1.0)) as f32
    }
}

/// √(width × height).
pub fn size_of(width: u32, height: u32) -> f64 {
    f64::from(width).sqrt() * f64::from(height).sqrt()
}

/// The value at a part of the way through sorted values, between the nearest two.
fn between(sorted: &[f64], part: f64) -> f64 {
    let at = part * (sorted.len() - 1) as f64;
    let (low, high) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    low + (high - low) * at.fract()
}

fn brightness(r: u8, g: u8, b: u8) -> f32 {
    let [r, g, b] = [r, g, b].map(f32::from);
    (0.241 * r * r + 0.691 * g * g + 0.068 * b * b).sqrt() / 255.0
}

fn step(brightness: f32) -> u16 {
    const LAST: u32 = STEPS as u32 - 1;
    ((brightness * LAST as f32 + 0.5) as u32).min(LAST) as u16
}

/// The brightness at a part of the way through all pixels, between the nearest two.
fn percentile(counts: &[u32], pixels: usize, part: f64) -> f32 {
    let at = part * (pixels - 1) as f64;
    let value = |rank: u64| {
        let mut seen = 0;
        for (step, count) in counts.iter().enumerate() {
            seen += u64::from(*count);
            if seen > rank {
                return step as f64 / (STEPS - 1) as f64;
            }
        }
        1.0
    };
    let (low, high) = (value(at.floor() as u64), value(at.ceil() as u64));
    (low + (high - low) * at.fract()) as f32
}

fn entropy(histograms: &[[u32; 256]]) -> f32 {
    let total: u64 = histograms.iter().flatten().map(|count| u64::from(*count)).sum();
    let bits = histograms.iter().flatten().filter(|count| **count > 0).map(|count| {
        let part = f64::from(*count) / total as f64;
        -part * part.log2()
    });
    bits.sum::<f64>() as f32
}

/// The grey picture of at most [`BLUR_EDGE`] pixels on its longer side.
fn small(width: usize, height: usize, channels: usize, data: &[u8]) -> Option<Plane> {
    let ratio = width.max(height) as f64 / BLUR_EDGE as f64;
    let to = |side: usize| if ratio > 1.0 { ((side as f64 / ratio).floor() as usize).max(1) } else { side };
    let to = (to(width), to(height));
    let mut small = resized((width, height), data, channels, to, Filter::Bicubic)?;
    if channels == 3 {
        small = small.as_chunks::<3>().0.iter().map(|&[r, g, b]| grey(r, g, b)).collect();
    }
    Plane::new(to.0, to.1, small)
}

/// Rec. 601 luma as Pillow rounds it.
pub(super) fn grey(r: u8, g: u8, b: u8) -> u8 {
    ((u32::from(r) * 19_595 + u32::from(g) * 38_470 + u32::from(b) * 7_471 + 0x8000) >> 16) as u8
}

/// Standard deviation of eight times each pixel less its neighbours, cut to 0 to 255. Pixels at the
/// border stay as they are.
fn edges(plane: &Plane) -> f32 {
    let (width, height) = (plane.width, plane.height);
    let at = |x: usize, y: usize| i32::from(plane.data[y * width + x]);
    let (mut sum, mut squares) = (0.0f64, 0.0f64);
    for y in 0..height {
        for x in 0..width {
            let inside = x > 0 && y > 0 && x + 1 < width && y + 1 < height;
            let value = if inside {
                let around: i32 = (y - 1..=y + 1).flat_map(|y| (x - 1..=x + 1).map(move |x| at(x, y))).sum();
                (9 * at(x, y) - around).clamp(0, 255)
            } else {
                at(x, y)
            };
            sum += f64::from(value);
            squares += f64::from(value * value);
        }
    }
    let count = plane.data.len() as f64;
    ((squares - sum * sum / count) / count).max(0.0).sqrt() as f32
}

/// Standard deviation of the counts of the 256 values.
fn spread(plane: &Plane) -> f32 {
    let mut counts = [0u32; 256];
    for value in &plane.data {
        counts[usize::from(*value)] += 1;
    }
    let mean = plane.data.len() as f64 / 256.0;
    let squares: f64 = counts.iter().map(|count| (f64::from(*count) - mean).powi(2)).sum();
    (squares / 256.0).sqrt() as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(width: usize, height: usize, pixel: impl Fn(usize) -> [u8; 3]) -> Figures {
        let data: Vec<u8> = (0..width * height).flat_map(pixel).collect();
        Figures::of(width, height, 3, &data).unwrap()
    }

    #[test]
    fn plain_pictures_score_as_computed_by_hand() {
        // One value: no entropy, no edges; the spread is that of one count of 4,096.
        let black = figures(64, 64, |_| [0, 0, 0]);
        assert_eq!((black.brightness_p99, black.edges, black.is_grey), (0.0, 0.0, true));
        // Three channels of one value each share one histogram.
        assert!((black.entropy - 3f32.log2()).abs() < 1e-6);
        assert!((black.spread - 255.5).abs() < 0.1, "{}", black.spread);
        let score = |check| black.score(check, 64, 64).unwrap();
        assert_eq!((score(Check::Dark), score(Check::Light), score(Check::Grey)), (0.0, 1.0, 0.0));

        let white = figures(64, 16, |_| [255, 255, 255]);
        assert!(white.score(Check::Light, 64, 16).unwrap() < 0.05);
        assert_eq!(white.score(Check::OddAspect, 64, 16), Some(0.25));

        let one_red = figures(10, 10, |at| if at == 5 { [9, 8, 8] } else { [8, 8, 8] });
        assert!(!one_red.is_grey);
    }

    #[test]
    fn percentiles_are_between_the_nearest_ranks() {
        // 0 to 100 in steps of a 255th: the 99th percentile of 101 values is the value 99.
        let data: Vec<u8> = (0..=100).collect();
        let figures = Figures::of(101, 1, 1, &data).unwrap();
        assert!((figures.brightness_p99 - 99.0 / 255.0).abs() < 2e-4);
        assert!((figures.brightness_p5 - 5.0 / 255.0).abs() < 2e-4);
        let two = Figures::of(2, 1, 1, &[0, 255]).unwrap();
        assert!((two.brightness_p99 - 0.99).abs() < 2e-4);
        assert!((two.entropy - 1.0).abs() < 1e-6);
    }

    #[test]
    fn sizes_outside_the_fences_are_odd() {
        let mut sizes: Vec<f64> = (100..200).map(f64::from).collect();
        let usual = UsualSize::of(&mut sizes).unwrap();
        for (side, is_odd) in [(150, false), (320, false), (380, true), (1000, true), (1, false)] {
            assert_eq!(usual.score(side, side) < usual.threshold, is_odd, "{side}");
        }
        let usual = UsualSize::of(&mut [64.0; 9]).unwrap();
        assert!(usual.score(64, 64) >= usual.threshold && usual.score(65, 64) < usual.threshold);
        assert_eq!(UsualSize::of(&mut []), None);
    }

    #[test]
    fn what_is_no_picture_has_no_figures() {
        for (width, height, channels, bytes) in [(0, 5, 3, 0), (2, 2, 3, 11), (2, 2, 2, 8), (2, 2, 4, 16)] {
            assert_eq!(Figures::of(width, height, channels, &vec![0; bytes]), None);
        }
    }
}
