//! How well some samples cover the space that their descriptions lie in: greedy k-centre.
//!
//! Centres are samples: the first is the one nearest to the direction of the mean, and each next one is the
//! sample that is furthest from all centres so far (T. F. Gonzalez, "Clustering to minimize the maximum intercluster
//! distance", 1985). The radius after k centres, the largest distance of a sample to its nearest centre, is then at
//! most twice the best that k centres can have. A radius that falls early says that few samples stand for all.
//!
//! Distances are those of descriptions at length 1: 0 is equal and √2 as different as chance. They are of whole
//! numbers, and so the same on every machine; of equal ones the lower row comes first.

use rayon::prelude::*;

use super::super::neighbours::distance;
use super::super::whiten::{AXES, SCALE, Whitened};
use crate::jobs::{Cancelled, Control};

/// Centres of a curve, unless somebody says otherwise.
pub const CENTRES: usize = 128;

/// The share of an even one under which a region is nearly empty: 0.1 / k.
pub const SPARSE: f64 = 0.1;

/// Rows that a thread compares at once.
const PART: usize = 4096;

/// What centres cover.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Coverage {
    /// The rows of the centres, in the order in which they were taken.
    pub centres: Vec<u32>,
    /// The radius after each.
    pub radii: Vec<f64>,
    /// The place among the centres of the one that is nearest to each row.
    pub nearest: Vec<u32>,
    /// The distance of each row to it.
    pub distances: Vec<f32>,
    /// By centre.
    pub regions: Vec<Region>,
}

/// The samples that are nearest to a centre.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Region {
    pub samples: u64,
    /// Mean and largest distance of a sample to the centre.
    pub mean_distance: f64,
    pub radius: f64,
}

impl Coverage {
    /// The places of the centres from the densest region to the emptiest.
    pub fn by_density(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.regions.len()).collect();
        let key = |at: &usize| (self.regions[*at].samples, self.regions[*at].mean_distance);
        order.sort_by(|one, two| {
            let ((many, far), (few, near)) = (key(one), key(two));
            few.cmp(&many).then(far.total_cmp(&near)).then(one.cmp(two))
        });
        order
    }

    /// Whether a region has less than [`SPARSE`] of an even share, or its centre alone where an even share is over two.
    pub fn is_sparse(&self, centre: usize) -> bool {
        let even = self.nearest.len() as f64 / self.regions.len().max(1) as f64;
        self.regions.get(centre).is_some_and(|region| {
            (region.samples as f64) < SPARSE * even || region.samples == 1 && even > 2.0
        })
    }

    /// The rows of a region, those nearest to the centre first.
    pub fn rows(&self, centre: usize) -> Vec<u32> {
        let is_of = |row: &u32| self.nearest[*row as usize] as usize == centre;
        let mut rows: Vec<u32> = (0..self.nearest.len() as u32).filter(is_of).collect();
        let far = |row: &u32| self.distances[*row as usize];
        rows.sort_by(|one, two| far(one).total_cmp(&far(two)).then(one.cmp(two)));
        rows
    }
}

/// Covers the rows by at most so many centres; fewer where each row is equal to one.
pub fn coverage(rows: &[&Whitened], most: usize, control: &Control) -> Result<Coverage, Cancelled> {
    let mut found = Coverage::default();
    if rows.is_empty() || most == 0 {
        return Ok(found);
    }
    control.begin("Covering the samples", most as u64);
    let mut squared = vec![u32::MAX; rows.len()];
    found.nearest = vec![0; rows.len()];
    let mut next = middle(rows);
    while found.centres.len() < most {
        control.checkpoint()?;
        let (centre, place) = (rows[next], found.centres.len() as u32);
        let work =
            rows.par_chunks(PART).zip(squared.par_chunks_mut(PART)).zip(found.nearest.par_chunks_mut(PART));
        let furthest = work.enumerate().map(|(part, ((rows, squared), nearest))| {
            let mut furthest = (0, u32::MAX);
            for (at, ((row, squared), nearest)) in rows.iter().zip(squared).zip(nearest).enumerate() {
                let apart = distance(row, centre);
                if apart < *squared {
                    (*squared, *nearest) = (apart, place);
                }
                furthest = further(furthest, (*squared, (part * PART + at) as u32));
            }
            furthest
        });
        let (radius, row) = furthest.reduce(|| (0, u32::MAX), further);
        found.centres.push(next as u32);
        found.radii.push(length(radius));
        control.add(1);
        if radius == 0 {
            break;
        }
        next = row as usize;
    }
    found.distances = squared.iter().map(|squared| length(*squared) as f32).collect();
    found.regions = regions(&found);
    Ok(found)
}

/// The larger distance; of equal ones the lower row.
fn further(one: (u32, u32), two: (u32, u32)) -> (u32, u32) {
    if two.0 > one.0 || two.0 == one.0 && two.1 < one.1 { two } else { one }
}

/// A squared distance of descriptions as one of unit vectors.
fn length(squared: u32) -> f64 {
    f64::from(squared).sqrt() / f64::from(SCALE)
}

/// The row that goes furthest along the sum of all.
fn middle(rows: &[&Whitened]) -> usize {
    let mut sum = [0i64; AXES];
    for row in rows {
        sum.iter_mut().zip(row.iter()).for_each(|(sum, value)| *sum += i64::from(*value));
    }
    let along =
        |row: &Whitened| -> i64 { sum.iter().zip(row).map(|(sum, value)| sum * i64::from(*value)).sum() };
    let best = rows.iter().enumerate().max_by_key(|(at, row)| (along(row), std::cmp::Reverse(*at)));
    best.map_or(0, |(at, _)| at)
}

fn regions(found: &Coverage) -> Vec<Region> {
    let mut regions = vec![Region::default(); found.centres.len()];
    for (centre, distance) in found.nearest.iter().zip(&found.distances) {
        let region = &mut regions[*centre as usize];
        let distance = f64::from(*distance);
        region.samples += 1;
        region.mean_distance += distance;
        region.radius = region.radius.max(distance);
    }
    regions.iter_mut().for_each(|region| region.mean_distance /= region.samples.max(1) as f64);
    regions
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row(places: &[(usize, i8)]) -> Whitened {
        let mut row = [0; AXES];
        places.iter().for_each(|(at, value)| row[*at] = *value);
        row
    }

    fn covered(rows: &[Whitened], most: usize) -> Coverage {
        coverage(&rows.iter().collect::<Vec<_>>(), most, &Control::new()).unwrap()
    }

    #[test]
    fn centres_are_far_from_each_other_and_each_row_is_by_its_nearest() {
        // Six along one axis, two along another, one alone.
        let rows = [
            row(&[(0, 120)]),
            row(&[(0, 120)]),
            row(&[(0, 120), (3, 2)]),
            row(&[(0, 120), (4, 3)]),
            row(&[(0, 120), (5, 4)]),
            row(&[(0, 120), (6, 5)]),
            row(&[(1, 120)]),
            row(&[(1, 120), (7, 6)]),
            row(&[(2, -120)]),
        ];
        let found = covered(&rows, 3);
        // The first is nearest to the mean; those that are equally far go by their row.
        assert_eq!(found.centres, [5, 7, 8]);
        assert_eq!(found.nearest, [0, 0, 0, 0, 0, 0, 1, 1, 2]);
        assert!(found.radii.windows(2).all(|pair| pair[0] >= pair[1]));
        let samples: Vec<u64> = found.regions.iter().map(|region| region.samples).collect();
        assert_eq!(samples, [6, 2, 1]);
        assert_eq!(found.by_density(), [0, 1, 2]);
        assert_eq!([0, 1, 2].map(|at| found.is_sparse(at)), [false, false, true]);
        assert_eq!(found.rows(1), [7, 6]);
        assert!((found.regions[1].radius - 6.0 / 360.0).abs() < 1e-6);
        // With a centre for each that differs, nothing is left to cover.
        let all = covered(&rows, 100);
        assert_eq!((all.centres.len(), all.radii.last()), (8, Some(&0.0)));
        assert_eq!(covered(&[], 4), Coverage::default());
    }

    #[test]
    fn it_stops_when_it_is_cancelled_and_threads_change_nothing() {
        let rows: Vec<Whitened> = (0..9000u32)
            .map(|at| std::array::from_fn(|axis| ((at * 7 + axis as u32 * 13) % 97) as i8 - 48))
            .collect();
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| covered(&rows, 12))
        };
        assert_eq!(on(1), on(3));
        let control = Control::new();
        control.cancel();
        assert_eq!(coverage(&rows.iter().collect::<Vec<_>>(), 3, &control), Err(Cancelled));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 32, ..Default::default() })]

        #[test]
        fn no_row_is_further_than_the_radius_and_centres_are_at_least_that_far_apart(
            values in prop::collection::vec(prop::array::uniform8(-100i8..100), 2..60), most in 1usize..12,
        ) {
            let rows: Vec<Whitened> = values
                .iter()
                .map(|values| row(&values.iter().copied().enumerate().collect::<Vec<_>>()))
                .collect();
            let found = covered(&rows, most);
            let radius = *found.radii.last().unwrap();
            let apart = |one: u32, two: u32| length(distance(&rows[one as usize], &rows[two as usize]));
            for at in 0..rows.len() as u32 {
                let least = found.centres.iter().map(|centre| apart(at, *centre)).fold(f64::INFINITY, f64::min);
                prop_assert!((least - f64::from(found.distances[at as usize])).abs() < 1e-5);
                prop_assert!(least <= radius + 1e-9);
            }
            for (at, one) in found.centres.iter().enumerate() {
                for two in &found.centres[..at] {
                    prop_assert!(apart(*one, *two) >= radius - 1e-9);
                }
            }
            prop_assert_eq!(found.regions.iter().map(|region| region.samples).sum::<u64>(), rows.len() as u64);
        }
    }
}
