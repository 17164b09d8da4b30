//! How alike the splits are: the share of each class in each, and the chi-square distance between every two.
//!
//! The distance of shares p and q is ½ Σ (p − q)² / (p + q), over classes that either has: 0 where they are
//! the same and 1 where they have no class in common (O. Pele and M. Werman, "The Quadratic-Chi Histogram
//! Distance Family", ECCV 2010).

/// Classes by split.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Splits {
    /// Counts by split and class.
    pub counts: Vec<Vec<u64>>,
    /// Shares by split and class: they sum to 1 over the classes of a split that has samples, and are 0 in one
    /// that has none.
    pub shares: Vec<Vec<f64>>,
    /// Every two splits that have samples.
    pub distances: Vec<SplitDistance>,
    /// By split, the classes that it lacks and another split has, ascending.
    pub missing: Vec<Vec<usize>>,
}

/// How far two splits are from each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SplitDistance {
    /// `one < two`.
    pub one: usize,
    pub two: usize,
    /// 0, the same, to 1.
    pub chi_square: f64,
}

impl Splits {
    /// The figures of counts by split and class, as many classes in each.
    pub fn of(counts: Vec<Vec<u64>>) -> Self {
        let shares: Vec<Vec<f64>> = counts.iter().map(|counts| shares(counts)).collect();
        let there: Vec<usize> =
            (0..counts.len()).filter(|split| counts[*split].iter().any(|count| *count > 0)).collect();
        let pairs = there.iter().flat_map(|one| there.iter().map(move |two| (*one, *two)));
        let distances = pairs
            .filter(|(one, two)| one < two)
            .map(|(one, two)| SplitDistance { one, two, chi_square: chi_square(&shares[one], &shares[two]) })
            .collect();
        let classes = counts.iter().map(Vec::len).max().unwrap_or(0);
        let is_there: Vec<bool> = (0..classes)
            .map(|class| counts.iter().any(|counts| counts.get(class).is_some_and(|count| *count > 0)))
            .collect();
        let lacks =
            |counts: &Vec<u64>| (0..counts.len()).filter(|at| counts[*at] == 0 && is_there[*at]).collect();
        let missing = counts.iter().map(lacks).collect();
        Self { counts, shares, distances, missing }
    }
}

/// Each count's part of all.
pub fn shares(counts: &[u64]) -> Vec<f64> {
    let total: u64 = counts.iter().sum();
    counts.iter().map(|count| if total == 0 { 0.0 } else { *count as f64 / total as f64 }).collect()
}

/// ½ Σ (p − q)² / (p + q).
pub fn chi_square(one: &[f64], two: &[f64]) -> f64 {
    let term = |(p, q): (&f64, &f64)| if p + q > 0.0 { (p - q).powi(2) / (p + q) } else { 0.0 };
    (one.iter().zip(two).map(term).sum::<f64>() / 2.0).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn figures_are_those_worked_out_by_hand() {
        let splits = Splits::of(vec![vec![6, 3, 1], vec![5, 5, 0], vec![0, 0, 0], vec![0, 0, 4]]);
        assert_eq!(splits.shares[0], [0.6, 0.3, 0.1]);
        let distance = |one, two| {
            splits
                .distances
                .iter()
                .find(|pair| (pair.one, pair.two) == (one, two))
                .map(|pair| pair.chi_square)
        };
        // ½ (0.01 / 1.1 + 0.04 / 0.8 + 0.01 / 0.1)
        assert!((distance(0, 1).unwrap() - 0.079_545_454_545_454_54).abs() < 1e-12);
        assert_eq!((distance(1, 3), distance(0, 2)), (Some(1.0), None));
        assert_eq!(splits.missing, [vec![], vec![2], vec![0, 1, 2], vec![0, 1]]);
        // A class that no split has is missing from none.
        assert!(Splits::of(vec![vec![1, 0], vec![2, 0]]).missing.iter().all(Vec::is_empty));
        assert_eq!(Splits::of(Vec::new()), Splits::default());
    }

    proptest! {
        #[test]
        fn a_distance_is_symmetric_bounded_and_nothing_to_itself(
            one in prop::collection::vec(0u64..1000, 12), two in prop::collection::vec(0u64..1000, 12),
        ) {
            let (one, two) = (shares(&one), shares(&two));
            let distance = chi_square(&one, &two);
            prop_assert!((0.0..=1.0).contains(&distance));
            prop_assert_eq!(distance, chi_square(&two, &one));
            prop_assert_eq!(chi_square(&one, &one), 0.0);
        }
    }
}
