//! Perceptual hashes of a picture: aHash, dHash, pHash and wHash of 64 bits and a pHash of 256, as
//! imagededup defines them, and each of them as the picture would have it mirrored or turned.
//!
//! | hash | of the grey picture at | a bit is set where |
//! | --- | --- | --- |
//! | aHash | 8 × 8 | the pixel is at least the mean |
//! | dHash | 9 × 8 | the pixel is lighter than the one left of it |
//! | pHash | 32 × 32 | a coefficient of the top left 8 × 8 of its DCT-II is at least their median without the first |
//! | pHash, 256 bits | 64 × 64 | the same of the top left 16 × 16 |
//! | wHash | 256 × 256 | an approximation coefficient of the Haar wavelet at level 5 is at least their median |
//!
//! Bits go row by row, the first one highest. Sources: N. Krawetz, "Looks Like It" and "Kind of Like
//! That", hackerfactor.com 2011 and 2013; D. Petrov, "Wavelet image hash in Python", 2016; imagededup,
//! idealo 2019. A picture of one value has no hash, and neither has one that leaves all bits of it the
//! same, or nothing but rounding for the DCT to see: all of them would be alike.

use std::cell::OnceCell;
use std::f64::consts::PI;
use std::sync::LazyLock;

use super::resize::{Filter, Plane};
use super::symmetry::{Symmetry, laid, laid_waves};

/// A picture that is larger than this on its longer side is first brought to it by means: hashes
/// are of what is left at a tenth of that.
const MAX_EDGE: usize = 1024;

/// One of the hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HashKind {
    Ahash,
    Dhash,
    Phash,
    Whash,
    /// The pHash of 256 bits.
    LongPhash,
}

impl HashKind {
    pub const ALL: [Self; 5] = [Self::Ahash, Self::Dhash, Self::Phash, Self::Whash, Self::LongPhash];
}

/// A picture to take hashes of. What a hash needs is computed with the first hash that needs it.
pub struct Hashable {
    /// Grey, at most [`MAX_EDGE`] on its longer side.
    grey: Plane,
    /// 8 × 8.
    eight: OnceCell<Option<Plane>>,
    /// 9 × 8, and 8 × 9 for a picture on its side.
    across: OnceCell<Option<Plane>>,
    down: OnceCell<Option<Plane>>,
    /// The DCT of 32 × 32, the top left 8 × 8 of it.
    low: OnceCell<Option<Vec<f64>>>,
    /// The DCT of 64 × 64, the top left 16 × 16 of it.
    low_16: OnceCell<Option<Vec<f64>>>,
    /// Sums of blocks of 32 × 32 of 256 × 256: what the Haar wavelet leaves at level 5, but for a factor.
    blocks: OnceCell<Option<Vec<f64>>>,
}

impl Hashable {
    /// `None` where all pixels are alike.
    pub fn of(grey: &Plane) -> Option<Self> {
        let first = *grey.data.first()?;
        if grey.data.iter().all(|value| *value == first) {
            return None;
        }
        let edge = grey.width.max(grey.height);
        let to = |side: usize| if edge > MAX_EDGE { (side * MAX_EDGE / edge).max(1) } else { side };
        Some(Self {
            grey: grey.resized(to(grey.width), to(grey.height), Filter::Mean)?,
            eight: OnceCell::new(),
            across: OnceCell::new(),
            down: OnceCell::new(),
            low: OnceCell::new(),
            low_16: OnceCell::new(),
            blocks: OnceCell::new(),
        })
    }

    /// A hash of the picture after a symmetry, as words of which the short hashes have one; `None`
    /// where the picture is too plain for it, or there was no memory for it.
    pub fn hash(&self, kind: HashKind, symmetry: Symmetry) -> Option<[u64; 4]> {
        let at = |width, height| self.grey.resized(width, height, Filter::Lanczos);
        let words = match kind {
            HashKind::Ahash => {
                let eight = self.eight.get_or_init(|| at(8, 8)).as_ref()?;
                let sum: u32 = eight.data.iter().map(|value| u32::from(*value)).sum();
                let eight = laid(&eight.data, 8, 8, symmetry);
                bits(eight.iter().map(|value| u32::from(*value) * 64 >= sum))
            }
            HashKind::Dhash => {
                // What a turned picture is at 9 × 8 is the picture at 8 × 9, turned.
                let small = match symmetry.turns % 2 {
                    1 => self.down.get_or_init(|| at(8, 9)),
                    _ => self.across.get_or_init(|| at(9, 8)),
                };
                let small = small.as_ref()?;
                let nine = laid(&small.data, small.width, small.height, symmetry);
                bits(nine.chunks_exact(9).flat_map(|row| row.windows(2).map(|pair| pair[1] > pair[0])))
            }
            HashKind::Phash => {
                let low = self.low.get_or_init(|| Some(dct(&at(32, 32)?, &DCT_32, 8)));
                over_median(laid_waves(low.as_ref()?, 8, symmetry))?
            }
            HashKind::LongPhash => {
                let low = self.low_16.get_or_init(|| Some(dct(&at(64, 64)?, &DCT_64, 16)));
                over_median(laid_waves(low.as_ref()?, 16, symmetry))?
            }
            HashKind::Whash => {
                let blocks = self.blocks.get_or_init(|| Some(haar(&at(256, 256)?)));
                let blocks = laid(blocks.as_ref()?, 8, 8, symmetry);
                let middle = median(blocks.clone());
                bits(blocks.iter().map(|value| *value >= middle))
            }
        };
        if words.iter().all(|word| *word == 0) || words.iter().all(|word| *word == u64::MAX) {
            return None;
        }
        let mut hash = [0; 4];
        hash.iter_mut().zip(words).for_each(|(to, word)| *to = word);
        Some(hash)
    }
}

/// The hashes of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hashes {
    pub ahash: u64,
    pub dhash: u64,
    pub phash: u64,
    pub whash: u64,
    pub phash_256: [u64; 4],
}

impl Hashes {
    /// The hashes of a grey picture; `None` where all of its pixels are alike.
    pub fn of(grey: &Plane) -> Option<Self> {
        Self::after(&Hashable::of(grey)?, Symmetry::NONE)
    }

    /// The hashes of a grey picture under all eight symmetries, in the order of [`Symmetry::all`].
    pub fn of_all(grey: &Plane) -> Option<[Self; 8]> {
        let picture = Hashable::of(grey)?;
        let all: Option<Vec<Self>> =
            Symmetry::all().into_iter().map(|symmetry| Self::after(&picture, symmetry)).collect();
        all?.try_into().ok()
    }

    fn after(picture: &Hashable, symmetry: Symmetry) -> Option<Self> {
        let hash = |kind| picture.hash(kind, symmetry);
        Some(Self {
            ahash: hash(HashKind::Ahash)?[0],
            dhash: hash(HashKind::Dhash)?[0],
            phash: hash(HashKind::Phash)?[0],
            whash: hash(HashKind::Whash)?[0],
            phash_256: hash(HashKind::LongPhash)?,
        })
    }
}

/// Sums of the 8 × 8 blocks of 32 × 32 of a picture of 256 × 256.
fn haar(wide: &Plane) -> Vec<f64> {
    let mut blocks = vec![0.0; 64];
    for (y, row) in wide.data.chunks_exact(256).enumerate() {
        for (x, block) in row.chunks_exact(32).enumerate() {
            blocks[y / 32 * 8 + x] += f64::from(block.iter().map(|value| u32::from(*value)).sum::<u32>());
        }
    }
    blocks
}

/// Bits, the first one highest, in words of 64.
fn bits(bits: impl Iterator<Item = bool>) -> Vec<u64> {
    let mut words = Vec::new();
    for (at, bit) in bits.enumerate() {
        if at % 64 == 0 {
            words.push(0);
        }
        if let Some(word) = words.last_mut() {
            *word |= u64::from(bit) << (63 - at % 64);
        }
    }
    words
}

/// `None` where there are no waves.
fn over_median(coefficients: Vec<f64>) -> Option<Vec<u64>> {
    /// What rounding leaves of waves that are not there.
    const ROUNDING: f64 = 1e-6;
    let waves = &coefficients[1..];
    let middle = median(waves.to_vec());
    let is_there = waves.iter().any(|value| value.abs() > ROUNDING);
    is_there.then(|| bits(coefficients.iter().map(|value| *value >= middle)))
}

/// The middle value; the mean of the two in the middle of an even number.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
}

static DCT_32: LazyLock<Vec<f64>> = LazyLock::new(|| cosines(32, 8));
static DCT_64: LazyLock<Vec<f64>> = LazyLock::new(|| cosines(64, 16));

/// `cos(π (x + ½) u / size)` for the first `count` waves `u`, row by row.
fn cosines(size: usize, count: usize) -> Vec<f64> {
    let wave = |u: usize| (0..size).map(move |x| (PI * (x as f64 + 0.5) * u as f64 / size as f64).cos());
    (0..count).flat_map(wave).collect()
}

/// The top left `count × count` of the DCT-II of a square, without its factors, which are the same
/// for all.
fn dct(square: &Plane, cosines: &[f64], count: usize) -> Vec<f64> {
    let size = square.width;
    let dot = |wave: usize, values: &[f64]| -> f64 {
        cosines[wave * size..(wave + 1) * size].iter().zip(values).map(|(cos, value)| cos * value).sum()
    };
    // Rows first: `across[u * size + y]`.
    let mut across = vec![0.0; count * size];
    let mut row = vec![0.0; size];
    for (y, values) in square.data.chunks_exact(size).enumerate() {
        for (to, value) in row.iter_mut().zip(values) {
            *to = f64::from(*value);
        }
        for u in 0..count {
            across[u * size + y] = dot(u, &row);
        }
    }
    let mut low = vec![0.0; count * count];
    for v in 0..count {
        for u in 0..count {
            low[v * count + u] = dot(v, &across[u * size..(u + 1) * size]);
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture without any symmetry of its own.
    fn picture(width: usize, height: usize) -> Plane {
        let value = |at: usize| {
            let (x, y) = ((at % width) as f64 / width as f64, (at / width) as f64 / height as f64);
            let waves = (x * 7.0 + y * 3.0).sin() + (x * x * 9.0 - y * 4.0).cos() + x * 1.5 - y;
            (120.0 + 45.0 * waves) as u8
        };
        Plane::new(width, height, (0..width * height).map(value).collect()).unwrap()
    }

    fn turned(plane: &Plane, symmetry: Symmetry) -> Plane {
        let data = laid(&plane.data, plane.width, plane.height, symmetry);
        let on_side = symmetry.turns % 2 == 1;
        let (width, height) = if on_side { (plane.height, plane.width) } else { (plane.width, plane.height) };
        Plane::new(width, height, data).unwrap()
    }

    fn distance(one: &Hashes, two: &Hashes) -> [u32; 5] {
        let long = one.phash_256.iter().zip(two.phash_256).map(|(a, b)| (a ^ b).count_ones()).sum();
        [
            (one.ahash ^ two.ahash).count_ones(),
            (one.dhash ^ two.dhash).count_ones(),
            (one.phash ^ two.phash).count_ones(),
            (one.whash ^ two.whash).count_ones(),
            long,
        ]
    }

    #[test]
    fn a_symmetry_of_the_hash_is_the_hash_of_the_symmetry() {
        let plane = picture(96, 64);
        let all = Hashes::of_all(&plane).unwrap();
        for (symmetry, expected) in Symmetry::all().into_iter().zip(&all) {
            let direct = Hashes::of(&turned(&plane, symmetry)).unwrap();
            // Rounding in the resize may tip what is nearly equal.
            for (at, bits) in distance(&direct, expected).into_iter().enumerate() {
                assert!(bits <= 2, "{symmetry:?}, hash {at}: {bits} bits");
            }
        }
        assert!(distance(&all[0], &all[4])[2] > 10, "a mirror image has another hash");
    }

    #[test]
    fn one_value_has_no_hash() {
        for value in [0, 7, 255] {
            assert_eq!(Hashes::of(&Plane::new(20, 10, vec![value; 200]).unwrap()), None);
        }
        assert!(Hashes::of(&Plane::new(2, 2, vec![1, 2, 2, 1]).unwrap()).is_some());
        assert!(Hashes::of(&picture(3000, 3)).is_some(), "the long are brought to size");
    }

    #[test]
    fn constant_hashes_are_none() {
        // A white page with a few specks, and one that gets lighter to the right everywhere.
        let mut page = Plane::new(900, 700, vec![255; 900 * 700]).unwrap();
        [70_123, 200_456, 500_789].into_iter().for_each(|at| page.data[at] = 250);
        let ramp = Plane::new(90, 80, (0..90 * 80).map(|at| (at % 90) as u8).collect()).unwrap();
        for (name, plane, kind, is_there) in [
            ("page", &page, HashKind::Ahash, false),
            ("page", &page, HashKind::Dhash, false),
            ("page", &page, HashKind::Phash, false),
            ("page", &page, HashKind::LongPhash, false),
            ("ramp", &ramp, HashKind::Dhash, false),
            ("ramp", &ramp, HashKind::Phash, true),
            ("ramp", &ramp, HashKind::Ahash, true),
        ] {
            let hash = Hashable::of(plane).unwrap().hash(kind, Symmetry::NONE);
            assert_eq!(hash.is_some(), is_there, "{name} {kind:?}: {hash:?}");
        }
    }
}
