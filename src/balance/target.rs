//! What distribution is wanted: how many samples each class is to have.
//!
//! Counts in, counts out. It refuses to know how they are reached.

use serde::{Deserialize, Serialize};

/// A wanted distribution of classes.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "value")]
pub enum Target {
    /// Every class as many as any other.
    Uniform,
    /// Each class in proportion to the square root of its count.
    SquareRoot,
    /// At most so many of each.
    Cap(u64),
    /// At least so many of each.
    Floor(u64),
    /// In proportion to these counts, by class: those of another split or dataset.
    Match(Vec<u64>),
    /// These counts, by class; `None` leaves a class as it is.
    ByHand(Vec<Option<u64>>),
}

/// How many samples all classes are to have together, where the target says proportions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Total {
    /// As many as there are.
    #[default]
    Keep,
    /// The most at which no class has to grow.
    Smallest,
    /// The fewest at which no class has to shrink, but for those that are to have none.
    Largest,
    /// So many.
    Of(u64),
}

impl Target {
    /// Wanted counts, from the counts that there are, by class. A class without a sample is to have none, since
    /// nothing could be taken for it.
    pub fn wanted(&self, counts: &[u64], total: Total) -> Vec<u64> {
        let of_each = |wanted: &dyn Fn(usize, u64) -> u64| {
            let each = counts.iter().enumerate();
            each.map(|(class, count)| if *count == 0 { 0 } else { wanted(class, *count) }).collect()
        };
        let shaped = |shape: &dyn Fn(usize, u64) -> f64| {
            let each = counts.iter().enumerate();
            let shape: Vec<f64> =
                each.map(|(class, count)| if *count == 0 { 0.0 } else { shape(class, *count) }).collect();
            apportioned(&shape, total.of(counts, &shape))
        };
        match self {
            Self::Uniform => shaped(&|_, _| 1.0),
            Self::SquareRoot => shaped(&|_, count| (count as f64).sqrt()),
            Self::Match(other) => shaped(&|class, _| other.get(class).copied().unwrap_or(0) as f64),
            Self::Cap(most) => of_each(&|_, count| count.min(*most)),
            Self::Floor(least) => of_each(&|_, count| count.max(*least)),
            Self::ByHand(given) => {
                of_each(&|class, count| given.get(class).copied().flatten().unwrap_or(count))
            }
        }
    }

    /// Whether it asks for nothing of all that there is: proportions of other classes alone.
    pub fn is_of_nothing(&self, counts: &[u64]) -> bool {
        let Self::Match(other) = self else { return false };
        let mut there = counts.iter().enumerate().filter(|(_, count)| **count > 0).peekable();
        there.peek().is_some() && there.all(|(class, _)| other.get(class).is_none_or(|count| *count == 0))
    }

    /// The classes that it asks samples of by name or number and that have none, ascending.
    pub fn asked_in_vain(&self, counts: &[u64]) -> Vec<usize> {
        let is_asked = |class: usize| match self {
            Self::Uniform | Self::SquareRoot | Self::Cap(_) => false,
            Self::Floor(least) => *least > 0,
            Self::Match(other) => other.get(class).is_some_and(|count| *count > 0),
            Self::ByHand(given) => given.get(class).copied().flatten().is_some_and(|count| count > 0),
        };
        (0..counts.len()).filter(|class| counts[*class] == 0 && is_asked(*class)).collect()
    }

    /// Whether it says proportions, so that the total is to be chosen.
    pub fn is_shape(&self) -> bool {
        matches!(self, Self::Uniform | Self::SquareRoot | Self::Match(_))
    }
}

impl Total {
    /// The number that it comes to for these counts and proportions.
    fn of(self, counts: &[u64], shape: &[f64]) -> u64 {
        let sum: f64 = shape.iter().sum();
        // The total at which each class has as many as now.
        let scales = counts.iter().zip(shape).filter(|(_, share)| **share > 0.0);
        let scales = scales.map(|(count, share)| *count as f64 / share * sum);
        match self {
            Self::Keep => counts.iter().sum(),
            Self::Of(total) => total,
            Self::Smallest => snapped(scales.reduce(f64::min).unwrap_or(0.0)).floor() as u64,
            Self::Largest => snapped(scales.fold(0.0, f64::max)).ceil() as u64,
        }
    }
}

/// A number, or the whole one that it is but for the rounding of products and quotients.
fn snapped(number: f64) -> f64 {
    const NEARLY: f64 = 1e-9;
    /// Further than this no rounding leads, and thirds of thousands of millions stay thirds.
    const FURTHEST: f64 = 1e-3;
    let whole = number.round();
    if (number - whole).abs() <= (NEARLY * whole.max(1.0)).min(FURTHEST) { whole } else { number }
}

/// Whole numbers in proportion to these shares that add up to `total`: the quotas rounded down, and one more for the
/// largest remainders, of equal ones the first (T. Hare's method of largest remainders). All are 0 where no share is
/// above 0.
pub fn apportioned(shape: &[f64], total: u64) -> Vec<u64> {
    let sum: f64 = shape.iter().sum();
    if sum <= 0.0 {
        return vec![0; shape.len()];
    }
    let quotas: Vec<f64> = shape.iter().map(|share| snapped(share / sum * total as f64)).collect();
    let mut counts: Vec<u64> = quotas.iter().map(|quota| quota.floor() as u64).collect();
    let left = total.saturating_sub(counts.iter().sum()) as usize;
    let mut order: Vec<usize> = (0..shape.len()).filter(|at| shape[*at] > 0.0).collect();
    let rest = |at: usize| quotas[at] - quotas[at].floor();
    order.sort_by(|one, two| rest(*two).total_cmp(&rest(*one)));
    order.iter().cycle().take(left).for_each(|at| counts[*at] += 1);
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wanted_counts_are_what_a_hand_comes_to() {
        use Target::{ByHand, Cap, Floor, Match, SquareRoot, Uniform};
        use Total::{Keep, Largest, Of, Smallest};
        // 100, 25 and 4: roots 10, 5 and 2 of 17.
        let counts = [100, 25, 4, 0];
        for (target, total, expected) in [
            (Uniform, Keep, [43, 43, 43, 0]),
            (Uniform, Smallest, [4, 4, 4, 0]),
            (Uniform, Largest, [100, 100, 100, 0]),
            (Uniform, Of(10), [4, 3, 3, 0]),
            // 129 × 10, 5 and 2 / 17 is 75.88, 37.94 and 15.18.
            (SquareRoot, Keep, [76, 38, 15, 0]),
            // 4 / 2 × 17 = 34.
            (SquareRoot, Smallest, [20, 10, 4, 0]),
            (SquareRoot, Largest, [100, 50, 20, 0]),
            (Cap(25), Keep, [25, 25, 4, 0]),
            (Floor(25), Keep, [100, 25, 25, 0]),
            // A class that the other one lacks is to have none, and one that is not here cannot have any.
            (Match(vec![1, 0, 2, 9]), Keep, [43, 0, 86, 0]),
            (Match(vec![1, 0, 2, 9]), Smallest, [2, 0, 4, 0]),
            (Match(vec![1, 0, 2, 9]), Largest, [100, 0, 200, 0]),
            (Match(vec![0; 4]), Keep, [0; 4]),
            (ByHand(vec![Some(7), None, Some(0), Some(5)]), Keep, [7, 25, 0, 0]),
        ] {
            assert_eq!(target.wanted(&counts, total), expected, "{target:?} {total:?}");
        }
    }

    #[test]
    fn what_a_target_asks_for_in_vain_is_told() {
        use Target::{ByHand, Cap, Floor, Match, Uniform};
        let counts = [3, 0, 2, 0];
        for (target, is_of_nothing, in_vain) in [
            (Uniform, false, vec![]),
            (Cap(1), false, vec![]),
            (Floor(1), false, vec![1, 3]),
            (Floor(0), false, vec![]),
            (Match(vec![0, 5, 0, 0]), true, vec![1]),
            (Match(vec![0, 0]), true, vec![]),
            (Match(vec![0, 0, 1, 1]), false, vec![3]),
            (ByHand(vec![Some(0), Some(4), None, None]), false, vec![1]),
        ] {
            assert_eq!(target.is_of_nothing(&counts), is_of_nothing, "{target:?}");
            assert_eq!(target.asked_in_vain(&counts), in_vain, "{target:?}");
            assert!(!target.is_of_nothing(&[0; 4]), "where nothing is, nothing goes");
        }
    }

    #[test]
    fn the_largest_remainders_are_rounded_up() {
        // Quotas 2.5, 1.25, 1.25: the half goes first, and of equal ones none is left.
        assert_eq!(apportioned(&[2.0, 1.0, 1.0], 5), [3, 1, 1]);
        assert_eq!(apportioned(&[1.0, 1.0, 1.0], 8), [3, 3, 2]);
        assert_eq!(apportioned(&[0.8, 0.1, 0.1], 10), [8, 1, 1]);
        assert_eq!(apportioned(&[0.0, 0.0], 3), [0, 0]);
        // Thirds are no whole numbers, however many they are of.
        assert_eq!(apportioned(&[1.0; 3], 2_000_000_000), [666_666_667, 666_666_667, 666_666_666]);
        assert!(apportioned(&[], 3).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn totals_add_up_and_no_class_is_forced(counts in proptest::collection::vec(0u64..2000, 1..40)) {
            let sum: u64 = counts.iter().sum();
            for target in [Target::Uniform, Target::SquareRoot, Target::Match((1..=counts.len() as u64).collect())] {
                let of = |total| target.wanted(&counts, total);
                proptest::prop_assert_eq!(of(Total::Keep).iter().sum::<u64>(), sum);
                let grows = of(Total::Smallest).iter().zip(&counts).any(|(wanted, count)| wanted > count);
                let shrinks = of(Total::Largest).iter().zip(&counts).any(|(wanted, count)| wanted < count);
                proptest::prop_assert!(!grows && !shrinks, "{:?}", target);
            }
        }
    }
}
