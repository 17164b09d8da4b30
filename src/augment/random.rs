//! Random numbers that depend on nothing but a key and a place, the same in Rust and in a shader: a
//! counter-based generator of 32-bit arithmetic.
//!
//! A key is made from the seed, the sample, the variant and the operation, so that no sample depends on another
//! one, nor on threads, on the order of work or on the device. What the shaders compute is
//! `shaders/augment/random.wgsl`.

/// Which stream of numbers: every sample, variant and operation has its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key(pub [u32; 2]);

impl Key {
    /// The key of one variant of one sample. `sample` says which sample it is on any machine, in any order: see
    /// [`sample_key`].
    pub fn new(seed: u64, sample: u64, variant: u32) -> Self {
        let halves = |number: u64| [number as u32, (number >> 32) as u32];
        let [[a, b], [c, d]] = [halves(seed), halves(sample)];
        let [x, y, ..] = mixed([a, b, c, d]);
        Self([x, y]).child(variant)
    }

    /// The key of a part: an operation of a pipeline, a purpose of an operation.
    pub fn child(self, part: u32) -> Self {
        let [x, y, ..] = mixed([self.0[0], self.0[1], part, 0x6c65_6e73]);
        Self([x, y])
    }

    /// The numbers of this key, one after the other.
    pub fn draw(self) -> Draw {
        Draw { key: self, drawn: 0 }
    }

    /// 128 bits that belong to a place, such as a pixel.
    #[inline]
    pub fn at(self, x: u32, y: u32) -> [u32; 4] {
        mixed([self.0[0], self.0[1], x, y])
    }
}

/// Says which sample it is by what names it in its dataset, so that a copy of the dataset elsewhere, or one with
/// more samples in it, gives every sample the same numbers.
pub fn sample_key(name: &str) -> u64 {
    let hash = blake3::hash(name.as_bytes());
    u64::from_le_bytes(hash.as_bytes()[..8].try_into().expect("a hash has 32 bytes"))
}

/// The numbers of a key, one after the other.
#[derive(Clone, Debug)]
pub struct Draw {
    key: Key,
    drawn: u32,
}

impl Draw {
    /// Uniform over all 64 bits.
    pub fn bits(&mut self) -> u64 {
        let [x, y, ..] = mixed([self.key.0[0], self.key.0[1], self.drawn, 0x6472_6177]);
        self.drawn += 1;
        u64::from(x) << 32 | u64::from(y)
    }

    /// Uniform from 0 to 1, without 1, in steps of 2⁻⁵³.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform from `low` to `high`.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + self.unit() * (high - low)
    }

    /// Uniform in `0..end`; 0 where `end` is 0. The bias is under 2⁻³².
    pub fn below(&mut self, end: u32) -> u32 {
        (((self.bits() >> 32) * u64::from(end)) >> 32) as u32
    }

    /// Whether it happens, with this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Normal with mean 0 and deviation 1 (G. E. P. Box and M. E. Muller, 1958).
    pub fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.unit()));
        radius * libm::cos(std::f64::consts::TAU * self.unit())
    }

    /// From the beta distribution with both parameters `alpha`, by M. D. Jöhnk (1964) for `alpha` up to 1 and
    /// as the quotient of gamma variates by G. Marsaglia and W. W. Tsang (2000) above.
    pub fn beta(&mut self, alpha: f64) -> f64 {
        if alpha <= 1.0 {
            // At 0.01, every second pair is taken; the bound is for alphas that are next to nothing.
            for _ in 0..1000 {
                let (x, y) = (libm::pow(self.unit(), 1.0 / alpha), libm::pow(self.unit(), 1.0 / alpha));
                if x + y > 0.0 && x + y <= 1.0 {
                    return x / (x + y);
                }
            }
            return f64::from(u8::from(self.chance(0.5)));
        }
        let (x, y) = (self.gamma(alpha), self.gamma(alpha));
        x / (x + y)
    }

    /// From the gamma distribution of this shape, at least 1, and scale 1.
    pub fn gamma(&mut self, shape: f64) -> f64 {
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / libm::sqrt(9.0 * d);
        loop {
            let x = self.normal();
            let v = libm::pow(1.0 + c * x, 3.0);
            if v > 0.0 && libm::log(1.0 - self.unit()) < 0.5 * x * x + d - d * v + d * libm::log(v) {
                return d * v;
            }
        }
    }

    /// Fisher–Yates.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u32 + 1) as usize);
        }
    }
}

/// `pcg4d` of M. Jarzynski and M. Olano, "Hash Functions for GPU Rendering", Journal of Computer Graphics
/// Techniques 9(3), 2020, and once more the upper bits over the lower ones, which are not quite even without it.
#[inline]
pub fn mixed(place: [u32; 4]) -> [u32; 4] {
    let [mut x, mut y, mut z, mut w] =
        place.map(|number| number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
    (x, y, z, w) = stirred(x, y, z, w);
    (x, y, z, w) = (x ^ x >> 16, y ^ y >> 16, z ^ z >> 16, w ^ w >> 16);
    (x, y, z, w) = stirred(x, y, z, w);
    [x ^ x >> 16, y ^ y >> 16, z ^ z >> 16, w ^ w >> 16]
}

#[inline]
fn stirred(mut x: u32, mut y: u32, mut z: u32, mut w: u32) -> (u32, u32, u32, u32) {
    x = x.wrapping_add(y.wrapping_mul(w));
    y = y.wrapping_add(z.wrapping_mul(x));
    z = z.wrapping_add(x.wrapping_mul(y));
    w = w.wrapping_add(y.wrapping_mul(z));
    (x, y, z, w)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_s_numbers_are_its_own() {
        let first = |seed, sample, variant| Key::new(seed, sample, variant).draw().bits();
        let base = first(1, 7, 0);
        assert_eq!(base, first(1, 7, 0));
        for other in
            [first(2, 7, 0), first(1, 8, 0), first(1, 7, 1), first(1, 7 << 32, 0), first(1 << 32, 7, 0)]
        {
            assert_ne!(base, other);
        }
        let key = Key::new(1, 2, 3);
        assert_ne!(key.child(0), key.child(1));
        assert_ne!(key.at(0, 1), key.at(1, 0));
    }

    #[test]
    fn numbers_are_spread_as_they_should_be() {
        let mut draw = Key::new(3, 0, 0).draw();
        let count = 20_000;
        let mean_and_deviation = |numbers: &[f64]| {
            let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
            let variance = numbers.iter().map(|number| (number - mean).powi(2)).sum::<f64>();
            (mean, (variance / numbers.len() as f64).sqrt())
        };
        // The variance of Beta(a, a) is 1 / (4 (2 a + 1)).
        let beta = |alpha: f64| (0.5, (1.0 / (4.0 * (2.0 * alpha + 1.0))).sqrt());
        type Source = fn(&mut Draw) -> f64;
        let rows: [(&str, Source, (f64, f64)); 5] = [
            ("unit", |draw| draw.unit(), (0.5, (1.0f64 / 12.0).sqrt())),
            ("normal", |draw| draw.normal(), (0.0, 1.0)),
            ("beta 0.2", |draw| draw.beta(0.2), beta(0.2)),
            ("beta 1", |draw| draw.beta(1.0), beta(1.0)),
            ("beta 4", |draw| draw.beta(4.0), beta(4.0)),
        ];
        for (name, source, expected) in rows {
            let numbers: Vec<f64> = (0..count).map(|_| source(&mut draw)).collect();
            let found = mean_and_deviation(&numbers);
            assert!((found.0 - expected.0).abs() < 0.02, "{name}: {found:?} for {expected:?}");
            assert!((found.1 - expected.1).abs() < 0.02, "{name}: {found:?} for {expected:?}");
        }
        let mut seen = [0u32; 5];
        for _ in 0..5000 {
            seen[draw.below(5) as usize] += 1;
        }
        assert!(seen.iter().all(|&count| (850..1150).contains(&count)), "{seen:?}");
        assert_eq!(draw.below(0), 0);
    }

    #[test]
    fn neighbouring_places_have_nothing_in_common() {
        // Every bit of the next pixel's numbers is another one half of the time.
        let key = Key::new(9, 9, 9);
        let mut changed = [0u32; 128];
        for at in 0..2000 {
            let (here, next) = (key.at(at, 5), key.at(at + 1, 5));
            for (bit, count) in changed.iter_mut().enumerate() {
                *count += (here[bit / 32] ^ next[bit / 32]) >> (bit % 32) & 1;
            }
        }
        assert!(changed.iter().all(|count| (880..1120).contains(count)), "{changed:?}");
    }
}
