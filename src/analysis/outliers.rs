//! How a sample lies among its neighbours: whether it is far from all of them, and how much it adds to
//! what others show.
//!
//! | score | of the distances *d₁ ≤ d₂ ≤ …* to the nearest neighbours |
//! | --- | --- |
//! | outlier | *f* / (*f* + *m*), *m* the mean distance to the ten nearest, *f* = Q3 + 1.7 IQR of all samples' means (after J. W. Tukey, "Exploratory Data Analysis", 1977): under 0.5 where *m* > *f* |
//! | uniqueness | (0.6 *d₁* + 0.3 *d₂* + 0.1 *d₃*) / the largest of all samples (Voxel51, FiftyOne's uniqueness, 2020) |
//!
//! Equal samples are not neighbours of each other for the outlier score, since two copies of an oddity
//! are as odd as one; for uniqueness they are, at distance 0, since a copy adds nothing.
//!
//! Near-duplicates by a rule without a scale have their nearest neighbour nearer than 0.13 of the median
//! distance to the nearest (Cleanlab, Datalab, 2023).

use super::neighbours::{NONE, Neighbours};

/// Interquartile ranges above the third quartile at which a mean distance is odd.
const FENCE: f64 = 1.7;
/// Part of the median distance to the nearest neighbour under which a sample is a near-duplicate.
const NEAR: f64 = 0.13;
/// Weights of the distances to the three nearest, in uniqueness.
const WEIGHTS: [f64; 3] = [0.6, 0.3, 0.1];

/// What follows from the neighbours of all rows. Columns have one value per row, NaN without neighbours.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lie {
    /// 0 to 1; under 0.5 is an outlier.
    pub outlier: Vec<f32>,
    /// 0 to 1; 0 is a copy of others.
    pub uniqueness: Vec<f32>,
    /// The distance, in the units of the neighbours' roots, under which the nearest is a near-duplicate.
    pub near: f64,
}

impl Lie {
    pub fn of(neighbours: &Neighbours) -> Self {
        let places = neighbours.first.len();
        let distances = |place: usize| {
            let range = place * neighbours.each..(place + 1) * neighbours.each;
            neighbours.distances[range].iter().map(|squared| f64::from(*squared).sqrt())
        };
        let mean = |place: usize| distances(place).sum::<f64>() / neighbours.each as f64;
        if neighbours.each == 0 {
            let unknown = vec![f32::NAN; neighbours.place_of.len()];
            return Self { outlier: unknown.clone(), uniqueness: unknown, near: 0.0 };
        }
        let means: Vec<f64> = (0..places).map(mean).collect();
        // Quartiles are of samples: a place counts as often as there are samples in it.
        let rows = neighbours.place_of.iter().filter(|place| **place != NONE);
        let mut sorted: Vec<f64> = rows.clone().map(|place| means[*place as usize]).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let (low, high) = (between(&sorted, 0.25), between(&sorted, 0.75));
        let fence = high + FENCE * (high - low);
        let outlier = |place: usize| match fence + means[place] {
            0.0 => 1.0,
            both => (fence / both) as f32,
        };

        let sum = |place: usize| {
            let copies = std::iter::repeat_n(0.0, neighbours.copies[place] as usize - 1);
            let nearest = copies.chain(distances(place));
            nearest.zip(WEIGHTS).map(|(distance, weight)| distance * weight).sum::<f64>()
        };
        let sums: Vec<f64> = (0..places).map(sum).collect();
        let largest = sums.iter().copied().fold(0.0, f64::max);
        let uniqueness = |place: usize| if largest > 0.0 { (sums[place] / largest) as f32 } else { 0.0 };

        let mut nearest: Vec<f64> =
            rows.map(|place| distances(*place as usize).next().unwrap_or(0.0)).collect();
        nearest.sort_unstable_by(f64::total_cmp);
        let column = |of: &dyn Fn(usize) -> f32| {
            let value = |place: &u32| if *place == NONE { f32::NAN } else { of(*place as usize) };
            neighbours.place_of.iter().map(value).collect()
        };
        Self {
            outlier: column(&outlier),
            uniqueness: column(&uniqueness),
            near: NEAR * between(&nearest, 0.5),
        }
    }

    /// Whether a row is a near-duplicate by the rule without a scale: it has an equal one, or its nearest
    /// neighbour is nearer than [`Lie::near`].
    pub fn is_near_duplicate(&self, neighbours: &Neighbours, row: usize) -> bool {
        let nearest = neighbours.near(row).next();
        neighbours.copies(row) > 0
            || nearest.is_some_and(|(_, squared)| f64::from(squared).sqrt() < self.near)
    }
}

/// The value at a part of the way through sorted values, between the nearest two; 0 where there is none.
fn between(sorted: &[f64], part: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let at = part * last as f64;
    let (low, high) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    low + (high - low) * at.fract()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::whiten::Whitened;
    use crate::jobs::Control;

    /// The neighbours of rows on a line.
    fn line(places: &[i8]) -> Neighbours {
        let rows: Vec<Whitened> = places
            .iter()
            .map(|place| {
                let mut row = [0; 128];
                row[0] = *place;
                row
            })
            .collect();
        let rows: Vec<Option<&Whitened>> = rows.iter().map(Some).chain([None]).collect();
        Neighbours::of(&rows, 3, &Control::new()).unwrap()
    }

    #[test]
    fn what_is_far_from_all_is_an_outlier_and_a_copy_adds_nothing() {
        let neighbours = line(&[0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 18, 18, 18, 100]);
        let lie = Lie::of(&neighbours);
        let flagged: Vec<usize> = (0..14).filter(|row| lie.outlier[*row] < 0.5).collect();
        assert_eq!(flagged, [13]);
        assert_eq!(lie.uniqueness[13], 1.0);
        // Three equal ones beside it: nothing of it is its own.
        assert_eq!(lie.uniqueness[10], 0.0);
        assert!(lie.uniqueness[0] > 0.0 && lie.outlier[14].is_nan() && lie.uniqueness[14].is_nan());
        let near: Vec<usize> = (0..14).filter(|row| lie.is_near_duplicate(&neighbours, *row)).collect();
        assert_eq!(near, [9, 10, 11, 12]);
    }

    #[test]
    fn few_rows_and_equal_ones_have_scores_in_range() {
        for places in [&[][..], &[5], &[5, 5, 5], &[1, 9]] {
            let lie = Lie::of(&line(places));
            for score in lie.outlier.iter().chain(&lie.uniqueness).filter(|score| !score.is_nan()) {
                assert!((0.0..=1.0).contains(score), "{places:?}: {score}");
            }
        }
    }
}
