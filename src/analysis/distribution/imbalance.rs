//! How unevenly samples are spread over classes, in figures.
//!
//! | figure | formula | range |
//! | --- | --- | --- |
//! | imbalance ratio | largest count / smallest count, of classes that have samples | 1 and more |
//! | normalised entropy | −Σ p ln p / ln K (C. E. Shannon, 1948; E. C. Pielou's evenness, 1966) | 0 to 1, even |
//! | Gini | Σᵢ (2i − K − 1) xᵢ / (K Σ x), x ascending, i from 1 (C. Gini, 1912) | 0, even, to 1 − 1/K |
//! | effective number | (1 − βⁿ) / (1 − β) (Y. Cui et al., "Class-Balanced Loss Based on Effective Number of Samples", CVPR 2019) | 0 to n |
//! | class weight | 1 / effective number, scaled so that the mean over classes that have samples is 1 (the same paper) | |
//!
//! K is the number of classes, those without samples among them.

/// β of the effective number of samples, of figures and of weights, unless somebody says otherwise: one of the paper's
/// four, by which a class of a thousand samples counts as 632.
pub const DEFAULT_BETA: f64 = 0.999;

/// The rarest class is told where its share is under this part of an even one: 0.1 / K.
pub const RARE: f64 = 0.1;

/// The figures of some class counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Imbalance {
    /// K, classes without samples among them.
    pub classes: usize,
    /// The sum of the counts: a sample of two classes counts for both.
    pub total: u64,
    /// Classes without samples, ascending.
    pub empty: Vec<usize>,
    /// `None` where no class has a sample.
    pub ratio: Option<f64>,
    /// `None` where there are fewer than two classes, or no sample.
    pub entropy: Option<f64>,
    /// `None` where no class has a sample.
    pub gini: Option<f64>,
    /// β of the next two.
    pub beta: f64,
    /// By class.
    pub effective: Vec<f64>,
    /// By class; 0 where a class has no sample.
    pub weights: Vec<f64>,
    pub rarest: Option<Rarest>,
}

/// The class that has the fewest samples of those that have any.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rarest {
    /// The first of those that have as few.
    pub class: usize,
    pub count: u64,
    /// Its part of all counts.
    pub share: f64,
    /// [`RARE`] / K.
    pub threshold: f64,
}

impl Rarest {
    /// Whether its share is under the threshold.
    pub fn is_rare(&self) -> bool {
        self.share < self.threshold
    }
}

impl Imbalance {
    /// The figures of these counts, one per class. β is from 0 to 1, 1 left out; what is outside is brought
    /// to the nearest that is inside.
    pub fn of(counts: &[u64], beta: f64) -> Self {
        let beta = if beta.is_nan() { DEFAULT_BETA } else { beta.clamp(0.0, 1.0 - f64::EPSILON) };
        let total: u64 = counts.iter().sum();
        let effective: Vec<f64> = counts.iter().map(|count| effective_number(*count, beta)).collect();
        Self {
            classes: counts.len(),
            total,
            empty: (0..counts.len()).filter(|class| counts[*class] == 0).collect(),
            ratio: ratio(counts),
            entropy: normalised_entropy(counts),
            gini: gini(counts),
            beta,
            weights: weights(&effective),
            effective,
            rarest: rarest(counts, total),
        }
    }
}

fn ratio(counts: &[u64]) -> Option<f64> {
    let there = || counts.iter().filter(|count| **count > 0);
    Some(*there().max()? as f64 / *there().min()? as f64)
}

/// Shannon's entropy of the shares by that of even ones.
pub fn normalised_entropy(counts: &[u64]) -> Option<f64> {
    let total: u64 = counts.iter().sum();
    if counts.len() < 2 || total == 0 {
        return None;
    }
    let share = |count: &u64| *count as f64 / total as f64;
    let terms = counts.iter().filter(|count| **count > 0).map(share).map(|share| -share * share.ln());
    Some((terms.sum::<f64>() / (counts.len() as f64).ln()).clamp(0.0, 1.0))
}

/// Gini's coefficient of the counts.
pub fn gini(counts: &[u64]) -> Option<f64> {
    let total: u64 = counts.iter().sum();
    if total == 0 {
        return None;
    }
    let mut ascending = counts.to_vec();
    ascending.sort_unstable();
    let classes = counts.len() as f64;
    let term = |(at, count): (usize, &u64)| (2.0 * (at as f64 + 1.0) - classes - 1.0) * *count as f64;
    let sum: f64 = ascending.iter().enumerate().map(term).sum();
    Some((sum / (classes * total as f64)).max(0.0))
}

/// How many samples so many are worth where each covers a part of the class: (1 − βⁿ) / (1 − β); `count` where β is 1,
/// and 1 where it is 0.
pub fn effective_number(count: u64, beta: f64) -> f64 {
    if beta >= 1.0 {
        return count as f64;
    }
    if beta <= 0.0 {
        return f64::from(u8::from(count > 0));
    }
    // βⁿ is near 1 where β is: its distance from it is taken without the difference; the same on every machine.
    -libm::expm1(libm::log(beta) * count as f64) / (1.0 - beta)
}

/// What samples of each class weigh in a loss by the effective number of samples.
fn weights(effective: &[f64]) -> Vec<f64> {
    let inverse: Vec<f64> =
        effective.iter().map(|number| if *number > 0.0 { 1.0 / number } else { 0.0 }).collect();
    let there = inverse.iter().filter(|weight| **weight > 0.0).count() as f64;
    let sum: f64 = inverse.iter().sum();
    inverse.into_iter().map(|weight| if weight > 0.0 { weight * there / sum } else { 0.0 }).collect()
}

fn rarest(counts: &[u64], total: u64) -> Option<Rarest> {
    let there = counts.iter().enumerate().filter(|(_, count)| **count > 0);
    let (class, count) = there.min_by_key(|(class, count)| (**count, *class))?;
    let share = *count as f64 / total as f64;
    Some(Rarest { class, count: *count, share, threshold: RARE / counts.len() as f64 })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn near(one: f64, two: f64) -> bool {
        (one - two).abs() <= 1e-11 * one.abs().max(two.abs()).max(1.0)
    }

    #[test]
    fn figures_are_those_worked_out_by_hand_and_by_scipy() {
        // python: import numpy as np; from scipy.stats import entropy; x=np.array([...]); K=len(x)
        // entropy(x)/np.log(K); np.abs(x[:,None]-x).mean()/(2*x.mean()); (1-b**x)/(1-b)
        for (counts, ratio, entropy, gini) in [
            (vec![10, 10, 10, 10], 1.0, 1.0, 0.0),
            (vec![1, 3], 3.0, 0.811_278_124_459_132_8, 0.25),
            (vec![100, 10, 1], 100.0, 0.321_576_717_400_518_13, 0.594_594_594_594_594_5),
            (vec![5, 0, 5, 0], 1.0, 0.5, 0.5),
            (vec![500, 120, 33, 7, 2, 2], 250.0, 0.421_337_867_521_267_56, 0.720_381_526_104_417_7),
        ] {
            let found = Imbalance::of(&counts, DEFAULT_BETA);
            assert!(near(found.ratio.unwrap(), ratio), "{counts:?} {found:?}");
            assert!(near(found.entropy.unwrap(), entropy), "{counts:?} {found:?}");
            assert!(near(found.gini.unwrap(), gini), "{counts:?} {found:?}");
        }
        let found = Imbalance::of(&[1000, 10, 0], 0.999);
        // (1 - 0.999**1000)/0.001, (1 - 0.999**10)/0.001
        assert!(near(found.effective[0], 632.304_575_229_036_2), "{found:?}");
        assert!(near(found.effective[1], 9.955_119_790_251_764), "{found:?}");
        assert_eq!((found.effective[2], found.weights[2], found.empty), (0.0, 0.0, vec![2]));
        assert!(near(found.weights[0] + found.weights[1], 2.0));
        assert!(near(found.weights[1] / found.weights[0], found.effective[0] / found.effective[1]));
        let rarest = found.rarest.unwrap();
        assert_eq!((rarest.class, rarest.count, rarest.is_rare()), (1, 10, true));
        assert!(near(rarest.threshold, 0.1 / 3.0));
    }

    #[test]
    fn what_has_no_answer_has_none() {
        let none = Imbalance::of(&[], DEFAULT_BETA);
        assert_eq!((none.ratio, none.entropy, none.gini, none.rarest), (None, None, None, None));
        let empty = Imbalance::of(&[0, 0], DEFAULT_BETA);
        assert_eq!((empty.ratio, empty.entropy, empty.empty), (None, None, vec![0, 1]));
        let one = Imbalance::of(&[7], DEFAULT_BETA);
        assert_eq!((one.ratio, one.entropy, one.gini), (Some(1.0), None, Some(0.0)));
        // β of 1 would divide by 0; so near to it, every sample counts whole.
        assert!((Imbalance::of(&[9, 9], 1.0).effective[0] - 9.0).abs() < 1e-6);
        assert_eq!(Imbalance::of(&[9, 0], 0.0).effective, [1.0, 0.0]);
    }

    #[test]
    fn the_effective_number_lies_between_one_and_the_count() {
        // python3 -c "for n, b in [(1, .999), (5000, .999), (5000, .9999), (10**6, .999)]: print((1 - b**n) / (1 - b))"
        for (count, beta, expected) in [
            (1, 0.999, 1.0),
            (5000, 0.999, 993.278_888_040_133_6),
            (5000, 0.9999, 3_934.845_043_752_651),
            (1_000_000, 0.999, 1000.0),
            (7, 1.0, 7.0),
            (7, 0.0, 1.0),
            (0, 0.0, 0.0),
        ] {
            let found = effective_number(count, beta);
            assert!((found / expected - 1.0).abs() < 1e-9 || found == expected, "{count} {beta}: {found}");
        }
    }

    proptest! {
        #[test]
        fn figures_stay_in_their_ranges_whatever_the_order(
            counts in prop::collection::vec(0u64..5000, 2..40), turn in 0usize..40, beta in 0.0f64..0.99999,
        ) {
            prop_assume!(counts.iter().any(|count| *count > 0));
            let found = Imbalance::of(&counts, beta);
            let classes = counts.len() as f64;
            prop_assert!(found.ratio.unwrap() >= 1.0);
            prop_assert!((0.0..=1.0).contains(&found.entropy.unwrap()));
            prop_assert!((0.0..=1.0 - 1.0 / classes + 1e-12).contains(&found.gini.unwrap()));
            for (count, effective) in counts.iter().zip(&found.effective) {
                prop_assert!(*effective >= 0.0 && *effective <= *count as f64 * (1.0 + 1e-9));
            }
            let mut turned = counts.clone();
            turned.rotate_left(turn % counts.len());
            let again = Imbalance::of(&turned, beta);
            prop_assert!(near(found.entropy.unwrap(), again.entropy.unwrap()));
            prop_assert_eq!((found.ratio, found.gini, found.total), (again.ratio, again.gini, again.total));
            prop_assert_eq!(found.rarest.unwrap().count, again.rarest.unwrap().count);
        }
    }
}
