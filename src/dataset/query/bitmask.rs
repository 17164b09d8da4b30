//! A yes or no per row, 64 to a word.
//!
//! It refuses to know what the rows are.

use rayon::prelude::*;

use crate::dataset::SampleId;

/// Rows per parallel step; a multiple of 64, and the rows of one chunk of facts.
pub(crate) const BLOCK: usize = crate::dataset::facts::CHUNK;

/// A set of rows out of `len`, one bit each. Bits past the end are always clear.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bitmask {
    words: Vec<u64>,
    len: usize,
}

impl Bitmask {
    /// No row of `len`.
    pub fn empty(len: usize) -> Self {
        Self { words: vec![0; len.div_ceil(64)], len }
    }

    /// Every row of `len`.
    pub fn full(len: usize) -> Self {
        let mut mask = Self { words: vec![u64::MAX; len.div_ceil(64)], len };
        mask.clear_tail();
        mask
    }

    /// The rows for which `test` holds, asked on all cores.
    pub fn from_fn(len: usize, test: impl Fn(usize) -> bool + Sync) -> Self {
        Self::from_blocks(len, |first, words| {
            pack(words, BLOCK.min(len - first), |row| test(first + row));
        })
    }

    /// Lets `fill` set the bits of each block of [`BLOCK`] rows: its first row and its words.
    pub(crate) fn from_blocks(len: usize, fill: impl Fn(usize, &mut [u64]) + Sync) -> Self {
        let mut mask = Self::empty(len);
        let blocks = mask.words.par_chunks_mut(BLOCK / 64).with_min_len(8).enumerate();
        blocks.for_each(|(block, words)| fill(block * BLOCK, words));
        mask
    }

    /// The rows named; those out of range are left out.
    pub fn from_rows(len: usize, rows: &[SampleId]) -> Self {
        let mut mask = Self::empty(len);
        for row in rows {
            mask.set(*row as usize, true);
        }
        mask
    }

    /// Number of rows, set or not.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no rows at all.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether row `row` is in the set; `false` past the end.
    pub fn contains(&self, row: usize) -> bool {
        self.words.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 != 0)
    }

    /// Adds or removes a row; says whether that changed anything. A row past the end is left out.
    pub fn set(&mut self, row: usize, on: bool) -> bool {
        if row >= self.len {
            return false;
        }
        let (word, bit) = (&mut self.words[row / 64], 1 << (row % 64));
        let changed = (*word & bit != 0) != on;
        *word ^= if changed { bit } else { 0 };
        changed
    }

    /// Gives the set another number of rows; new ones are not in it.
    pub fn resize(&mut self, len: usize) {
        self.words.resize(len.div_ceil(64), 0);
        self.len = len;
        self.clear_tail();
    }

    /// Number of rows in the set.
    pub fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Keeps what is in both.
    pub fn intersect(&mut self, other: &Self) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word &= other;
        }
    }

    /// Adds what is in the other.
    pub fn unite(&mut self, other: &Self) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word |= other;
        }
        self.clear_tail();
    }

    /// Takes what is in the other away.
    pub fn subtract(&mut self, other: &Self) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word &= !other;
        }
    }

    /// Turns the set into the rows that were not in it.
    pub fn invert(&mut self) {
        for word in &mut self.words {
            *word = !*word;
        }
        self.clear_tail();
    }

    /// The rows in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = SampleId> + '_ {
        self.words
            .iter()
            .enumerate()
            .flat_map(|(at, word)| bits(*word).map(move |bit| (at * 64) as SampleId + bit))
    }

    /// First row and number of rows of each run of neighbouring rows, ascending.
    pub fn runs(&self) -> impl Iterator<Item = (SampleId, u32)> + '_ {
        let mut at = 0;
        std::iter::from_fn(move || {
            let start = self.next_row(at, true)?;
            at = self.next_row(start, false).unwrap_or(self.len);
            Some((start as SampleId, (at - start) as u32))
        })
    }

    /// The first row from `from` on that is in the set, or that is not.
    fn next_row(&self, from: usize, on: bool) -> Option<usize> {
        let flip = if on { 0 } else { u64::MAX };
        let mut at = from / 64;
        let mut word = (self.words.get(at)? ^ flip) & (u64::MAX << (from % 64));
        while word == 0 {
            at += 1;
            word = self.words.get(at)? ^ flip;
        }
        Some(at * 64 + word.trailing_zeros() as usize).filter(|row| *row < self.len)
    }

    /// The bits, row 0 in the lowest bit of the first word.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    fn clear_tail(&mut self) {
        if !self.len.is_multiple_of(64)
            && let Some(last) = self.words.last_mut()
        {
            *last &= (1 << (self.len % 64)) - 1;
        }
    }
}

/// The positions of the set bits, lowest first.
pub(crate) fn bits(mut word: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        (word != 0).then(|| {
            let bit = word.trailing_zeros();
            word &= word - 1;
            bit
        })
    })
}

/// Sets the bit of each of the first `rows` rows for which `test` holds.
pub(crate) fn pack(words: &mut [u64], rows: usize, test: impl Fn(usize) -> bool) {
    for (at, word) in words.iter_mut().enumerate() {
        let first = at * 64;
        let mut packed = 0;
        for bit in 0..rows.saturating_sub(first).min(64) {
            packed |= u64::from(test(first + bit)) << bit;
        }
        *word = packed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_past_the_end_stay_clear() {
        for len in [0, 1, 63, 64, 65, 4095, 4096, 4097, 10_000] {
            let mut mask = Bitmask::empty(len);
            mask.invert();
            assert_eq!(mask, Bitmask::full(len));
            assert_eq!(mask.count(), len);
            let even = Bitmask::from_fn(len, |row| row % 2 == 0);
            let rows: Vec<u32> = even.iter().collect();
            assert_eq!(rows, (0..len as u32).step_by(2).collect::<Vec<_>>());
            assert_eq!(Bitmask::from_rows(len, &rows), even);
            mask.intersect(&even);
            assert_eq!(mask, even);
            let mut odd = even.clone();
            odd.invert();
            odd.unite(&even);
            assert_eq!(odd, Bitmask::full(len));
            assert!(!odd.contains(len) && !odd.set(len, true));
            odd.subtract(&even);
            assert_eq!(odd.count(), len / 2);
            odd.resize(len + 70);
            assert_eq!(odd.count(), len / 2);
            odd.resize(len / 3);
            assert_eq!(odd.count(), len / 3 / 2);
        }
    }

    #[test]
    fn runs_are_neighbouring_rows() {
        for (len, rows, expected) in [
            (0, vec![], vec![]),
            (3, vec![0, 2], vec![(0, 1), (2, 1)]),
            (64, (0..64).collect(), vec![(0, 64)]),
            (200, (60..140).chain([199]).collect(), vec![(60, 80), (199, 1)]),
            (128, (63..65).chain(127..128).collect(), vec![(63, 2), (127, 1)]),
        ] {
            let mask = Bitmask::from_rows(len, &rows);
            assert_eq!(mask.runs().collect::<Vec<_>>(), expected, "{rows:?} of {len}");
        }
    }
}
