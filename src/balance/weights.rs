//! Weights of classes and samples, for a loss or a sampler.
//!
//! It refuses to know how counts come about.

use serde::{Deserialize, Serialize};

use super::Pool;
use crate::analysis::distribution::DEFAULT_BETA;
use crate::analysis::distribution::imbalance::effective_number;

/// How a class is weighed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Weighting {
    /// Wanted count over count: a sampler that draws by weight gives the wanted distribution. Where every class is to
    /// have the same it is the inverse frequency.
    #[default]
    Wanted,
    /// Inverse class frequency, 1 / n.
    Inverse,
    /// One over the effective number of samples, (1 − β) / (1 − βⁿ): Y. Cui, M. Jia, T.-Y. Lin, Y. Song, S. Belongie,
    /// "Class-Balanced Loss Based on Effective Number of Samples", CVPR 2019. `beta` is at least 0 and below 1.
    Effective { beta: f64 },
}

impl Weighting {
    /// The β that the effective number is taken with unless another is asked for.
    pub const BETA: f64 = DEFAULT_BETA;

    /// Weights of classes by their counts, up to a factor; 0 for a class without samples.
    pub fn of_classes(self, counts: &[u64], wanted: &[u64]) -> Vec<f64> {
        let weight = |(count, wanted): (&u64, &u64)| match (*count, self) {
            (0, _) => 0.0,
            (count, Self::Wanted) => *wanted as f64 / count as f64,
            (count, Self::Inverse) => 1.0 / count as f64,
            (count, Self::Effective { beta }) => 1.0 / effective_number(count, beta),
        };
        counts.iter().zip(wanted).map(weight).collect()
    }
}

/// A weight for every sample. Of a sample with several labels it is the largest of theirs; an unlabelled one weighs 1.
/// They are scaled such that the mean over the copies of each part is 1.
pub(super) fn of_samples(
    pool: &Pool<'_>,
    copies: &[u32],
    wanted: &[u64],
    weighting: Option<Weighting>,
) -> Vec<f64> {
    let mut weights: Vec<f64> = copies.iter().map(|copies| f64::from(u8::from(*copies > 0))).collect();
    let Some(weighting) = weighting else { return weights };
    let mut counts = vec![0u64; wanted.len()];
    for (row, copies) in copies.iter().enumerate() {
        pool.slots(row).for_each(|slot| counts[slot] += u64::from(*copies));
    }
    let of_classes = weighting.of_classes(&counts, wanted);
    let heaviest =
        |row: usize| pool.slots(row).max_by(|one, two| of_classes[*one].total_cmp(&of_classes[*two]));
    // Copies by the class that they weigh as: few products are summed, and little is lost to rounding.
    let mut by_class = vec![0u64; wanted.len()];
    for (row, copies) in copies.iter().enumerate() {
        if let Some(slot) = heaviest(row) {
            by_class[slot] += u64::from(*copies);
        }
    }
    let classes = pool.class_count();
    let scale = |part: usize| {
        let slots = part * classes..(part + 1) * classes;
        let sum: f64 = slots.clone().map(|slot| by_class[slot] as f64 * of_classes[slot]).sum();
        let count: u64 = by_class[slots].iter().sum();
        if sum > 0.0 { count as f64 / sum } else { 1.0 }
    };
    let scales: Vec<f64> = (0..pool.parts).map(scale).collect();
    for (row, weight) in weights.iter_mut().enumerate().filter(|(_, weight)| **weight > 0.0) {
        if let (Some(part), Some(slot)) = (pool.part(row), heaviest(row)) {
            *weight = of_classes[slot] * scales[part];
        }
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_what_a_hand_comes_to() {
        let counts = [4, 1, 0];
        let about = |found: Vec<f64>, expected: [f64; 3]| {
            assert!(found.iter().zip(expected).all(|(one, two)| (one - two).abs() < 1e-12), "{found:?}");
        };
        about(Weighting::Wanted.of_classes(&counts, &[2, 2, 2]), [0.5, 2.0, 0.0]);
        about(Weighting::Inverse.of_classes(&counts, &[9, 9, 9]), [0.25, 1.0, 0.0]);
        // (1 − 0.5) / (1 − 0.5⁴) = 0.5 / 0.9375.
        about(Weighting::Effective { beta: 0.5 }.of_classes(&counts, &[9, 9, 9]), [8.0 / 15.0, 1.0, 0.0]);
        about(Weighting::Effective { beta: 0.0 }.of_classes(&counts, &[9, 9, 9]), [1.0, 1.0, 0.0]);
    }
}
