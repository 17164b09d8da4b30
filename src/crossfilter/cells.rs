//! The part of a chart that each row falls into, and how many rows of a mask fall into each part.
//!
//! A count is one pass over the words of a mask. Where a count for another mask is there, only the rows in
//! which the two differ are looked at, as long as these are fewer (the way of Square's Crossfilter, 2012).

use rayon::prelude::*;

use crate::dataset::query::Bitmask;

/// Rows that a thread looks at at once; a multiple of 64.
const PART: usize = 65_536;

/// A number per row, all under `count`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cells {
    of: Vec<u32>,
    count: usize,
}

impl Cells {
    /// `fill` sets the numbers of the rows from its first argument on; those that are not under `count` are
    /// brought to the last.
    pub fn new(rows: usize, count: usize, fill: impl Fn(usize, &mut [u32]) + Sync) -> Self {
        let (mut of, count) = (vec![0; rows], count.max(1));
        of.par_chunks_mut(PART).enumerate().for_each(|(part, out)| {
            fill(part * PART, out);
            out.iter_mut().for_each(|cell| *cell = (*cell).min(count as u32 - 1));
        });
        Self { of, count }
    }

    /// Number of parts.
    pub fn count(&self) -> usize {
        self.count
    }

    /// How many rows of the mask fall into each part.
    pub fn counts(&self, mask: &Bitmask) -> Vec<u32> {
        let words = mask.words();
        let part = |(cells, words): (&[u32], &[u64])| {
            let mut counts = vec![0u32; self.count];
            for (cells, word) in cells.chunks(64).zip(words) {
                match *word {
                    u64::MAX => cells.iter().for_each(|cell| counts[*cell as usize] += 1),
                    word => each_bit(word, |bit| counts[cells[bit] as usize] += 1),
                }
            }
            counts
        };
        // As many parts as threads, since each holds a count per cell; fewer where there are so many cells that
        // there would be more counts than rows.
        let rows = self.of.len().div_ceil(rayon::current_num_threads()).max(self.count).max(PART);
        let rows = rows.next_multiple_of(64);
        let parts = self.of.par_chunks(rows).zip(words.par_chunks(rows / 64));
        parts.map(part).reduce_with(added).unwrap_or_else(|| vec![0; self.count])
    }

    /// The counts of `now` from those of `before`.
    pub fn recounted(&self, counts: &[u32], before: &Bitmask, now: &Bitmask) -> Vec<u32> {
        let differing = || before.words().iter().zip(now.words()).map(|(before, now)| before ^ now);
        let changed: u32 = differing().map(u64::count_ones).sum();
        if before.len() != now.len() || changed as usize > now.count() {
            return self.counts(now);
        }
        let mut counts = counts.to_vec();
        for ((cells, differs), now) in self.of.chunks(64).zip(differing()).zip(now.words()) {
            each_bit(differs & now, |bit| counts[cells[bit] as usize] += 1);
            each_bit(differs & !now, |bit| counts[cells[bit] as usize] -= 1);
        }
        counts
    }
}

fn added(mut one: Vec<u32>, two: Vec<u32>) -> Vec<u32> {
    one.iter_mut().zip(two).for_each(|(one, two)| *one += two);
    one
}

/// Calls `each` with the place of every bit that is set.
fn each_bit(mut word: u64, mut each: impl FnMut(usize)) {
    while word != 0 {
        each(word.trailing_zeros() as usize);
        word &= word - 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn counts_are_those_of_counting_one_by_one(
            cells in prop::collection::vec(0u32..9, 0..400),
            one in prop::collection::vec(any::<bool>(), 400), two in prop::collection::vec(any::<bool>(), 400),
        ) {
            let rows = cells.len();
            let found = Cells::new(rows, 7, |first, out| out.copy_from_slice(&cells[first..first + out.len()]));
            let masks = [&one, &two].map(|mask| Bitmask::from_fn(rows, |row| mask[row]));
            let plain = |mask: &Bitmask| {
                let mut counts = vec![0u32; 7];
                mask.iter().for_each(|row| counts[cells[row as usize].min(6) as usize] += 1);
                counts
            };
            let before = found.counts(&masks[0]);
            prop_assert_eq!(&before, &plain(&masks[0]));
            prop_assert_eq!(found.recounted(&before, &masks[0], &masks[1]), plain(&masks[1]));
        }
    }

    #[test]
    fn many_rows_come_to_the_same_on_any_number_of_threads() {
        let rows = 300_000;
        // Few cells, and so many that there are fewer parts than threads.
        for count in [10, 150_001] {
            let cells = Cells::new(rows, count, |first, out| {
                out.iter_mut().enumerate().for_each(|(at, cell)| *cell = ((first + at) * 7 % count) as u32);
            });
            let mask = Bitmask::from_fn(rows, |row| row % 3 != 0);
            let on = |threads| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                pool.install(|| cells.counts(&mask))
            };
            let found = on(1);
            assert_eq!(found, on(3));
            assert_eq!(found.iter().sum::<u32>() as usize, mask.count());
        }
    }
}
