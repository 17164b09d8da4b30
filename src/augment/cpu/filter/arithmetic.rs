//! What weighted sums are counted in: numbers of 16 bits where they will do, which fit twice as many into a
//! register, and `f32`.

use pulp::Simd;

/// Numbers in whole blocks, on any machine. As many of 16 bits stay in registers while a sum grows.
pub const BLOCK: usize = 128;

/// The nearest level; of two, the even one.
#[inline(always)]
pub fn level(number: f32) -> u8 {
    // Comparisons and not `clamp`, and the bits of a sum and not a cast: these are single instructions for
    // many numbers at once. From 2²³ on, the last bit of an `f32` counts ones.
    let number = if number > 0.0 { number } else { 0.0 };
    let number = if number < 255.0 { number } else { 255.0 };
    (number + 8_388_608.0).to_bits() as u8
}

/// A neighbour: where its row of numbers begins, and what it counts.
#[derive(Clone, Copy)]
pub struct Tap<N> {
    pub start: usize,
    pub weight: N,
}

/// What sums are counted in.
pub trait Arithmetic: Copy {
    type Number: Copy + Default;

    fn number(value: u8) -> Self::Number;

    /// What the taps come to, for as many values as there is room for, which are whole [`BLOCK`]s.
    fn sum<S: Simd>(
        self,
        simd: S,
        numbers: &[Self::Number],
        taps: &[Tap<Self::Number>],
        sums: &mut [Self::Number],
    );

    fn level(sum: Self::Number) -> u8;
}

/// Any weights: levels as `f32`, and what is added to a sum.
#[derive(Clone, Copy)]
pub struct Floating {
    pub plus: f32,
}

impl Arithmetic for Floating {
    type Number = f32;

    #[inline(always)]
    fn number(value: u8) -> f32 {
        f32::from(value)
    }

    #[inline(always)]
    fn sum<S: Simd>(self, simd: S, numbers: &[f32], taps: &[Tap<f32>], sums: &mut [f32]) {
        // Four vectors of sums stay in registers while one neighbour after the other is added.
        let block = 4 * S::F32_LANES;
        for (at, sums) in sums.chunks_exact_mut(block).enumerate() {
            let mut held = [simd.splat_f32s(self.plus); 4];
            for tap in taps {
                let (values, _) = S::as_simd_f32s(&numbers[tap.start + at * block..][..block]);
                let weight = simd.splat_f32s(tap.weight);
                for (held, value) in held.iter_mut().zip(values) {
                    // Not fused: not every machine could do the same.
                    *held = simd.add_f32s(*held, simd.mul_f32s(*value, weight));
                }
            }
            S::as_mut_simd_f32s(sums).0.copy_from_slice(&held);
        }
    }

    #[inline(always)]
    fn level(sum: f32) -> u8 {
        level(sum)
    }
}

/// Means of few weights in 16 bits: a number is 256 times how far a level is from 128, a weight 2¹⁵ times
/// what it counts.
#[derive(Clone, Copy)]
pub struct Fixed {
    /// What products lose on average: a half each.
    lost: i16,
}

/// The most weights in 16 bits. A product is off by 1/256 of a level at most, so that all together stay below
/// an eighth of one along a row and as much across: where all is the same, it stays.
const FEW: usize = 31;

impl Fixed {
    /// The weights in 16 bits; `None` unless they are those of a mean and fit.
    pub fn new(weights: &[f32]) -> Option<(Self, Vec<i16>)> {
        let sum: f32 = weights.iter().sum();
        if weights.len() > FEW || (sum - 1.0).abs() > 1e-4 || weights.iter().any(|weight| *weight < 0.0) {
            return None;
        }
        let mut fixed: Vec<i32> =
            weights.iter().map(|weight| (weight / sum * 32_768.0).round() as i32).collect();
        let total: i32 = fixed.iter().sum();
        fixed[weights.len() / 2] += 32_768 - total;
        let fixed: Option<Vec<i16>> = fixed.into_iter().map(|weight| i16::try_from(weight).ok()).collect();
        let fixed = fixed?;
        let lost = fixed.iter().filter(|weight| **weight != 0).count() as i16 / 2;
        Some((Self { lost }, fixed))
    }
}

impl Arithmetic for Fixed {
    type Number = i16;

    #[inline(always)]
    fn number(value: u8) -> i16 {
        i16::from((value ^ 0x80) as i8) << 8
    }

    #[inline(always)]
    fn sum<S: Simd>(self, _: S, numbers: &[i16], taps: &[Tap<i16>], sums: &mut [i16]) {
        for (at, sums) in sums.as_chunks_mut::<BLOCK>().0.iter_mut().enumerate() {
            let mut held = [self.lost; BLOCK];
            for tap in taps {
                let values: &[i16; BLOCK] =
                    numbers[tap.start + at * BLOCK..].first_chunk().expect("blocks are whole");
                for (held, value) in held.iter_mut().zip(values) {
                    // The upper half of a product of 16 bits is one instruction.
                    *held = held.wrapping_add(((i32::from(*value) * i32::from(tap.weight)) >> 16) as i16);
                }
            }
            for (sum, held) in sums.iter_mut().zip(held) {
                *sum = held << 1;
            }
        }
    }

    #[inline(always)]
    fn level(sum: i16) -> u8 {
        (sum.saturating_add(128) >> 8) as u8 ^ 0x80
    }
}
