//! Numbers that depend only on (seed, sample, purpose, position): a counter-based generator.
//!
//! The n-th number of a stream is `mix(key + n·γ)`, SplitMix64 read as a counter generator (Steele,
//! Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014; constants from
//! Vigna's `splitmix64.c`). A stream's key is mixed from seed, sample and purpose, so no sample
//! depends on another one, nor on which thread draws it. Good enough to draw with, not for secrets.

/// The golden ratio's odd 64-bit fraction, γ.
const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// What a stream of numbers decides. A new purpose leaves the other ones' numbers as they were.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    ClassOrder = 1,
    FaultOrder,
    LabelOrder,
    CopyOrder,
    Split,
    Label,
    Original,
    Encoding,
    Scene,
    Fault,
}

/// One stream of numbers.
#[derive(Clone, Debug)]
pub struct Stream {
    key: u64,
    drawn: u64,
}

impl Stream {
    /// The stream of a sample for one purpose; whole-dataset purposes use sample 0.
    pub fn new(seed: u64, sample: u32, purpose: Purpose) -> Self {
        let key = mix(mix(seed.wrapping_add(GAMMA)) ^ (u64::from(sample) << 8 | purpose as u64));
        Self { key, drawn: 0 }
    }

    /// Uniform over all 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.drawn += 1;
        mix(self.key.wrapping_add(self.drawn.wrapping_mul(GAMMA)))
    }

    /// Uniform in `0..end`; 0 when `end` is 0. The bias of multiply-shift is below 2⁻³².
    pub fn below(&mut self, end: u32) -> u32 {
        (((self.bits() >> 32) * u64::from(end)) >> 32) as u32
    }

    /// Uniform in `low..=high`.
    pub fn range(&mut self, low: i32, high: i32) -> i32 {
        low + self.below((high - low + 1) as u32) as i32
    }

    /// True so many times in a hundred.
    pub fn percent(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// One of the slice, which must not be empty.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u32) as usize]
    }

    /// Fisher–Yates.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u32 + 1) as usize);
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
        let first = |seed, sample, purpose| Stream::new(seed, sample, purpose).bits();
        let base = first(1, 7, Purpose::Scene);
        assert_eq!(base, first(1, 7, Purpose::Scene));
        for other in [first(2, 7, Purpose::Scene), first(1, 8, Purpose::Scene), first(1, 7, Purpose::Fault)] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn numbers_stay_in_range_and_reach_its_ends() {
        let mut stream = Stream::new(3, 0, Purpose::Split);
        let mut seen = [0u32; 5];
        for _ in 0..5000 {
            seen[(stream.range(-2, 2) + 2) as usize] += 1;
        }
        assert!(seen.iter().all(|&count| (850..1150).contains(&count)), "{seen:?}");
        assert_eq!(stream.below(0), 0);
    }

    #[test]
    fn a_shuffle_keeps_every_item() {
        let mut items: Vec<u32> = (0..1000).collect();
        Stream::new(1, 0, Purpose::FaultOrder).shuffle(&mut items);
        assert_ne!(items[..10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        items.sort_unstable();
        assert!(items.into_iter().eq(0..1000));
    }
}
