//! Blocks of 8 × 8: the discrete cosine transform, rounded to steps, and back.
//!
//! The transforms are those of Y. Arai, T. Agui and M. Nakajima, "A Fast DCT-SQ Scheme for Images", 1988:
//! what they scale is in the tables.

/// Side of a block.
pub const BLOCK: usize = 8;

/// Columns that are treated at once: eight blocks.
pub const GROUP: usize = 64;

/// Eight rows of eight blocks.
type Tile = [[f32; GROUP]; BLOCK];

/// How a transformed tile is rounded to steps.
pub struct Tables {
    /// Makes a coefficient's scale 8.
    eighths: Tile,
    /// Half a step in eighths, and a half of an eighth, so that what is just a step does not depend on
    /// `over`.
    half: Tile,
    /// One by a step in eighths.
    over: Tile,
    /// A step, scaled for the way back.
    after: Tile,
}

/// How a coefficient is rounded: the entries of [`Tables`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rounding {
    pub eighths: f32,
    pub half: f32,
    pub over: f32,
    pub after: f32,
}

/// Steps at quality 50, row by row: tables K.1 and K.2 of ITU-T T.81.
pub(crate) const LUMA: [u32; 64] = [
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17,
    22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78,
    87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
];
pub(crate) const CHROMA: [u32; 64] = [
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
];

/// What the transform scales the k-th coefficient by: 1, then √2 cos(kπ/16).
const SCALES: [f64; 8] = [
    1.0,
    1.387_039_845_322_147_5,
    1.306_562_964_876_376_5,
    1.175_875_602_419_358_8,
    1.0,
    0.785_694_958_387_102_1,
    0.541_196_100_146_197,
    0.275_899_379_282_943_1,
];

/// How the coefficient of row `down` and column `right` is rounded at a quality, with the steps at quality 50.
pub(crate) fn rounding(steps: &[u32; 64], quality: u32, [down, right]: [usize; 2]) -> Rounding {
    let quality = quality.clamp(1, 100);
    let percent = if quality < 50 { 5000 / quality } else { 200 - 2 * quality };
    let step = ((steps[down * BLOCK + right] * percent + 50) / 100).clamp(1, 255);
    let scale = SCALES[down] * SCALES[right];
    Rounding {
        eighths: (1.0 / scale) as f32,
        half: (4 * step) as f32 + 0.5,
        over: 1.0 / (8 * step) as f32,
        after: (scale * f64::from(step) / 8.0) as f32,
    }
}

impl Tables {
    pub fn luma(quality: u32) -> Self {
        Self::new(&LUMA, quality)
    }

    pub fn chroma(quality: u32) -> Self {
        Self::new(&CHROMA, quality)
    }

    fn new(steps: &[u32; 64], quality: u32) -> Self {
        let zero = [[0.0; GROUP]; BLOCK];
        let mut tables = Self { eighths: zero, half: zero, over: zero, after: zero };
        for row in 0..BLOCK {
            for column in 0..GROUP {
                // A tile is turned between the two passes, so that its rows are a block's columns.
                let Rounding { eighths, half, over, after } = rounding(steps, quality, [column % BLOCK, row]);
                tables.eighths[row][column] = eighths;
                tables.half[row][column] = half;
                tables.over[row][column] = over;
                tables.after[row][column] = after;
            }
        }
        tables
    }
}

/// Rounds eight blocks to their steps: eight rows of values, `stride` apart, from `start` on.
#[inline(always)]
pub fn store(rows: &mut [u8], stride: usize, start: usize, tables: &Tables) {
    let (mut tile, mut turned) = ([[0.0; GROUP]; BLOCK], [[0.0; GROUP]; BLOCK]);
    for (y, row) in tile.iter_mut().enumerate() {
        let values: &[u8; GROUP] = rows[y * stride + start..].first_chunk().expect("rows have whole groups");
        for at in 0..GROUP {
            row[at] = f32::from(values[at]) - 128.0;
        }
    }
    transform(&mut tile);
    turn(&tile, &mut turned);
    transform(&mut turned);
    for (at, row) in turned.iter_mut().enumerate() {
        let Tables { eighths, half, over, after } = tables;
        quantise(row, [&eighths[at], &half[at], &over[at], &after[at]]);
    }
    invert(&mut turned);
    turn(&turned, &mut tile);
    invert(&mut tile);
    for (y, row) in tile.iter().enumerate() {
        let values: &mut [u8; GROUP] =
            rows[y * stride + start..].first_chunk_mut().expect("rows have whole groups");
        for at in 0..GROUP {
            values[at] = crate::augment::cpu::filter::level(row[at] + 128.0);
        }
    }
}

/// Rounds coefficients to eighths, as encoders have them, and then to steps, away from 0 where there is a
/// half.
#[inline(always)]
fn quantise(row: &mut [f32; GROUP], [eighths, half, over, after]: [&[f32; GROUP]; 4]) {
    for at in 0..GROUP {
        let coefficient = rounded(row[at] * eighths[at]);
        let steps = ((coefficient.abs() + half[at]) * over[at]).floor();
        row[at] = steps.copysign(coefficient) * after[at];
    }
}

/// To the nearest whole number; of two, the even one. What is rounded is less than 2²².
#[inline(always)]
fn rounded(number: f32) -> f32 {
    const ONES: f32 = 12_582_912.0;
    (number + ONES) - ONES
}

/// Each block's rows as its columns.
#[inline(always)]
fn turn(from: &Tile, to: &mut Tile) {
    for block in (0..GROUP).step_by(BLOCK) {
        for row in 0..BLOCK {
            for column in 0..BLOCK {
                to[row][block + column] = from[column][block + row];
            }
        }
    }
}

/// The cosine transform of every column, scaled.
#[inline(always)]
fn transform(tile: &mut Tile) {
    const HALF_TURN: f32 = std::f32::consts::FRAC_1_SQRT_2;
    let [t0, t1, t2, t3, t4, t5, t6, t7] = tile;
    for at in 0..GROUP {
        let (sum07, sum16, sum25, sum34) =
            (t0[at] + t7[at], t1[at] + t6[at], t2[at] + t5[at], t3[at] + t4[at]);
        let (diff07, diff16, diff25, diff34) =
            (t0[at] - t7[at], t1[at] - t6[at], t2[at] - t5[at], t3[at] - t4[at]);
        let (outer, inner) = (sum07 + sum34, sum16 + sum25);
        let (outer_less, inner_less) = (sum07 - sum34, sum16 - sum25);
        t0[at] = outer + inner;
        t4[at] = outer - inner;
        let turned = (inner_less + outer_less) * HALF_TURN;
        t2[at] = outer_less + turned;
        t6[at] = outer_less - turned;
        let (a, b, c) = (diff34 + diff25, diff25 + diff16, diff16 + diff07);
        let shared = (a - c) * 0.382_683_43;
        let (low, high) = (a * 0.541_196_1 + shared, c * 1.306_563 + shared);
        let middle = b * HALF_TURN;
        let (more, less) = (diff07 + middle, diff07 - middle);
        t5[at] = less + low;
        t3[at] = less - low;
        t1[at] = more + high;
        t7[at] = more - high;
    }
}

/// The inverse of [`transform`], but for scales.
#[inline(always)]
fn invert(tile: &mut Tile) {
    const ROOT: f32 = std::f32::consts::SQRT_2;
    let [t0, t1, t2, t3, t4, t5, t6, t7] = tile;
    for at in 0..GROUP {
        let (sum04, diff04) = (t0[at] + t4[at], t0[at] - t4[at]);
        let sum26 = t2[at] + t6[at];
        let diff26 = (t2[at] - t6[at]) * ROOT - sum26;
        let (even0, even3) = (sum04 + sum26, sum04 - sum26);
        let (even1, even2) = (diff04 + diff26, diff04 - diff26);
        let (sum53, diff53) = (t5[at] + t3[at], t5[at] - t3[at]);
        let (sum17, diff17) = (t1[at] + t7[at], t1[at] - t7[at]);
        let odd0 = sum17 + sum53;
        let shared = (diff53 + diff17) * 1.847_759_1;
        let odd1 = shared - diff53 * 2.613_126 - odd0;
        let odd2 = (sum17 - sum53) * ROOT - odd1;
        let odd3 = shared - diff17 * 1.082_392_2 - odd2;
        (t0[at], t7[at]) = (even0 + odd0, even0 - odd0);
        (t1[at], t6[at]) = (even1 + odd1, even1 - odd1);
        (t2[at], t5[at]) = (even2 + odd2, even2 - odd2);
        (t3[at], t4[at]) = (even3 + odd3, even3 - odd3);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_its_cosine_transform_in_steps() {
        let before: Vec<u8> =
            (0..GROUP * BLOCK).map(|at| (60 + at % GROUP / 8 * 20 + at * 73 % 13) as u8).collect();
        let stored = |quality| {
            let mut rows = before.clone();
            store(&mut rows, GROUP, 0, &Tables::luma(quality));
            rows
        };
        // At quality 100, steps are 1: what comes back is off by what rounding 64 coefficients does.
        assert!(before.iter().zip(&stored(100)).all(|(a, b)| a.abs_diff(*b) <= 2));
        // At quality 1, steps are 255: only the mean of a block is left, in parts of eight.
        for block in 0..8 {
            let values = (0..64).map(|at| f64::from(before[at / 8 * GROUP + block * 8 + at % 8]) - 128.0);
            let steps = (values.sum::<f64>() / 8.0 / 255.0).round();
            let expected = (steps * 255.0 / 8.0 + 128.0).round() as u8;
            assert!(stored(1)[block * 8].abs_diff(expected) <= 1, "{block}");
        }
        // A single coefficient is a wave, which stays but for its own rounding.
        let wave = |x: usize, y: usize| {
            let turn =
                |at: usize, count: f64| libm::cos((2 * at + 1) as f64 * count * std::f64::consts::PI / 16.0);
            (128.0 + 60.0 * turn(x, 2.0) * turn(y, 1.0)).round() as u8
        };
        let mut rows: Vec<u8> = (0..GROUP * BLOCK).map(|at| wave(at % 8, at / GROUP)).collect();
        let expected = rows.clone();
        store(&mut rows, GROUP, 0, &Tables::luma(50));
        assert!(rows.iter().zip(&expected).all(|(a, b)| a.abs_diff(*b) <= 2));
    }
}
