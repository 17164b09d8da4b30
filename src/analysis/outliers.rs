//! What stands apart and what repeats, by the distances to the nearest neighbours.
//!
//! Distances are those of descriptions at length 1: 0 to 2. Copies of a sample are not among its
//! neighbours here where that says how odd it is: ten copies of an odd picture are as odd as one.

use std::collections::HashSet;

use rayon::prelude::*;

use super::neighbours::{NEAREST, Neighbours, distance};
use super::whiten::{SCALE, Whitened};
use crate::jobs::{Cancelled, Control};

/// The interquartile ranges over the third quartile from which a sample stands apart.
pub const FENCE: f32 = 1.7;
/// What the three nearest weigh in the uniqueness, the nearest first (Voxel51, FiftyOne).
const WEIGHTS: [f32; 3] = [0.6, 0.3, 0.1];
/// The part of the median distance to the nearest below which that is a near-duplicate (Cleanlab,
/// Datalab).
pub const NEAR: f32 = 0.13;

/// How far samples are from the others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outliers {
    /// The mean distance to the ten nearest, or to all where there are fewer; NaN where there is none.
    pub distances: Vec<f32>,
    /// Q3 + 1.7 (Q3 − Q1) of these distances, each description once (J. W. Tukey, "Exploratory Data
    /// Analysis", 1977): what is farther stands apart. NaN where nothing has a distance.
    pub fence: f32,
}

impl Outliers {
    pub fn of(neighbours: &Neighbours) -> Self {
        let mean = |row: usize| {
            let near = neighbours.near(row).take(NEAREST).map(|(_, squared)| length(squared));
            let (sum, count) = near.fold((0.0, 0), |(sum, count), far| (sum + far, count + 1));
            if count == 0 { f32::NAN } else { sum / count as f32 }
        };
        let distances: Vec<f32> = (0..neighbours.place_of.len()).map(mean).collect();
        let mut once: Vec<f32> = neighbours.first.iter().map(|row| distances[*row as usize]).collect();
        once.retain(|distance| !distance.is_nan());
        once.sort_unstable_by(f32::total_cmp);
        let (low, high) = (quantile(&once, 0.25), quantile(&once, 0.75));
        Self { distances, fence: high + FENCE * (high - low) }
    }

    /// A row's score, 0 to 1, low where it stands apart, NaN where it is not known: `1 / (1 + (distance /
    /// fence)⁴)`, which is below 0.5 exactly where the distance is over the fence.
    pub fn score(&self, row: usize) -> f32 {
        let distance = self.distances[row];
        if distance.is_nan() || distance == 0.0 {
            return 1.0 + distance;
        }
        let ratio = distance / self.fence;
        let score = 1.0 / (1.0 + ratio * ratio * ratio * ratio);
        // Rounding must not hide what is just over the fence.
        if self.stands_apart(row) { score.min(0.5f32.next_down()) } else { score.max(0.5) }
    }

    /// Whether a row stands apart.
    pub fn stands_apart(&self, row: usize) -> bool {
        self.distances[row] > self.fence
    }
}

/// How little of each sample is seen elsewhere, 0 to 1; NaN where it is not known. It is the mean of the
/// distances to the three nearest, copies among them, weighted by 0.6, 0.3 and 0.1, as a part of the
/// largest such mean (as FiftyOne defines its uniqueness). Copies of three others or more have 0.
pub fn uniqueness(neighbours: &Neighbours) -> Vec<f32> {
    let mean = |row: usize| {
        let copies = std::iter::repeat_n(0.0, neighbours.copies(row).min(WEIGHTS.len()));
        let near = copies.chain(neighbours.near(row).map(|(_, squared)| length(squared)));
        let (sum, weight) = near
            .zip(WEIGHTS)
            .fold((0.0, 0.0), |(sum, all), (far, weight)| (sum + far * weight, all + weight));
        if weight == 0.0 { f32::NAN } else { sum / weight }
    };
    let means: Vec<f32> = (0..neighbours.place_of.len()).map(mean).collect();
    let most = means.iter().copied().fold(0.0, f32::max);
    means.into_iter().map(|mean| if most > 0.0 { mean / most } else { mean }).collect()
}

/// How far the nearest other sample is from each, 0 where it is a copy; NaN where it is not known.
pub fn nearest(neighbours: &Neighbours) -> Vec<f32> {
    let nearest = |row: usize| match neighbours.copies(row) {
        0 => neighbours.near(row).next().map_or(f32::NAN, |(_, squared)| length(squared)),
        _ => 0.0,
    };
    (0..neighbours.place_of.len()).map(nearest).collect()
}

/// The distance below which another sample is a near-duplicate by the scale of the dataset itself: 0.13
/// of the median distance to the nearest, each description once (as Datalab defines it, but that copies
/// do not draw the median to 0). 0 where nothing has a neighbour.
pub fn scale_free(neighbours: &Neighbours) -> f32 {
    let nearest = |row: usize| neighbours.near(row).next().map(|(_, squared)| length(squared));
    let mut once: Vec<f32> = neighbours.first.iter().filter_map(|row| nearest(*row as usize)).collect();
    once.sort_unstable_by(f32::total_cmp);
    if once.is_empty() { 0.0 } else { NEAR * quantile(&once, 0.5) }
}

/// What [`scale_free`] hardly ever is above, by some descriptions from all over, so that one search of all pairs
/// finds neighbours and near-duplicates: 0.13 of the distance that two of three of them have their nearest
/// within. It is below the scale itself less often than once in a million, and never where there are no more
/// descriptions than are looked at. 0 where nothing has a neighbour.
pub fn scale_free_bound(rows: &[Option<&Whitened>], control: &Control) -> Result<f32, Cancelled> {
    /// Descriptions whose nearest is looked for at most.
    const LOOKED_AT: usize = 256;
    /// And between two moments in which a paused job may wait.
    const PIECE: usize = 32;
    const PART: f32 = 2.0 / 3.0;
    let mut seen = HashSet::new();
    let once: Vec<&Whitened> = rows.iter().copied().flatten().filter(|row| seen.insert(*row)).collect();
    drop(seen);
    let nearest = |own: &&Whitened| -> Result<Option<f32>, Cancelled> {
        control.go_on()?;
        let others = once.iter().map(|other| distance(own, other)).filter(|far| *far > 0);
        Ok(others.min().map(length))
    };
    let step = once.len().div_ceil(LOOKED_AT).max(1);
    let some: Vec<&Whitened> = once.iter().copied().step_by(step).collect();
    let mut found = Vec::with_capacity(some.len());
    for piece in some.chunks(PIECE) {
        control.checkpoint()?;
        let piece: Result<Vec<Option<f32>>, Cancelled> = piece.par_iter().map(nearest).collect();
        found.extend(piece?.into_iter().flatten());
    }
    let mut nearest: Vec<f32> = found;
    nearest.sort_unstable_by(f32::total_cmp);
    Ok(if nearest.is_empty() { 0.0 } else { NEAR * quantile(&nearest, PART) })
}

/// The length of a squared distance between descriptions at length 1.
fn length(squared: u32) -> f32 {
    (squared as f32).sqrt() / SCALE
}

/// Between the two values around a part of the way through sorted values; NaN where there are none.
fn quantile(sorted: &[f32], part: f32) -> f32 {
    let Some(last) = sorted.len().checked_sub(1) else { return f32::NAN };
    let place = last as f64 * f64::from(part);
    let low = place as usize;
    let rest = (place - low as f64) as f32;
    sorted[low] + (sorted[(low + 1).min(last)] - sorted[low]) * rest
}

#[cfg(test)]
mod tests {
    use super::super::whiten::AXES;
    use super::*;

    /// Points on a line.
    fn line(places: &[i8]) -> Neighbours {
        let point =
            |place: &i8| -> Whitened { std::array::from_fn(|axis| if axis == 0 { *place } else { 0 }) };
        let points: Vec<Whitened> = places.iter().map(point).collect();
        let rows: Vec<Option<&Whitened>> = points.iter().map(Some).collect();
        Neighbours::of(&rows, NEAREST, &Control::new()).unwrap()
    }

    #[test]
    fn a_copy_is_as_near_as_can_be() {
        let distances = nearest(&line(&[0, 36, 36, 120]));
        assert_eq!(distances.len(), 4);
        assert!((distances[0] - 0.1).abs() < 1e-6 && (distances[3] - 84.0 / SCALE).abs() < 1e-6);
        assert_eq!(distances[1..3], [0.0, 0.0]);
        assert!(nearest(&line(&[5]))[0].is_nan());
    }

    #[test]
    fn what_is_far_stands_apart_however_often_it_is_there() {
        let crowd: Vec<i8> = (0..40).collect();
        for copies in [1, 2, 30] {
            let mut places = crowd.clone();
            places.extend(vec![120; copies]);
            let found = Outliers::of(&line(&places));
            for (row, place) in places.iter().enumerate() {
                // The ends of the line are far from most of it too.
                if (10..30).contains(&row) || *place == 120 {
                    assert_eq!(found.stands_apart(row), *place == 120, "{row} of {copies}");
                }
                assert_eq!(found.score(row) < 0.5, found.stands_apart(row));
                assert!((0.0..=1.0).contains(&found.score(row)));
            }
        }
    }

    #[test]
    fn the_fence_is_that_of_the_quartiles() {
        // Means of distances by hand: 0, 1, 3 and 9 from each other.
        let found = Outliers::of(&line(&[0, 1, 3, 9]));
        let means = [13.0 / 3.0, 11.0 / 3.0, 11.0 / 3.0, 23.0 / 3.0];
        for (distance, mean) in found.distances.iter().zip(means) {
            assert!((distance * SCALE - mean).abs() < 1e-4);
        }
        let (low, high) = (11.0 / 3.0, 13.0 / 3.0 + (23.0 - 13.0) / 3.0 * 0.25);
        assert!((found.fence * SCALE - (high + 1.7 * (high - low))).abs() < 1e-3, "{}", found.fence * SCALE);
    }

    #[test]
    fn uniqueness_falls_with_copies() {
        let found = uniqueness(&line(&[0, 10, 20, 20, 60, 60, 60, 60, 100]));
        let row = |far: [f32; 3]| far[0] * 0.6 + far[1] * 0.3 + far[2] * 0.1;
        let most = row([40.0, 80.0, 90.0]);
        for (row, expected) in
            [(0, row([10.0, 20.0, 60.0]) / most), (2, row([0.0, 10.0, 20.0]) / most), (4, 0.0), (8, 1.0)]
        {
            assert!((found[row] - expected).abs() < 1e-5, "{row}: {} {expected}", found[row]);
        }
    }

    #[test]
    fn near_is_what_is_near_on_the_scale_of_the_dataset() {
        let threshold = scale_free(&line(&[0, 1, 20, 40, 60, 80, 80, 100, 120])) * SCALE;
        assert!((threshold - 2.6).abs() < 1e-4, "{threshold}");
    }

    #[test]
    fn nothing_one_and_the_same_are_no_fault() {
        for places in [&[][..], &[5], &[5, 5, 5]] {
            let neighbours = line(places);
            let outliers = Outliers::of(&neighbours);
            for row in 0..places.len() {
                assert!(!outliers.stands_apart(row) && outliers.score(row).is_nan());
            }
            let unique = uniqueness(&neighbours);
            assert!(unique.iter().all(|score| if places.len() > 1 { *score == 0.0 } else { score.is_nan() }));
            assert_eq!(scale_free(&neighbours), 0.0);
        }
        let rows: [Option<&Whitened>; 3] = [None, Some(&[1; AXES]), Some(&[2; AXES])];
        let neighbours = Neighbours::of(&rows, NEAREST, &Control::new()).unwrap();
        let outliers = Outliers::of(&neighbours);
        assert!(outliers.score(0).is_nan() && outliers.score(1) >= 0.5);
        assert!(uniqueness(&neighbours)[0].is_nan());
    }
}
