//! The pairs found so far, and the radius that there is still room for.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;

use super::{Join, Pair};

/// Keeps at most so many pairs: where there are more, those that are farthest apart are given up and
/// no longer wanted. What is left does not depend on the order in which pairs come.
pub struct Tally {
    most: usize,
    /// Pairs are wanted whose distance is less. 0 where not even equal hashes have room.
    below: AtomicU32,
    kept: Mutex<Kept>,
}

struct Kept {
    pairs: Vec<Pair>,
    /// How many of them there are at each distance.
    histogram: Vec<usize>,
}

impl Tally {
    pub fn new(radius: u32, most: usize) -> Self {
        let kept = Kept { pairs: Vec::new(), histogram: vec![0; radius as usize + 1] };
        Self { most, below: AtomicU32::new(radius + 1), kept: Mutex::new(kept) }
    }

    /// Pairs are wanted whose distance is less than this. It only becomes smaller.
    #[inline(always)]
    pub fn below(&self) -> u32 {
        self.below.load(Ordering::Relaxed)
    }

    /// Takes these pairs, each of them new, as far as they are wanted.
    pub fn add(&self, pairs: &mut Vec<Pair>) {
        let mut kept = self.lock();
        let Kept { pairs: all, histogram } = &mut *kept;
        let before = self.below();
        for pair in pairs.drain(..).filter(|pair| u32::from(pair.distance) < before) {
            histogram[usize::from(pair.distance)] += 1;
            all.push(pair);
        }
        let (mut count, mut below) = (all.len(), before);
        while count > self.most && below > 0 {
            below -= 1;
            count -= histogram[below as usize];
        }
        if below < before {
            all.retain(|pair| u32::from(pair.distance) < below);
            self.below.store(below, Ordering::Relaxed);
        }
    }

    /// What is left, by row.
    pub fn finish(self) -> Join {
        let below = self.below();
        let mut pairs = self.kept.into_inner().unwrap_or_else(PoisonError::into_inner).pairs;
        pairs.par_sort_unstable();
        Join { pairs, radius: below.saturating_sub(1), is_complete: below > 0 }
    }

    /// The pairs; they are whole after every statement, whatever became of the thread before.
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_farthest_are_given_up_first() {
        let pair = |at: u32, distance| Pair { a: at, b: at + 1, distance };
        let distances = [3, 0, 2, 2, 1, 3, 0];
        for (most, radius, kept, is_complete) in
            [(7, 3, 7, true), (6, 2, 5, true), (4, 1, 3, true), (2, 0, 2, true), (1, 0, 0, false)]
        {
            for step in [1, 3, 7] {
                let tally = Tally::new(3, most);
                let pairs: Vec<Pair> =
                    (0..).zip(distances).map(|(at, distance)| pair(at, distance)).collect();
                pairs.chunks(step).for_each(|some| tally.add(&mut some.to_vec()));
                let found = tally.finish();
                assert_eq!((found.radius, found.pairs.len(), found.is_complete), (radius, kept, is_complete));
            }
        }
    }
}
