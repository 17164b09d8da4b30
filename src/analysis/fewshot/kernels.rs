//! Two products of matrices on the machine's widest registers.
//!
//! A column of the weights is a lane, so that each sum has one order on every machine, whatever its registers; and
//! products are rounded before they are added, which machines without fused instructions do as well.

use pulp::{Simd, WithSimd};

/// Columns of a matrix of weights are a multiple of this: the widest register.
pub const LANES: usize = 16;
/// Rows whose sums are held at once.
const TOGETHER: usize = 8;
/// Numbers of a row that are taken at once.
const STEP: usize = 16;

/// The columns that so many classes take.
pub fn width_of(classes: usize) -> usize {
    classes.max(1).next_multiple_of(LANES)
}

/// `values × weights`: of rows of `numbers` each, and weights of `numbers × width`, to rows of `width`.
pub fn products(values: &[f32], numbers: usize, weights: &[f32], width: usize, out: &mut [f32]) {
    debug_assert_eq!(weights.len(), numbers * width);
    debug_assert_eq!(values.len() / numbers.max(1), out.len() / width);
    pulp::Arch::new().dispatch(Products { values, numbers, weights, width, out });
}

/// Adds `valuesᵀ × residuals` to `sums`: of rows of `numbers`, and of `width`, to `numbers × width`.
pub fn add_outer(values: &[f32], numbers: usize, residuals: &[f32], width: usize, sums: &mut [f32]) {
    debug_assert_eq!(sums.len(), numbers * width);
    debug_assert_eq!(values.len() / numbers.max(1), residuals.len() / width);
    pulp::Arch::new().dispatch(Outer { values, numbers, residuals, width, sums });
}

/// `eˣ` for x up to 0, to some 2 · 10⁻⁶ of itself: the same on every machine, and faster than one that is exact. By the
/// whole powers of two and the series of what is left.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    const TERMS: [f32; 6] = [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0];
    /// From here on, the last bit of an `f32` counts ones: a sum with it is rounded.
    const ROUNDED: f32 = 12_582_912.0;
    let near = if x > -80.0 { x } else { -80.0 };
    let sum = near * std::f32::consts::LOG2_E + ROUNDED;
    let left = near - (sum - ROUNDED) * std::f32::consts::LN_2;
    let series = TERMS.iter().fold(0.0, |sum, term| (sum + term) * left) + 1.0;
    let power = f32::from_bits(sum.to_bits().wrapping_add(127) << 23);
    if x < -80.0 { 0.0 } else { series * power }
}

/// [`exp`] of all of these.
pub fn exp_all(values: &mut [f32]) {
    pulp::Arch::new().dispatch(|| values.iter_mut().for_each(|value| *value = exp(*value)));
}

struct Products<'a> {
    values: &'a [f32],
    numbers: usize,
    weights: &'a [f32],
    width: usize,
    out: &'a mut [f32],
}

impl WithSimd for Products<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { values, numbers, weights, width, out } = self;
        let vectors = width / S::F32_LANES;
        let (weights, _) = S::as_simd_f32s(weights);
        let (out, _) = S::as_mut_simd_f32s(out);
        let blocks = values.chunks(TOGETHER * numbers).zip(out.chunks_mut(TOGETHER * vectors));
        for (values, out) in blocks {
            if values.len() == TOGETHER * numbers {
                rows_at_once::<S, TOGETHER>(simd, values, numbers, weights, out);
            } else {
                for (values, out) in values.chunks_exact(numbers).zip(out.chunks_exact_mut(vectors)) {
                    rows_at_once::<S, 1>(simd, values, numbers, weights, out);
                }
            }
        }
    }
}

#[inline(always)]
fn rows_at_once<S: Simd, const ROWS: usize>(
    simd: S,
    values: &[f32],
    numbers: usize,
    weights: &[S::f32s],
    out: &mut [S::f32s],
) {
    let vectors = out.len() / ROWS;
    let mut rows = [&values[..numbers]; ROWS];
    for (row, values) in rows.iter_mut().zip(values.chunks_exact(numbers)) {
        *row = values;
    }
    for vector in 0..vectors {
        let mut sums = [simd.splat_f32s(0.0); ROWS];
        let mut start = 0;
        while start + STEP <= numbers {
            // Pieces of one length that is known, so that nothing has to be checked within.
            let pieces =
                rows.map(|row| row[start..].first_chunk::<STEP>().expect("the step ends within the row"));
            let weights = &weights[start * vectors..];
            for at in 0..STEP {
                add_products(simd, &mut sums, pieces.map(|piece| piece[at]), weights[at * vectors + vector]);
            }
            start += STEP;
        }
        for at in start..numbers {
            add_products(simd, &mut sums, rows.map(|row| row[at]), weights[at * vectors + vector]);
        }
        for (row, sum) in sums.into_iter().enumerate() {
            out[row * vectors + vector] = sum;
        }
    }
}

#[inline(always)]
fn add_products<S: Simd, const ROWS: usize>(
    simd: S,
    sums: &mut [S::f32s; ROWS],
    values: [f32; ROWS],
    weight: S::f32s,
) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum = simd.add_f32s(*sum, simd.mul_f32s(simd.splat_f32s(value), weight));
    }
}

struct Outer<'a> {
    values: &'a [f32],
    numbers: usize,
    residuals: &'a [f32],
    width: usize,
    sums: &'a mut [f32],
}

impl WithSimd for Outer<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { values, numbers, residuals, width, sums } = self;
        let vectors = width / S::F32_LANES;
        let (residuals, _) = S::as_simd_f32s(residuals);
        let (sums, _) = S::as_mut_simd_f32s(sums);
        let blocks = values.chunks(TOGETHER * numbers).zip(residuals.chunks(TOGETHER * vectors));
        for (values, residuals) in blocks {
            if values.len() == TOGETHER * numbers {
                add_rows::<S, TOGETHER>(simd, values, numbers, residuals, sums);
            } else {
                for (values, residuals) in values.chunks_exact(numbers).zip(residuals.chunks_exact(vectors)) {
                    add_rows::<S, 1>(simd, values, numbers, residuals, sums);
                }
            }
        }
    }
}

#[inline(always)]
fn add_rows<S: Simd, const ROWS: usize>(
    simd: S,
    values: &[f32],
    numbers: usize,
    residuals: &[S::f32s],
    sums: &mut [S::f32s],
) {
    let vectors = residuals.len() / ROWS;
    let mut rows = [&values[..numbers]; ROWS];
    for (row, values) in rows.iter_mut().zip(values.chunks_exact(numbers)) {
        *row = &values[..numbers];
    }
    for vector in 0..vectors {
        let mut parts = [simd.splat_f32s(0.0); ROWS];
        for (row, part) in parts.iter_mut().enumerate() {
            *part = residuals[row * vectors + vector];
        }
        for (at, sums) in sums.chunks_exact_mut(vectors).enumerate().take(numbers) {
            let mut sum = sums[vector];
            for (row, part) in parts.iter().enumerate() {
                sum = simd.add_f32s(sum, simd.mul_f32s(simd.splat_f32s(rows[row][at]), *part));
            }
            sums[vector] = sum;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(count: usize, seed: u32) -> Vec<f32> {
        (0..count as u32).map(|at| ((at * 37 + seed * 11) % 101) as f32 / 50.0 - 1.0).collect()
    }

    #[test]
    fn powers_of_e_are_near_enough() {
        for at in 0..8000 {
            let x = -(at as f32) / 100.0;
            let exact = f64::from(x).exp();
            assert!((f64::from(exp(x)) / exact - 1.0).abs() < 1e-5, "{x}");
        }
        let mut ends = [0.0, -1e9, f32::NEG_INFINITY];
        exp_all(&mut ends);
        assert_eq!(ends, [1.0, 0.0, 0.0]);
    }

    #[test]
    fn products_are_those_that_are_written_out() {
        for (rows, numbers, classes) in [(1, 1, 1), (8, 3, 16), (19, 5, 17), (3, 128, 10), (9, 37, 40)] {
            let width = width_of(classes);
            let (values, weights) = (made(rows * numbers, 1), made(numbers * width, 2));
            let mut out = vec![0.0; rows * width];
            products(&values, numbers, &weights, width, &mut out);
            let residuals = made(rows * width, 3);
            let mut outer = made(numbers * width, 4);
            add_outer(&values, numbers, &residuals, width, &mut outer);
            for column in 0..width {
                for row in 0..rows {
                    let mut sum = 0.0f32;
                    (0..numbers)
                        .for_each(|at| sum += values[row * numbers + at] * weights[at * width + column]);
                    assert_eq!(out[row * width + column], sum, "{rows} × {numbers} × {classes}");
                }
                for at in 0..numbers {
                    let mut sum = made(numbers * width, 4)[at * width + column];
                    (0..rows)
                        .for_each(|row| sum += values[row * numbers + at] * residuals[row * width + column]);
                    assert_eq!(outer[at * width + column], sum, "{rows} × {numbers} × {classes}");
                }
            }
        }
    }
}
