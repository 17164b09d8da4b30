//! How hashes are cut into pieces: how many, of which bits, and in which order they are looked at.
//!
//! With `P` pieces, piece `p` at a distance of `s` bits is step `s · P + p`. Two hashes of which no
//! step up to `r` holds differ in more than `r` bits: each piece adds at least what it must. So the
//! least step of a pair is never above its distance, and that step alone tells of it: it depends on
//! the two hashes and not on the radius, which may become smaller on the way.
//!
//! Bits that are the same in most hashes (black borders do that) tell little. They are dealt to the
//! pieces in turn, so that each piece cuts the hashes about as well as any other.

use std::ops::{Range, RangeInclusive};

use rayon::prelude::*;

/// Into how many pieces a word may be cut.
pub const PER_WORD: RangeInclusive<u32> = 4..=8;
/// Bits of a piece at most: it has a table of as many values.
const MOST_BITS: u32 = 16;
/// Comparisons that take as long as a look at two buckets.
const LOOK: f64 = 400.0;
/// Hashes that are asked for how often each bit is set.
const ASKED: usize = 1 << 16;

/// Where hashes are cut. `W` is the words of 64 bits that each has.
pub struct Cut<const W: usize> {
    pieces: Vec<Piece>,
    /// For each byte of a hash and each value of it, its bits where they are dealt to.
    table: Vec<[[u64; W]; 256]>,
}

/// Some bits of a word. With none all hashes are in one bucket, and each is compared with each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    word: usize,
    shift: u32,
    bits: u32,
}

impl Piece {
    #[inline(always)]
    fn of<const W: usize>(self, hash: &[u64; W]) -> u32 {
        (hash[self.word] >> self.shift) as u32 & ((1 << self.bits) - 1)
    }
}

impl<const W: usize> Cut<W> {
    /// The cut by which comparing these hashes with so many others takes the least time.
    pub fn best(hashes: &[[u64; W]], others: usize, radius: u32) -> Self {
        let (rows, comparisons) = (hashes.len() as f64, hashes.len() as f64 * others as f64);
        let cost = |per_word: u32| {
            let pieces = pieces::<W>(per_word);
            let cost = pieces.iter().zip(0..).map(|(piece, at)| {
                let buckets = f64::from(1u32 << piece.bits);
                let apart = (0..=piece.bits).filter(|apart| apart * pieces.len() as u32 + at <= radius);
                let looks: f64 = apart.map(|apart| choose(piece.bits, apart)).sum();
                looks * (comparisons / buckets + LOOK * buckets.min(rows))
            });
            cost.sum::<f64>()
        };
        let best = PER_WORD.min_by(|one, two| cost(*one).total_cmp(&cost(*two)));
        // Each with each has but one look.
        Self::new(hashes, best.filter(|best| cost(*best) < comparisons))
    }

    /// Each word cut into so many pieces, or hashes not cut at all: one piece that says nothing.
    pub fn new(hashes: &[[u64; W]], per_word: Option<u32>) -> Self {
        let whole = vec![Piece { word: 0, shift: 0, bits: 0 }];
        let pieces = per_word.map_or(whole, pieces::<W>);
        let table = table(&dealt(hashes, &pieces));
        Self { pieces, table }
    }

    /// How many pieces there are.
    pub fn len(&self) -> usize {
        self.pieces.len()
    }

    /// The hashes with their bits where they are dealt to, which leaves distances as they are.
    pub fn deal(&self, hashes: &[[u64; W]]) -> Vec<[u64; W]> {
        let deal = |hash: &[u64; W]| {
            let mut dealt = [0; W];
            for (byte, values) in hash.iter().flat_map(|word| word.to_le_bytes()).zip(&self.table) {
                for (to, bits) in dealt.iter_mut().zip(values[usize::from(byte)]) {
                    *to |= bits;
                }
            }
            dealt
        };
        hashes.par_iter().map(deal).collect()
    }

    #[inline(always)]
    pub fn value(&self, hash: &[u64; W], piece: usize) -> u32 {
        self.pieces[piece].of(hash)
    }

    /// The step at which two values of a piece that differ in these bits are looked at.
    #[inline(always)]
    pub fn step(&self, piece: usize, differ: u32) -> u32 {
        differ.count_ones() * self.pieces.len() as u32 + piece as u32
    }

    /// Whether a step before this one holds for two hashes too.
    #[inline(always)]
    pub fn is_earlier(&self, one: &[u64; W], two: &[u64; W], step: u32) -> bool {
        let steps = self.pieces.iter().enumerate();
        steps.map(|(at, piece)| self.step(at, piece.of(one) ^ piece.of(two))).any(|other| other < step)
    }

    /// By which bits two values of a piece may differ within a radius, the fewest first.
    pub fn masks(&self, piece: usize, radius: u32) -> Vec<u32> {
        let values = 0..1u32 << self.pieces[piece].bits;
        let mut masks: Vec<u32> = values.filter(|mask| self.step(piece, *mask) <= radius).collect();
        masks.sort_by_key(|mask| mask.count_ones());
        masks
    }
}

/// Hashes in the order of one of their pieces.
pub struct Sorted<const W: usize> {
    pub hashes: Vec<[u64; W]>,
    pub rows: Vec<u32>,
    /// Where each value's hashes begin, and the end of the last.
    starts: Vec<u32>,
}

impl<const W: usize> Sorted<W> {
    pub fn new(hashes: &[[u64; W]], cut: &Cut<W>, piece: usize) -> Self {
        let values = 1 << cut.pieces[piece].bits;
        let mut starts = vec![0u32; values + 1];
        for hash in hashes {
            starts[cut.value(hash, piece) as usize + 1] += 1;
        }
        for value in 0..values {
            starts[value + 1] += starts[value];
        }
        let mut next = starts.clone();
        let mut sorted = Self { hashes: vec![[0; W]; hashes.len()], rows: vec![0; hashes.len()], starts };
        for (row, hash) in hashes.iter().enumerate() {
            let at = &mut next[cut.value(hash, piece) as usize];
            sorted.hashes[*at as usize] = *hash;
            sorted.rows[*at as usize] = row as u32;
            *at += 1;
        }
        sorted
    }

    /// Where the hashes of a value are.
    #[inline(always)]
    pub fn of(&self, value: u32) -> Range<usize> {
        let value = value as usize;
        self.starts[value] as usize..self.starts[value + 1] as usize
    }
}

/// Each word cut into so many pieces; what is left over of its bits is in none.
fn pieces<const W: usize>(per_word: u32) -> Vec<Piece> {
    let room = 64 / per_word;
    let piece = |word, at| Piece { word, shift: at * room, bits: room.min(MOST_BITS) };
    (0..W).flat_map(|word| (0..per_word).map(move |at| piece(word, at))).collect()
}

fn choose(from: u32, count: u32) -> f64 {
    (0..count).map(|at| f64::from(from - at) / f64::from(at + 1)).product()
}

/// Where each bit goes: the most even ones to the pieces in turn, and those that are in none last.
fn dealt<const W: usize>(hashes: &[[u64; W]], pieces: &[Piece]) -> Vec<usize> {
    let every = hashes.len() / ASKED + 1;
    let mut set = vec![0usize; 64 * W];
    for hash in hashes.iter().step_by(every) {
        for (at, set) in set.iter_mut().enumerate() {
            *set += (hash[at / 64] >> (at % 64)) as usize & 1;
        }
    }
    let asked = hashes.len().div_ceil(every);
    let mut bits: Vec<usize> = (0..64 * W).collect();
    bits.sort_by_key(|bit| (2 * set[*bit]).abs_diff(asked));

    let place = |piece: &Piece, at: u32| piece.word * 64 + (piece.shift + at) as usize;
    let mut places: Vec<usize> = Vec::with_capacity(64 * W);
    for at in 0..MOST_BITS {
        places.extend(pieces.iter().filter(|piece| at < piece.bits).map(|piece| place(piece, at)));
    }
    let mut is_taken = vec![false; 64 * W];
    places.iter().for_each(|place| is_taken[*place] = true);
    places.extend((0..64 * W).filter(|place| !is_taken[*place]));

    let mut to = vec![0; 64 * W];
    bits.into_iter().zip(places).for_each(|(bit, place)| to[bit] = place);
    to
}

fn table<const W: usize>(to: &[usize]) -> Vec<[[u64; W]; 256]> {
    let mut table = vec![[[0; W]; 256]; 8 * W];
    for (bit, place) in to.iter().enumerate() {
        for (value, dealt) in table[bit / 8].iter_mut().enumerate() {
            dealt[place / 64] |= ((value as u64 >> (bit % 8)) & 1) << (place % 64);
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deal_moves_each_bit_to_a_place_of_its_own() {
        // Sixteen bits of a word are the same in all hashes.
        let hashes: Vec<[u64; 2]> =
            (1..5000u64).map(|at| [at.wrapping_mul(0x9E37_79B9_7F4A_7C15) << 16, at * at]).collect();
        for per_word in PER_WORD {
            let pieces = pieces::<2>(per_word);
            let mut to = dealt(&hashes, &pieces);
            for (bit, place) in to.iter().enumerate().take(16) {
                let is_last = |piece: &Piece| {
                    let from = piece.word * 64 + piece.shift as usize;
                    (from..from + piece.bits as usize / 2).contains(place)
                };
                assert!(!pieces.iter().any(is_last), "bit {bit} is among the even ones at {place}");
            }
            to.sort_unstable();
            assert_eq!(to, (0..128).collect::<Vec<_>>());
        }
    }

    #[test]
    fn no_pair_has_its_first_step_beyond_its_distance() {
        let hashes: Vec<[u64; 1]> =
            (0..200_000).map(|at: u64| [at.wrapping_mul(0x9E37_79B9_7F4A_7C15)]).collect();
        let cut = Cut::best(&hashes, hashes.len(), 10);
        assert!(cut.len() > 1, "so many are cut");
        let dealt = cut.deal(&hashes);
        for one in 0..40 {
            for two in 0..hashes.len() / 100 {
                let distance = (hashes[one][0] ^ hashes[two][0]).count_ones();
                assert_eq!((dealt[one][0] ^ dealt[two][0]).count_ones(), distance);
                assert!(cut.is_earlier(&dealt[one], &dealt[two], distance + 1));
            }
        }
    }

    #[test]
    fn few_hashes_are_not_cut() {
        assert_eq!(Cut::best(&[[1u64], [2]], 2, 10).len(), 1);
        assert_eq!(Cut::<1>::best(&[], 0, 10).len(), 1);
    }
}
