//! The nearest neighbours of every description, exactly.
//!
//! Distances are squared, of integers, and so the same on every machine. Of equal distances the lower
//! row is nearer. Blocks of rows are compared with blocks of rows, both small enough for the cache.

use rayon::prelude::*;

use super::whiten::{AXES, Whitened};
use crate::jobs::{Cancelled, Control};

/// Neighbours of each sample.
pub const NEAREST: usize = 10;
/// Rows of which the nearest are looked for at once, and rows that they are compared with.
const BLOCK: usize = 64;
const OTHERS: usize = 512;

/// The nearest rows of every row, nearest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Neighbours {
    /// How many each row has: [`NEAREST`], or all others where there are fewer.
    pub each: usize,
    /// `rows × each`.
    pub rows: Vec<u32>,
    /// Squared distances, in the same order.
    pub distances: Vec<u32>,
}

impl Neighbours {
    /// The neighbours among these descriptions. Progress counts rows.
    pub fn of(rows: &[Whitened], control: &Control) -> Result<Self, Cancelled> {
        let each = NEAREST.min(rows.len().saturating_sub(1));
        control.begin("Finding neighbours", rows.len() as u64);
        let lengths: Vec<i32> = rows.iter().map(|row| dot(row, row)).collect();
        let arch = pulp::Arch::new();
        let blocks = (0..rows.len().div_ceil(BLOCK)).into_par_iter().map(|block| {
            let from = block * BLOCK..rows.len().min((block + 1) * BLOCK);
            let mut best: Vec<Nearest> = from.clone().map(|_| Nearest::new(each)).collect();
            for start in (0..rows.len()).step_by(OTHERS) {
                control.checkpoint()?;
                let to = start..rows.len().min(start + OTHERS);
                arch.dispatch(|| compare(rows, &lengths, from.clone(), to, &mut best));
            }
            control.add(from.len() as u64);
            Ok(best)
        });
        let blocks: Vec<Vec<Nearest>> = blocks.collect::<Result<_, Cancelled>>()?;
        let mut all = Self { each, rows: Vec::new(), distances: Vec::new() };
        all.rows.reserve(rows.len() * each);
        all.distances.reserve(rows.len() * each);
        for (distance, row) in blocks.into_iter().flatten().flat_map(|nearest| nearest.0) {
            all.rows.push(row);
            all.distances.push(distance);
        }
        Ok(all)
    }

    /// The rows near one, and how far they are, squared.
    pub fn near(&self, row: usize) -> impl Iterator<Item = (u32, u32)> {
        let range = row * self.each..(row + 1) * self.each;
        self.rows[range.clone()].iter().copied().zip(self.distances[range].iter().copied())
    }
}

/// The squared distance of two descriptions.
pub fn distance(one: &Whitened, two: &Whitened) -> u32 {
    one.iter().zip(two).map(|(one, two)| (i32::from(*one) - i32::from(*two)).pow(2) as u32).sum()
}

/// The nearest so far, nearest first.
struct Nearest(Vec<(u32, u32)>);

impl Nearest {
    fn new(each: usize) -> Self {
        Self(vec![(u32::MAX, u32::MAX); each])
    }

    #[inline(always)]
    fn add(&mut self, distance: u32, row: u32) {
        let Some(last) = self.0.last_mut() else { return };
        if (distance, row) >= *last {
            return;
        }
        *last = (distance, row);
        let mut at = self.0.len() - 1;
        while at > 0 && self.0[at] < self.0[at - 1] {
            self.0.swap(at, at - 1);
            at -= 1;
        }
    }
}

#[inline(always)]
fn dot(one: &Whitened, two: &Whitened) -> i32 {
    let mut sum = 0;
    for at in 0..AXES {
        sum += i32::from(one[at]) * i32::from(two[at]);
    }
    sum
}

#[inline(always)]
fn compare(
    rows: &[Whitened],
    lengths: &[i32],
    from: std::ops::Range<usize>,
    to: std::ops::Range<usize>,
    best: &mut [Nearest],
) {
    for (row, best) in from.zip(best) {
        let (one, length) = (&rows[row], lengths[row]);
        for other in to.clone() {
            if other != row {
                let distance = length + lengths[other] - 2 * dot(one, &rows[other]);
                best.add(distance as u32, other as u32);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row() -> impl Strategy<Value = Whitened> {
        // Few values, so that distances are often equal.
        prop::collection::vec(-2i8..=2, AXES).prop_map(|values| values.try_into().unwrap())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 12, ..Default::default() })]

        #[test]
        fn the_nearest_are_found(rows in prop::collection::vec(row(), 0..90)) {
            let found = Neighbours::of(&rows, &Control::new()).unwrap();
            prop_assert_eq!(found.each, NEAREST.min(rows.len().saturating_sub(1)));
            for (at, one) in rows.iter().enumerate() {
                let mut expected: Vec<(u32, u32)> = rows
                    .iter()
                    .enumerate()
                    .filter(|(other, _)| *other != at)
                    .map(|(other, two)| (distance(one, two), other as u32))
                    .collect();
                expected.sort_unstable();
                expected.truncate(found.each);
                let near: Vec<(u32, u32)> = found.near(at).map(|(row, distance)| (distance, row)).collect();
                prop_assert_eq!(near, expected);
            }
        }
    }

    #[test]
    fn it_can_be_cancelled() {
        let control = Control::new();
        control.cancel();
        assert_eq!(Neighbours::of(&[[0; AXES]; 3], &control), Err(Cancelled));
    }

    #[test]
    fn the_farthest_fit_a_number() {
        let (low, high) = ([-127; AXES], [127; AXES]);
        assert_eq!(distance(&low, &high), 128 * 254 * 254);
        let found = Neighbours::of(&[low, high], &Control::new()).unwrap();
        assert_eq!(found.distances, [128 * 254 * 254; 2]);
    }
}
