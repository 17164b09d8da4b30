//! Every pair of hashes within a Hamming distance: exact, none missed.
//!
//! A hash is cut into pieces of 16 bits. Two hashes within radius `r` are close in at least one
//! piece: were they farther apart than the radius of the piece in each, these distances plus one would
//! sum up to more than `r` (multi-index hashing: M. Norouzi, A. Punjani and D. J. Fleet, "Fast Exact
//! Search in Hamming Space with Multi-Index Hashing", TPAMI 2014). For each piece the hashes are sorted
//! by it, and only those whose piece is close enough are compared, many at once, by the fastest
//! instructions that the machine has.
//!
//! Hashes that are equal are one thing here: join those that differ, and count equal ones as copies of
//! the first.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use crate::jobs::{Cancelled, Control};

/// Bits of a piece, and how many values it can have.
const PIECE_BITS: u32 = 16;
const VALUES: usize = 1 << PIECE_BITS;
/// Values of a piece that a thread takes at once.
const BLOCK: usize = 256;
/// Hashes compared before a look at whether any fits.
const LANES: usize = 16;

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
}

/// Every pair of different hashes within a radius. Where there are more than `most` pairs, the radius
/// becomes smaller until there are not. Progress counts pieces of the work.
///
/// Hashes are words of 64 bits; equal ones are not paired, so give each once ([`distinct`]).
pub fn join<const W: usize>(
    hashes: &[[u64; W]],
    radius: u32,
    most: usize,
    control: &Control,
) -> Result<Join, Cancelled> {
    let mut radius = radius.min(64 * W as u32);
    loop {
        if let Some(mut pairs) = pairs_within(hashes, hashes, radius, most, control)? {
            pairs.retain(|pair| pair.distance > 0);
            pairs.par_sort_unstable();
            return Ok(Join { pairs, radius });
        }
        radius /= 2;
        if radius == 0 {
            return Ok(Join { pairs: Vec::new(), radius });
        }
    }
}

/// Every pair of a hash in `hashes` and one of another row in `others` within a radius, the closest
/// of each two rows. `others` holds further hashes of the same rows, in the same order, one or more
/// times over: those of the turned and mirrored pictures.
pub fn join_with<const W: usize>(
    hashes: &[[u64; W]],
    others: &[[u64; W]],
    radius: u32,
    most: usize,
    control: &Control,
) -> Result<Join, Cancelled> {
    let rows = hashes.len().max(1) as u32;
    let mut radius = radius.min(64 * W as u32);
    loop {
        if let Some(mut pairs) = pairs_within(hashes, others, radius, most, control)? {
            for pair in &mut pairs {
                let (a, b) = (pair.a, pair.b % rows);
                (pair.a, pair.b) = (a.min(b), a.max(b));
            }
            pairs.retain(|pair| pair.a != pair.b);
            pairs.par_sort_unstable();
            pairs.dedup_by_key(|pair| (pair.a, pair.b));
            return Ok(Join { pairs, radius });
        }
        radius /= 2;
        if radius == 0 {
            return Ok(Join { pairs: Vec::new(), radius });
        }
    }
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

/// How far apart two hashes can be in each piece at least once, for a radius: one less than shares
/// that sum up to `radius + 1`; a piece without a share is not looked at.
fn piece_radii(radius: u32, pieces: u32) -> Vec<Option<u32>> {
    let shares = |piece: u32| (radius + 1) / pieces + u32::from(piece < (radius + 1) % pieces);
    (0..pieces).map(|piece| shares(piece).checked_sub(1)).collect()
}

fn piece_of<const W: usize>(hash: &[u64; W], piece: usize) -> usize {
    ((hash[piece / 4] >> (PIECE_BITS as usize * (piece % 4))) & (VALUES as u64 - 1)) as usize
}

#[inline(always)]
fn distance_of<const W: usize>(one: &[u64; W], two: &[u64; W]) -> u32 {
    let mut bits = 0;
    for word in 0..W {
        bits += (one[word] ^ two[word]).count_ones();
    }
    bits
}

/// The pairs of two lists within a radius, `a` of the one and `b` of the other; each once. Of a list
/// and itself, each pair once in the order of its rows. `None` when there are more than `most`.
fn pairs_within<const W: usize>(
    one: &[[u64; W]],
    two: &[[u64; W]],
    radius: u32,
    most: usize,
    control: &Control,
) -> Result<Option<Vec<Pair>>, Cancelled> {
    let is_self = std::ptr::eq(one, two);
    let radii = piece_radii(radius, 4 * W as u32);
    let looked_at = radii.iter().flatten().count();
    control.begin("Comparing hashes", (looked_at * VALUES / BLOCK) as u64);
    let found = AtomicUsize::new(0);
    let arch = pulp::Arch::new();
    let mut all = Vec::new();
    for (piece, piece_radius) in radii.iter().enumerate() {
        let Some(piece_radius) = *piece_radius else { continue };
        let masks: Vec<usize> = (0..VALUES).filter(|mask| mask.count_ones() <= piece_radius).collect();
        let left = Sorted::new(one, piece);
        let right = if is_self { None } else { Some(Sorted::new(two, piece)) };
        let right = right.as_ref().unwrap_or(&left);
        let blocks = (0..VALUES / BLOCK).into_par_iter().map(|block| {
            let mut pairs = Vec::new();
            for value in block * BLOCK..(block + 1) * BLOCK {
                control.checkpoint()?;
                let from = left.of(value);
                if from.is_empty() {
                    continue;
                }
                let before = pairs.len();
                for mask in &masks {
                    let other = value ^ mask;
                    // Of a list and itself, each two values once.
                    if is_self && other < value {
                        continue;
                    }
                    let to = right.of(other);
                    if to.is_empty() {
                        continue;
                    }
                    let tell = |a: usize, b: usize, distance: u32| {
                        let (hash_a, hash_b) = (&left.hashes[a], &right.hashes[b]);
                        // A pair belongs to the first piece in which it is close.
                        let earlier = radii[..piece].iter().enumerate().any(|(piece, radius)| {
                            let differ = piece_of(hash_a, piece) ^ piece_of(hash_b, piece);
                            radius.is_some_and(|radius| differ.count_ones() <= radius)
                        });
                        let (a, b) = (left.rows[a], right.rows[b]);
                        if earlier || (is_self && a == b) || (is_self && other == value && a > b) {
                            return;
                        }
                        let (a, b) = if is_self { (a.min(b), a.max(b)) } else { (a, b) };
                        pairs.push(Pair { a, b, distance: distance as u16 });
                    };
                    // Compiled once for each set of instructions; the machine's best is taken.
                    arch.dispatch(|| scan(&left, from.clone(), right, to, radius, tell));
                    if pairs.len() - before > most {
                        break;
                    }
                }
                let new = pairs.len() - before;
                if found.fetch_add(new, Ordering::Relaxed) + new > most {
                    return Ok(Vec::new());
                }
            }
            control.add(1);
            Ok(pairs)
        });
        let found_here: Vec<Vec<Pair>> = blocks.collect::<Result<_, Cancelled>>()?;
        if found.load(Ordering::Relaxed) > most {
            return Ok(None);
        }
        all.reserve(found_here.iter().map(Vec::len).sum());
        found_here.into_iter().for_each(|pairs| all.extend(pairs));
    }
    Ok(Some(all))
}

/// Hashes in the order of one of their pieces.
struct Sorted<const W: usize> {
    hashes: Vec<[u64; W]>,
    rows: Vec<u32>,
    /// Where each value's hashes begin, and the end of the last.
    starts: Vec<u32>,
}

impl<const W: usize> Sorted<W> {
    fn new(hashes: &[[u64; W]], piece: usize) -> Self {
        let mut starts = vec![0u32; VALUES + 1];
        for hash in hashes {
            starts[piece_of(hash, piece) + 1] += 1;
        }
        for value in 0..VALUES {
            starts[value + 1] += starts[value];
        }
        let mut next = starts.clone();
        let mut sorted = Self { hashes: vec![[0; W]; hashes.len()], rows: vec![0; hashes.len()], starts };
        for (row, hash) in hashes.iter().enumerate() {
            let at = &mut next[piece_of(hash, piece)];
            sorted.hashes[*at as usize] = *hash;
            sorted.rows[*at as usize] = row as u32;
            *at += 1;
        }
        sorted
    }

    /// Where the hashes of a value are.
    fn of(&self, value: usize) -> std::ops::Range<usize> {
        self.starts[value] as usize..self.starts[value + 1] as usize
    }
}

/// Tells of each two hashes of two ranges that are within a radius.
#[inline(always)]
fn scan<const W: usize>(
    left: &Sorted<W>,
    from: std::ops::Range<usize>,
    right: &Sorted<W>,
    to: std::ops::Range<usize>,
    radius: u32,
    mut tell: impl FnMut(usize, usize, u32),
) {
    let others = &right.hashes[to.clone()];
    for a in from {
        let hash = &left.hashes[a];
        let mut at = to.start;
        let (lanes, rest) = others.as_chunks::<LANES>();
        for chunk in lanes {
            // Without a branch in it, many are compared by one instruction.
            let mut is_any = false;
            for other in chunk {
                is_any |= distance_of(hash, other) <= radius;
            }
            if is_any {
                for (lane, other) in chunk.iter().enumerate() {
                    let distance = distance_of(hash, other);
                    if distance <= radius {
                        tell(a, at + lane, distance);
                    }
                }
            }
            at += LANES;
        }
        for (lane, other) in rest.iter().enumerate() {
            let distance = distance_of(hash, other);
            if distance <= radius {
                tell(a, at + lane, distance);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn brute<const W: usize>(hashes: &[[u64; W]], radius: u32) -> Vec<Pair> {
        let mut pairs = Vec::new();
        for a in 0..hashes.len() {
            for b in a + 1..hashes.len() {
                let distance = distance_of(&hashes[a], &hashes[b]);
                if (1..=radius).contains(&distance) {
                    pairs.push(Pair { a: a as u32, b: b as u32, distance: distance as u16 });
                }
            }
        }
        pairs
    }

    /// Hashes near a few others, as those of copies are.
    fn near<const W: usize>() -> impl Strategy<Value = Vec<[u64; W]>> {
        let one = (0u64..5, prop::collection::vec(0..64 * W, 0..14)).prop_map(|(seed, flips)| {
            let mut hash = [0u64; W];
            for (word, value) in hash.iter_mut().enumerate() {
                *value = (seed + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(word as u32 * 7);
            }
            for flip in flips {
                hash[flip / 64] ^= 1 << (flip % 64);
            }
            hash
        });
        prop::collection::vec(one, 0..60)
    }

    #[test]
    fn radii_of_pieces_sum_up_to_one_more_than_the_radius() {
        for (radius, pieces, expected) in [
            (10, 4, vec![Some(2), Some(2), Some(2), Some(1)]),
            (0, 4, vec![Some(0), None, None, None]),
            (3, 4, vec![Some(0); 4]),
            (15, 4, vec![Some(3); 4]),
            (1, 16, [vec![Some(0); 2], vec![None; 14]].concat()),
        ] {
            assert_eq!(piece_radii(radius, pieces), expected, "{radius}");
        }
    }

    #[test]
    fn too_many_pairs_make_the_radius_smaller() {
        let hashes: Vec<[u64; 1]> = (0..1024).map(|at| [at]).collect();
        let all = join(&hashes, 4, usize::MAX, &Control::new()).unwrap();
        assert_eq!((all.radius, all.pairs), (4, brute(&hashes, 4)));
        let few = join(&hashes, 4, 6000, &Control::new()).unwrap();
        assert_eq!((few.radius, few.pairs), (1, brute(&hashes, 1)));
        let none = join(&hashes, 4, 10, &Control::new()).unwrap();
        assert_eq!((none.radius, none.pairs.len()), (0, 0));
    }

    #[test]
    fn a_join_can_be_cancelled() {
        let control = Control::new();
        control.cancel();
        assert_eq!(join(&[[0u64; 1], [1]], 3, 10, &control), Err(Cancelled));
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
        fn no_pair_is_missed(short in near::<1>(), long in near::<4>(), radius in 0u32..16) {
            let control = Control::new();
            let found = join(&short, radius, usize::MAX, &control).unwrap();
            prop_assert_eq!(found.pairs, brute(&short, radius));
            let found = join(&long, 2 * radius, usize::MAX, &control).unwrap();
            prop_assert_eq!(found.pairs, brute(&long, 2 * radius));
        }

        #[test]
        fn no_pair_with_another_list_is_missed(hashes in near::<1>(), radius in 0u32..12) {
            // Two further hashes of each row.
            let turned = |by: u32| hashes.iter().map(move |hash| [hash[0].rotate_left(by)]);
            let others: Vec<[u64; 1]> = turned(0).chain(turned(16)).collect();
            let found = join_with(&hashes, &others, radius, usize::MAX, &Control::new()).unwrap();
            let mut expected = Vec::new();
            for a in 0..hashes.len() {
                for b in a + 1..hashes.len() {
                    let between = |one: usize, two: usize| {
                        let both = [others[two], others[two + hashes.len()]];
                        both.map(|other| distance_of(&hashes[one], &other)).into_iter().min().unwrap()
                    };
                    let distance = between(a, b).min(between(b, a));
                    if distance <= radius {
                        expected.push(Pair { a: a as u32, b: b as u32, distance: distance as u16 });
                    }
                }
            }
            prop_assert_eq!(found.pairs, expected);
        }
    }
}
