//! Walks through memory: slices in, slices out, compiled for the fastest instructions that the machine has.
//!
//! This file refuses to know tensors.

use super::{Adam, Geometry, PADDING, STRIDE, Then};
use crate::train::config::KERNEL;

/// Numbers that a thread takes at once.
pub const BLOCK: usize = 16_384;

/// A part of Adam's step, for the fastest instructions that the machine has.
pub struct Walk<'a> {
    pub weights: &'a mut [f32],
    pub first: &'a mut [f32],
    pub second: &'a mut [f32],
    pub gradient: &'a [f32],
    pub rate: f32,
    pub root: f32,
}

impl pulp::NullaryFnOnce for Walk<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let numbers = self.weights.iter_mut().zip(self.first).zip(self.second).zip(self.gradient);
        for (((weight, first), second), gradient) in numbers {
            *first = *first * Adam::BETA_1 + gradient * (1.0 - Adam::BETA_1);
            *second = *second * Adam::BETA_2 + gradient * gradient * (1.0 - Adam::BETA_2);
            *weight -= *first * self.rate / (second.sqrt() * self.root + Adam::EPSILON);
        }
    }
}

pub struct AddRows<'a> {
    pub rows: &'a mut [f32],
    pub bias: &'a [f32],
    pub then: Then,
}

impl pulp::NullaryFnOnce for AddRows<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for row in self.rows.chunks_exact_mut(self.bias.len().max(1)) {
            match self.then {
                Then::Nothing => row.iter_mut().zip(self.bias).for_each(|(value, bias)| *value += bias),
                Then::Relu => {
                    row.iter_mut().zip(self.bias).for_each(|(value, bias)| *value = (*value + bias).max(0.0));
                }
            }
        }
    }
}

pub struct Mask<'a> {
    pub grad: &'a mut [f32],
    pub out: &'a [f32],
}

impl pulp::NullaryFnOnce for Mask<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for (grad, out) in self.grad.iter_mut().zip(self.out) {
            *grad = if *out > 0.0 { *grad } else { 0.0 };
        }
    }
}

pub struct SumRows<'a> {
    pub rows: &'a [f32],
    pub sums: &'a mut [f32],
}

impl pulp::NullaryFnOnce for SumRows<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for row in self.rows.chunks_exact(self.sums.len().max(1)) {
            self.sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
        }
    }
}

/// One sample's run of a row of the picture that a patch sees in one of its rows.
pub struct Run {
    /// First number in the patch.
    patch: usize,
    /// First number in the picture.
    picture: usize,
    len: usize,
}

/// The runs of every patch of a picture, in the order of the patches; of the padding there is none.
pub fn runs(at: Geometry) -> Vec<Run> {
    let (half, line) = (at.half(), KERNEL * at.channels);
    let mut runs = Vec::with_capacity(half * half * KERNEL);
    for row in 0..half {
        for column in 0..half {
            let patch = (row * half + column) * at.patch();
            let left = (column * STRIDE) as isize - PADDING as isize;
            let skipped = (-left).max(0) as usize;
            let start = left.max(0) as usize;
            let len = (KERNEL - skipped).min(at.side - start);
            for line_at in 0..KERNEL {
                let y = (row * STRIDE + line_at).checked_sub(PADDING);
                if let Some(y) = y.filter(|y| *y < at.side) {
                    runs.push(Run {
                        patch: patch + line_at * line + skipped * at.channels,
                        picture: (y * at.side + start) * at.channels,
                        len: len * at.channels,
                    });
                }
            }
        }
    }
    runs
}

/// Writes what every pixel of the smaller pictures sees of the larger ones: `rows_len` numbers of each
/// sample, whose picture has `picture_len`. Padding is left as it is.
pub fn lay_out(pictures: &[f32], picture_len: usize, rows: &mut [f32], rows_len: usize, runs: &[Run]) {
    for (rows, picture) in rows.chunks_exact_mut(rows_len).zip(pictures.chunks_exact(picture_len)) {
        for run in runs {
            rows[run.patch..][..run.len].copy_from_slice(&picture[run.picture..][..run.len]);
        }
    }
}

/// The transpose of [`lay_out`]: adds to each pixel what is of it in the rows.
pub fn gathered(
    rows: &[f32],
    rows_len: usize,
    pictures: &mut [f32],
    picture_len: usize,
    runs: &[Run],
    arch: pulp::Arch,
) {
    for (out, rows) in pictures.chunks_exact_mut(picture_len).zip(rows.chunks_exact(rows_len)) {
        arch.dispatch(Sum { runs, out, rows });
    }
}

/// Adds one sample's rows to its pixels, for the fastest instructions that the machine has.
struct Sum<'a> {
    runs: &'a [Run],
    out: &'a mut [f32],
    rows: &'a [f32],
}

impl pulp::NullaryFnOnce for Sum<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for run in self.runs {
            let to = &mut self.out[run.picture..][..run.len];
            for (to, from) in to.iter_mut().zip(&self.rows[run.patch..][..run.len]) {
                *to += from;
            }
        }
    }
}
