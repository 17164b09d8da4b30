//! The samples in the order of a score: worst first, so that what lies under a threshold is found
//! without looking at every sample again.

use std::sync::{Arc, Weak};

use rayon::prelude::*;

use crate::dataset::query::Snapshot;
use crate::dataset::{Dataset, SampleId};

/// Equal parts of 0 to 1 that scores are counted in.
pub const PARTS: usize = 64;

/// The samples that have a score, by it: 4 bytes a sample.
#[derive(Clone, Debug, Default)]
pub struct Ranked {
    column: Arc<Vec<f32>>,
    /// What the samples were there in. A weak pointer tells datasets apart, since its address cannot
    /// be used again, and keeps none.
    dataset: Weak<Dataset>,
    /// Worst first; of equal scores the lower row first.
    pub order: Vec<SampleId>,
    /// Samples in each of the [`PARTS`].
    pub counts: Vec<u32>,
}

impl Ranked {
    /// Ranks the samples that are there and have a score.
    pub fn of(column: &Arc<Vec<f32>>, snapshot: &Snapshot) -> Self {
        let present = snapshot.derived().present();
        let known = |(row, score): (usize, &f32)| (!score.is_nan() && present.contains(row)).then_some(row);
        let mut order: Vec<SampleId> =
            column.iter().enumerate().filter_map(known).map(|row| row as SampleId).collect();
        // The row makes the answer the same on any number of threads.
        order.par_sort_unstable_by(|a, b| {
            column[*a as usize].total_cmp(&column[*b as usize]).then_with(|| a.cmp(b))
        });
        let mut counts = vec![0; PARTS];
        for sample in &order {
            counts[part_of(column[*sample as usize])] += 1;
        }
        Self { column: column.clone(), dataset: Arc::downgrade(&snapshot.dataset), order, counts }
    }

    /// Whether it is of these scores and of the samples that are there now.
    pub fn is_of(&self, column: &Arc<Vec<f32>>, snapshot: &Snapshot) -> bool {
        Arc::ptr_eq(&self.column, column)
            && std::ptr::eq(self.dataset.as_ptr(), Arc::as_ptr(&snapshot.dataset))
    }

    /// How many samples have a score under a threshold: they are the first of the order.
    pub fn under(&self, threshold: f32) -> usize {
        self.order.partition_point(|sample| self.score(*sample) < threshold)
    }

    /// The score of one of the samples; NaN of any other.
    pub fn score(&self, sample: SampleId) -> f32 {
        self.column.get(sample as usize).copied().unwrap_or(f32::NAN)
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        (&self.order, &self.counts) == (&other.order, &other.counts)
    }
}

/// The part that a score is counted in.
fn part_of(score: f32) -> usize {
    // What is below 0 counts in the first part, what is above 1 in the last.
    ((score * PARTS as f32) as usize).min(PARTS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::rules::tests::snapshot;

    #[test]
    fn samples_are_ranked_worst_first() {
        let nan = f32::NAN;
        for (scores, order, under_half) in [
            (vec![], vec![], 0),
            (vec![nan, nan], vec![], 0),
            (vec![0.9, nan, 0.1, 0.5, 0.1], vec![2, 4, 3, 0], 2),
            (vec![0.5, 0.5], vec![0, 1], 0),
            (vec![1.0, -0.0, 0.0], vec![1, 2, 0], 2),
        ] {
            let ranked = Ranked::of(&Arc::new(scores.clone()), &snapshot());
            assert_eq!(ranked.order, order, "{scores:?}");
            assert_eq!(ranked.under(0.5), under_half, "{scores:?}");
            assert_eq!(ranked.counts.iter().sum::<u32>() as usize, order.len());
        }
    }

    #[test]
    fn scores_are_counted_in_equal_parts() {
        for (score, part) in [(-1.0, 0), (0.0, 0), (0.0157, 1), (0.5, 32), (0.999, 63), (1.0, 63), (7.0, 63)]
        {
            assert_eq!(part_of(score), part, "{score}");
        }
    }

    #[test]
    fn it_holds_while_scores_and_samples_are_the_same() {
        let (snapshot, column) = (snapshot(), Arc::new(vec![0.5; 7]));
        let ranked = Ranked::of(&column, &snapshot);
        assert!(ranked.is_of(&column, &snapshot.clone()));
        assert!(!ranked.is_of(&Arc::new(vec![0.5; 7]), &snapshot));
        assert!(!ranked.is_of(&column, &crate::review::rules::tests::snapshot()));
    }
}
