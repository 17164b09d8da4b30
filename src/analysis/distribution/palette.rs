//! The few colours that many pictures are made of: k-means in Oklab (B. Ottosson, "A perceptual color space for
//! image processing", 2020), where distances are as the eye sees them.
//!
//! Pixels are counted by colour, 32 steps a channel, so that millions take no more memory than one. k-means begins
//! with k-means++ (D. Arthur and S. Vassilvitskii, 2007), drawn from a seed, and is weighted by the counts.

/// Colours of a palette, unless somebody says otherwise.
pub const COLOURS: usize = 5;

/// Steps of a channel.
const STEPS: usize = 32;
/// Rounds of k-means at most; it ends when nothing moves.
const ROUNDS: usize = 64;

/// How many pixels there are of each colour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColourTally {
    counts: Vec<u64>,
}

impl Default for ColourTally {
    fn default() -> Self {
        Self { counts: vec![0; STEPS * STEPS * STEPS] }
    }
}

/// A colour of a palette.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Swatch {
    /// Red, green and blue in sRGB.
    pub rgb: [u8; 3],
    /// The part of all pixels that are nearest to it.
    pub share: f64,
}

impl ColourTally {
    /// Takes in pixels: red, green, blue.
    pub fn add(&mut self, pixels: &[[u8; 3]]) {
        for pixel in pixels {
            let [r, g, b] = pixel.map(|value| (usize::from(value) * (STEPS - 1) + 127) / 255);
            self.counts[(r * STEPS + g) * STEPS + b] += 1;
        }
    }

    /// Takes in what another one has.
    pub fn merge(&mut self, other: &Self) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(into, from)| *into += from);
    }

    /// At most so many colours, the most frequent first.
    pub fn palette(&self, colours: usize, seed: u64) -> Vec<Swatch> {
        let points: Vec<Point> = self.points().collect();
        let total: f64 = points.iter().map(|point| point.weight).sum();
        let mut centres = first_centres(&points, colours, seed);
        let mut nearest = vec![0usize; points.len()];
        for _round in 0..ROUNDS {
            let mut has_moved = false;
            for (point, at) in points.iter().zip(&mut nearest) {
                let now = nearest_of(&centres, point.lab);
                has_moved |= now != *at;
                *at = now;
            }
            centres = means(&points, &nearest, &centres);
            if !has_moved {
                break;
            }
        }
        let mut weights = vec![0.0; centres.len()];
        points.iter().zip(&nearest).for_each(|(point, at)| weights[*at] += point.weight);
        let swatch = |(lab, weight): (&[f64; 3], &f64)| Swatch { rgb: srgb_of(*lab), share: weight / total };
        let mut swatches: Vec<Swatch> =
            centres.iter().zip(&weights).filter(|(_, weight)| **weight > 0.0).map(swatch).collect();
        swatches.sort_by(|one, two| two.share.total_cmp(&one.share).then(one.rgb.cmp(&two.rgb)));
        swatches
    }

    fn points(&self) -> impl Iterator<Item = Point> + '_ {
        let there = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        there.map(|(at, count)| {
            let steps = [at / STEPS / STEPS, at / STEPS % STEPS, at % STEPS];
            let rgb = steps.map(|step| ((step * 255 + (STEPS - 1) / 2) / (STEPS - 1)) as u8);
            Point { lab: oklab_of(rgb), weight: *count as f64 }
        })
    }
}

/// A colour and how many pixels have it.
struct Point {
    lab: [f64; 3],
    weight: f64,
}

fn squared(one: [f64; 3], two: [f64; 3]) -> f64 {
    one.iter().zip(two).map(|(one, two)| (one - two).powi(2)).sum()
}

/// The first of those that are nearest.
fn nearest_of(centres: &[[f64; 3]], lab: [f64; 3]) -> usize {
    let apart = |at: &usize| squared(centres[*at], lab);
    (0..centres.len()).min_by(|one, two| apart(one).total_cmp(&apart(two))).unwrap_or(0)
}

/// Centres that are far from each other: each next one is drawn by its weight and its squared distance to
/// those before.
fn first_centres(points: &[Point], count: usize, seed: u64) -> Vec<[f64; 3]> {
    let mut state = seed;
    let mut unit = || {
        // SplitMix64 (G. L. Steele, D. Lea and C. H. Flood, 2014).
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    };
    let mut chances: Vec<f64> = points.iter().map(|point| point.weight).collect();
    let mut apart = vec![f64::INFINITY; points.len()];
    let mut centres = Vec::with_capacity(count);
    while centres.len() < count {
        let total: f64 = chances.iter().sum();
        if total <= 0.0 {
            break;
        }
        let mut left = unit() * total;
        let drawn = chances.iter().position(|chance| {
            left -= chance;
            left < 0.0
        });
        let last = chances.iter().rposition(|chance| *chance > 0.0);
        let Some(drawn) = drawn.or(last) else { break };
        let centre = points[drawn].lab;
        centres.push(centre);
        for ((point, apart), chance) in points.iter().zip(&mut apart).zip(&mut chances) {
            *apart = apart.min(squared(point.lab, centre));
            *chance = point.weight * *apart;
        }
    }
    centres
}

/// The weighted mean of the points nearest to each centre; a centre without points stays.
fn means(points: &[Point], nearest: &[usize], centres: &[[f64; 3]]) -> Vec<[f64; 3]> {
    let mut sums = vec![([0.0; 3], 0.0); centres.len()];
    for (point, at) in points.iter().zip(nearest) {
        let (sum, weight) = &mut sums[*at];
        sum.iter_mut().zip(point.lab).for_each(|(sum, value)| *sum += value * point.weight);
        *weight += point.weight;
    }
    let mean = |((sum, weight), centre): (&([f64; 3], f64), &[f64; 3])| match *weight > 0.0 {
        true => sum.map(|sum| sum / weight),
        false => *centre,
    };
    sums.iter().zip(centres).map(mean).collect()
}

/// Linear light to Oklab, in two steps: cone responses, and lightness with two opponent axes.
const CONES: [[f64; 3]; 3] = [
    [0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9],
    [0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6],
    [0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5],
];
const OPPONENTS: [[f64; 3]; 3] = [
    [0.210_454_255_3, 0.793_617_785_0, -0.004_072_046_8],
    [1.977_998_495_1, -2.428_592_205_0, 0.450_593_709_9],
    [0.025_904_037_1, 0.782_771_766_2, -0.808_675_766_0],
];
/// And back.
const CONES_BACK: [[f64; 3]; 3] = [
    [4.076_741_662_1, -3.307_711_591_3, 0.230_969_929_2],
    [-1.268_438_004_6, 2.609_757_401_1, -0.341_319_396_5],
    [-0.004_196_086_3, -0.703_418_614_7, 1.707_614_701_0],
];
const OPPONENTS_BACK: [[f64; 3]; 3] = [
    [1.0, 0.396_337_777_4, 0.215_803_757_3],
    [1.0, -0.105_561_345_8, -0.063_854_172_8],
    [1.0, -0.089_484_177_5, -1.291_485_548_0],
];

fn times(matrix: &[[f64; 3]; 3], values: [f64; 3]) -> [f64; 3] {
    matrix.map(|row| row[0] * values[0] + row[1] * values[1] + row[2] * values[2])
}

/// sRGB to Oklab: lightness 0 to 1, green to red, blue to yellow.
pub fn oklab_of(rgb: [u8; 3]) -> [f64; 3] {
    let linear = rgb.map(|byte| {
        let value = f64::from(byte) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    });
    times(&OPPONENTS, times(&CONES, linear).map(f64::cbrt))
}

/// Oklab to the nearest colour of sRGB.
pub fn srgb_of(lab: [f64; 3]) -> [u8; 3] {
    let linear = times(&CONES_BACK, times(&OPPONENTS_BACK, lab).map(|cone| cone * cone * cone));
    linear.map(|value| {
        let value = value.clamp(0.0, 1.0);
        let value = if value <= 0.003_130_8 { value * 12.92 } else { 1.055 * value.powf(1.0 / 2.4) - 0.055 };
        (value * 255.0).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn oklab_is_that_of_its_author() {
        // The table of the paper, from XYZ, and white: L 1, a 0, b 0.
        for (rgb, expected) in [
            ([255, 255, 255], [1.0, 0.0, 0.0]),
            ([0, 0, 0], [0.0, 0.0, 0.0]),
            ([255, 0, 0], [0.627_955, 0.224_863, 0.125_846]),
            ([0, 0, 255], [0.452_014, -0.032_457, -0.311_528]),
        ] {
            let found = oklab_of(rgb);
            assert!(
                found.iter().zip(expected).all(|(one, two)| (one - two).abs() < 1e-5),
                "{rgb:?} {found:?}"
            );
        }
        for rgb in [[0, 0, 0], [255, 255, 255], [1, 200, 77], [250, 3, 128]] {
            assert_eq!(srgb_of(oklab_of(rgb)), rgb);
        }
    }

    #[test]
    fn few_colours_come_back_with_their_shares() {
        let mut tally = ColourTally::default();
        tally.add(&[[255, 0, 0]; 60]);
        tally.add(&[[0, 0, 255]; 30]);
        tally.add(&[[255; 3]; 10]);
        let palette = tally.palette(COLOURS, 7);
        let found: Vec<([u8; 3], f64)> = palette.iter().map(|swatch| (swatch.rgb, swatch.share)).collect();
        assert_eq!(found, [([255, 0, 0], 0.6), ([0, 0, 255], 0.3), ([255; 3], 0.1)]);
        assert!(ColourTally::default().palette(COLOURS, 7).is_empty());
        let two = tally.palette(2, 7);
        assert!((two.iter().map(|swatch| swatch.share).sum::<f64>() - 1.0).abs() < 1e-12);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..Default::default() })]

        #[test]
        fn shares_sum_to_1_and_parts_change_nothing(
            pixels in prop::collection::vec(prop::array::uniform3(any::<u8>()), 1..300), seed in any::<u64>(),
        ) {
            let of = |pixels: &[[u8; 3]]| {
                let mut tally = ColourTally::default();
                tally.add(pixels);
                tally
            };
            let palette = of(&pixels).palette(COLOURS, seed);
            prop_assert!((palette.iter().map(|swatch| swatch.share).sum::<f64>() - 1.0).abs() < 1e-9);
            prop_assert!(palette.windows(2).all(|pair| pair[0].share >= pair[1].share));
            let (one, two) = pixels.split_at(pixels.len() / 2);
            let mut merged = of(two);
            merged.merge(&of(one));
            prop_assert_eq!(merged.palette(COLOURS, seed), palette);
        }
    }
}
