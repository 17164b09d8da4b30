//! Every pair of hashes within a Hamming distance: exact, none missed.
//!
//! A hash is cut into pieces. Two hashes within radius `r` are close in at least one piece: were they
//! farther apart than a share of the radius in each, these distances would sum up to more than `r`
//! (multi-index hashing: M. Norouzi, A. Punjani and D. J. Fleet, "Fast Exact Search in Hamming Space
//! with Multi-Index Hashing", TPAMI 2014). For each piece the hashes are sorted by it, and only those
//! whose piece is close enough are compared, many at once, by the fastest instructions that the
//! machine has.
//!
//! Pairs are counted by their distance while they are found. Where there are more than a caller has
//! room for, the radius becomes the largest that has few enough, and what lies beyond is no longer
//! looked for: a million hashes that are all close to each other take seconds, and no more memory than
//! the pairs that are kept.

mod instructions;
mod pieces;
mod search;
mod tally;

use rayon::prelude::*;

use crate::jobs::{Cancelled, Control};

/// Two hashes that are close.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    /// Rows of the hashes, `a < b`.
    pub a: u32,
    pub b: u32,
    /// Bits that differ.
    pub distance: u16,
}

/// What a join found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Join {
    /// Every pair within `radius`, by row.
    pub pairs: Vec<Pair>,
    /// The radius that is complete: less than what was asked for where there were too many pairs.
    pub radius: u32,
    /// `false` where even pairs of equal hashes were too many: there are none then.
    pub is_complete: bool,
}

/// Every pair of hashes within a radius: the largest radius, up to the one asked for, of which there
/// are at most `most` pairs. Progress counts pieces of the work.
///
/// Hashes are words of 64 bits. Give each once ([`distinct`]): equal ones are pairs as well, and many
/// equal ones are more pairs than anyone has room for.
pub fn join<const W: usize>(
    hashes: &[[u64; W]],
    radius: u32,
    most: usize,
    control: &Control,
) -> Result<Join, Cancelled> {
    search::pairs_within(hashes, None, radius, most, control)
}

/// Every pair of a hash in `hashes` and one of another row in `others` within a radius: the largest
/// radius, up to the one asked for, of which there are at most `most` pairs. `others` holds further
/// hashes of the same rows, in the same order, one or more times over: those of the turned and mirrored
/// pictures. Two rows are one pair, at the least distance that any of their hashes have; a row is no
/// pair with itself.
pub fn join_with<const W: usize>(
    hashes: &[[u64; W]],
    others: &[[u64; W]],
    radius: u32,
    most: usize,
    control: &Control,
) -> Result<Join, Cancelled> {
    search::pairs_within(hashes, Some(others), radius, most, control)
}

/// Each hash once, and the place of each row's hash among them.
pub fn distinct<const W: usize>(hashes: &[[u64; W]]) -> (Vec<[u64; W]>, Vec<u32>) {
    let mut order: Vec<u32> = (0..hashes.len() as u32).collect();
    order.par_sort_unstable_by_key(|row| (hashes[*row as usize], *row));
    let (mut first, mut place_of) = (Vec::new(), vec![0; hashes.len()]);
    for row in order {
        let hash = hashes[row as usize];
        if first.last() != Some(&hash) {
            first.push(hash);
        }
        place_of[row as usize] = first.len() as u32 - 1;
    }
    (first, place_of)
}

/// Bits that differ; as wide as the words, so that many are counted without narrowing each.
#[inline(always)]
fn distance_of<const W: usize>(one: &[u64; W], two: &[u64; W]) -> u64 {
    let mut bits = 0;
    for word in 0..W {
        bits += u64::from((one[word] ^ two[word]).count_ones());
    }
    bits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::pieces::{Cut, PER_WORD};
    use super::*;

    /// Two hashes of rows, or one: every pair within a radius, by looking at each.
    fn brute<const W: usize>(one: &[[u64; W]], two: Option<&[[u64; W]]>, radius: u32) -> Vec<Pair> {
        let mut pairs = Vec::new();
        for a in 0..one.len() {
            for b in a + 1..one.len() {
                let nearest = |from: usize, to: usize| {
                    let turned = two.unwrap_or(one)[to..].iter().step_by(one.len());
                    turned.map(|hash| distance_of(&one[from], hash)).min().unwrap()
                };
                let distance = nearest(a, b).min(nearest(b, a));
                if distance <= u64::from(radius) {
                    pairs.push(Pair { a: a as u32, b: b as u32, distance: distance as u16 });
                }
            }
        }
        pairs
    }

    /// The answer by its definition: the largest radius of which there are few enough pairs.
    fn expected<const W: usize>(
        one: &[[u64; W]],
        two: Option<&[[u64; W]]>,
        radius: u32,
        most: usize,
    ) -> Join {
        let mut pairs = brute(one, two, radius);
        for radius in (0..=radius.min(64 * W as u32)).rev() {
            pairs.retain(|pair| u32::from(pair.distance) <= radius);
            if pairs.len() <= most {
                return Join { pairs, radius, is_complete: true };
            }
        }
        Join { pairs: Vec::new(), radius: 0, is_complete: false }
    }

    /// Asserts that a search is right by every cut of the hashes.
    fn check<const W: usize>(one: &[[u64; W]], two: Option<&[[u64; W]]>, radius: u32, most: usize) {
        let expected = expected(one, two, radius, most);
        let control = Control::new();
        let found = search::pairs_within(one, two, radius, most, &control).unwrap();
        assert_eq!(found, expected, "radius {radius}, most {most}");
        for per_word in PER_WORD {
            let cut = Cut::new(one, Some(per_word));
            let radius = radius.min(64 * W as u32);
            let found = search::pairs_by(&cut, one, two, radius, most, &control).unwrap();
            assert_eq!(found, expected, "radius {radius}, most {most}, {per_word} pieces");
        }
    }

    fn mixed(at: u64) -> u64 {
        let mixed = (at + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9)
    }

    /// Hashes near a few others, as those of copies are.
    fn near<const W: usize>() -> impl Strategy<Value = Vec<[u64; W]>> {
        let one = (0u64..5, prop::collection::vec(0..64 * W, 0..14)).prop_map(|(seed, flips)| {
            let mut hash = [0u64; W];
            for (word, value) in hash.iter_mut().enumerate() {
                *value = mixed(seed + 5 * word as u64);
            }
            for flip in flips {
                hash[flip / 64] ^= 1 << (flip % 64);
            }
            hash
        });
        prop::collection::vec(one, 0..60)
    }

    #[test]
    fn the_radius_becomes_the_largest_that_has_few_enough_pairs() {
        // Of 2^10 values 5120 pairs differ in one bit, 23,040 in two, 61,440 in three.
        let hashes: Vec<[u64; 1]> = (0..1024).map(|at| [at << 20]).collect();
        for (most, radius, pairs) in [
            (usize::MAX, 4, 197_120),
            (89_600, 3, 89_600),
            (89_599, 2, 28_160),
            (28_159, 1, 5120),
            (5119, 0, 0),
            (0, 0, 0),
        ] {
            let found = join(&hashes, 4, most, &Control::new()).unwrap();
            assert_eq!((found.radius, found.pairs.len(), found.is_complete), (radius, pairs, true));
            assert_eq!(found.pairs, brute(&hashes, None, radius));
        }
        let equal = vec![[7u64]; 1000];
        let found = join(&equal, 4, 10_000, &Control::new()).unwrap();
        assert_eq!(found, Join { pairs: Vec::new(), radius: 0, is_complete: false });
    }

    #[test]
    fn slices_and_blocks_end_where_they_should() {
        // More hashes than a slice has in one bucket, and more than a block.
        let hashes: Vec<[u64; 1]> = (0..2600).map(|at| [mixed(at) & 0xFFF_FFFF]).collect();
        check(&hashes[..700], None, 3, usize::MAX);
        check(&hashes[..100], Some(&hashes[..2500]), 3, usize::MAX);
        let found = join(&hashes, 4, usize::MAX, &Control::new()).unwrap();
        assert_eq!(found.pairs, brute(&hashes, None, 4));
    }

    #[test]
    fn radii_beyond_the_bits_are_all_of_them() {
        let hashes: Vec<[u64; 1]> = [0, u64::MAX, 1, 1 << 63].map(|hash| [hash]).to_vec();
        for radius in [63, 64, 65, u32::MAX] {
            let found = join(&hashes, radius, usize::MAX, &Control::new()).unwrap();
            assert_eq!(found, expected(&hashes, None, radius, usize::MAX), "{radius}");
        }
        let long: Vec<[u64; 4]> = vec![[0; 4], [u64::MAX; 4], [1; 4]];
        let found = join(&long, u32::MAX, usize::MAX, &Control::new()).unwrap();
        assert_eq!((found.radius, found.pairs.len()), (256, 3));
        check(&hashes, None, 64, usize::MAX);
    }

    #[test]
    fn a_row_is_no_pair_with_itself_turned() {
        // The first is its own mirror image; the second and the third are each other's.
        let hashes = [[0x0F0F], [0x00FF], [0xFF00], [0xABCD]].map(|hash: [u64; 1]| hash);
        let others = [[0x0F0F], [0xFF00], [0x00FF], [0x1234]].map(|hash: [u64; 1]| hash);
        let twice = [others, hashes].concat();
        for (radius, most, pairs, reached) in [(0, 9, 1, 0), (5, 1, 1, 5), (8, 2, 2, 6), (8, 9, 6, 8)] {
            let found = join_with(&hashes, &others, radius, most, &Control::new()).unwrap();
            let rows: Vec<(u32, u32)> = found.pairs.iter().map(|pair| (pair.a, pair.b)).collect();
            assert!(rows.contains(&(1, 2)), "{rows:?}");
            assert_eq!((rows.len(), found.radius, found.is_complete), (pairs, reached, true));
            check(&hashes, Some(&others), radius, most);
            check(&hashes, Some(&twice), radius, most);
        }
        let found = join_with(&hashes, &others, 0, 0, &Control::new()).unwrap();
        assert_eq!((found.pairs.len(), found.is_complete), (0, false));
        let none = join_with::<1>(&[], &[], 3, 9, &Control::new()).unwrap();
        assert_eq!(none, Join { pairs: Vec::new(), radius: 3, is_complete: true });
    }

    /// Black borders: a quarter of the bits are the same in all hashes, in one piece if they were cut
    /// as they lie.
    #[test]
    fn many_hashes_that_are_equal_in_one_piece_are_compared() {
        let sparse: Vec<[u64; 1]> =
            (0..30_000).map(|at| [mixed(at / 2 * 2) << 16 ^ (at & 1) << 40]).collect();
        let found = join(&sparse, 2, 100_000, &Control::new()).unwrap();
        assert_eq!((found.pairs.len(), found.radius), (15_000, 2));
        let dense: Vec<[u64; 1]> = (0..60_000).map(|at| [at << 16]).collect();
        let found = join(&dense, 10, 5_000, &Control::new()).unwrap();
        assert_eq!((found.pairs.len(), found.radius), (0, 0));
    }

    #[test]
    fn any_number_of_threads_finds_the_same() {
        let hashes: Vec<[u64; 1]> = (0..3000).map(|at| [mixed(at) & 0xFFFF]).collect();
        let (hashes, _) = distinct(&hashes);
        let found = [1, 2, 7].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| join(&hashes, 6, 70_000, &Control::new()).unwrap())
        });
        assert_eq!((found[0].radius, found[0].is_complete), (3, true));
        assert_eq!(found[0], found[1]);
        assert_eq!(found[0], found[2]);
    }

    #[test]
    fn a_join_can_be_cancelled() {
        let control = Control::new();
        control.cancel();
        assert_eq!(join(&[[0u64; 1], [1]], 3, 10, &control), Err(Cancelled));

        // In the middle: after the first of its slices, of which each alone takes a while.
        let hashes: Vec<[u64; 1]> = (0..200_000).map(|at| [mixed(at)]).collect();
        let cut = Cut::new(&hashes, None);
        let control = Control::new();
        let owner = control.clone();
        let canceller = std::thread::spawn(move || {
            while owner.progress().done == 0 {
                std::thread::yield_now();
            }
            owner.cancel();
            std::time::Instant::now()
        });
        let found = search::pairs_by(&cut, &hashes, None, 16, usize::MAX, &control);
        let waited = canceller.join().unwrap().elapsed();
        assert_eq!(found, Err(Cancelled));
        assert!(control.progress().done < 100, "{:?}", control.progress());
        assert!(waited.as_secs() < 10, "{waited:?}");
    }

    #[test]
    fn equal_hashes_are_one() {
        let (once, place_of) = distinct(&[[5u64], [3], [5], [9], [3]]);
        assert_eq!((once, place_of), (vec![[3], [5], [9]], vec![1, 0, 1, 2, 0]));
        assert_eq!(distinct::<1>(&[]), (vec![], vec![]));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..Default::default() })]

        #[test]
        fn no_pair_is_missed(
            short in near::<1>(),
            long in near::<4>(),
            radius in 0u32..18,
            most in prop_oneof![0usize..200, Just(usize::MAX)],
        ) {
            check(&short, None, radius, most);
            check(&long, None, 3 * radius, most);
        }

        #[test]
        fn no_pair_with_another_list_is_missed(
            hashes in near::<1>(),
            radius in 0u32..18,
            most in prop_oneof![0usize..200, Just(usize::MAX)],
        ) {
            // Two further hashes of each row.
            let turned = |by: u32| hashes.iter().map(move |hash| [hash[0].rotate_left(by)]);
            let others: Vec<[u64; 1]> = turned(0).chain(turned(16)).collect();
            check(&hashes, Some(&others), radius, most);
        }
    }
}
