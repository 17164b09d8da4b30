//! Numbers that depend only on seed, place and purpose: a counter-based generator, so that a run can go on
//! from any step and be the one that was never interrupted.

use std::f32::consts::TAU;

/// The golden ratio's odd 64-bit fraction, γ.
const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// What a stream of numbers decides. A new purpose leaves the other ones' numbers as they were.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    Weights = 1,
    Order,
    Noise,
    HeldOutNoise,
    Prior,
    Mixture,
    Posterior,
}

/// One stream: SplitMix64 read as a counter generator (G. L. Steele, D. Lea and C. H. Flood, "Fast
/// splittable pseudorandom number generators", OOPSLA 2014).
#[derive(Clone, Debug)]
pub struct Stream {
    key: u64,
    drawn: u64,
}

impl Stream {
    pub fn new(seed: u64, place: u64, purpose: Purpose) -> Self {
        let key = mix(mix(mix(seed.wrapping_add(GAMMA)) ^ place.wrapping_mul(GAMMA)) ^ purpose as u64);
        Self { key, drawn: 0 }
    }

    /// Uniform over all 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.drawn += 1;
        mix(self.key.wrapping_add(self.drawn.wrapping_mul(GAMMA)))
    }

    /// Uniform from 0 to 1, without 1.
    pub fn unit(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1u64 << 24) as f32
    }

    /// Uniform in `0..end`; 0 when `end` is 0. The bias is under 2⁻³² for what fits in memory.
    pub fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.bits()) * end as u128) >> 64) as usize
    }

    /// Normal with mean 0 and variance 1, two at once (G. E. P. Box and M. E. Muller, 1958).
    pub fn normals(&mut self) -> [f32; 2] {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        let turn = TAU * self.unit();
        [radius * turn.cos(), radius * turn.sin()]
    }

    /// So many normal numbers.
    pub fn normal_vec(&mut self, count: usize) -> Vec<f32> {
        let mut numbers: Vec<f32> = (0..count.div_ceil(2)).flat_map(|_| self.normals()).collect();
        numbers.truncate(count);
        numbers
    }

    /// Fisher–Yates.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

/// Stafford's variant 13 of the MurmurHash3 finaliser, as in SplitMix64.
pub fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_repeatable_and_apart() {
        let first = |seed, place, purpose| Stream::new(seed, place, purpose).bits();
        let base = first(1, 7, Purpose::Noise);
        assert_eq!(base, first(1, 7, Purpose::Noise));
        for other in [first(2, 7, Purpose::Noise), first(1, 8, Purpose::Noise), first(1, 7, Purpose::Order)] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn normals_have_mean_0_and_variance_1() {
        let numbers = Stream::new(3, 0, Purpose::Noise).normal_vec(20_001);
        assert_eq!(numbers.len(), 20_001);
        let count = numbers.len() as f32;
        let mean = numbers.iter().sum::<f32>() / count;
        let variance = numbers.iter().map(|number| (number - mean).powi(2)).sum::<f32>() / count;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.03, "{mean} {variance}");
    }
}
