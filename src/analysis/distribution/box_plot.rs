//! The figures of a box plot (J. W. Tukey, "Exploratory Data Analysis", 1977), of a column and of each group.
//!
//! Quartiles lie between the two nearest ranks, linearly: place p (n − 1) among the numbers in order (R. J.
//! Hyndman and Y. Fan, "Sample Quantiles in Statistical Packages", 1996, type 7, NumPy's default). Whiskers reach
//! to the furthest number within 1.5 IQR of the quartiles, and no less far than these.

use rayon::prelude::*;
use serde::Serialize;

/// How far whiskers reach, in interquartile ranges.
const REACH: f64 = 1.5;

/// The figures of some numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct BoxPlot {
    /// Numbers that are known.
    pub count: u64,
    pub min: f64,
    pub low_whisker: f64,
    pub q1: f64,
    pub median: f64,
    pub q3: f64,
    pub high_whisker: f64,
    pub max: f64,
    /// Numbers outside of the whiskers.
    pub outside: u64,
}

impl BoxPlot {
    /// The figures of numbers in any order, which are put in another one; those that are no numbers are left
    /// out. `None` where none is left.
    pub fn of(values: &mut [f64]) -> Option<Self> {
        let known = partition_known(values);
        let values = &mut values[..known];
        if values.is_empty() {
            return None;
        }
        let [q1, median, q3] = [0.25, 0.5, 0.75].map(|part| quantile_of(values, part));
        let (low_fence, high_fence) = (q1 - REACH * (q3 - q1), q3 + REACH * (q3 - q1));
        let mut figures = Self {
            count: values.len() as u64,
            min: f64::INFINITY,
            low_whisker: f64::INFINITY,
            q1,
            median,
            q3,
            high_whisker: f64::NEG_INFINITY,
            max: f64::NEG_INFINITY,
            outside: 0,
        };
        for value in values.iter().copied() {
            (figures.min, figures.max) = (figures.min.min(value), figures.max.max(value));
            if (low_fence..=high_fence).contains(&value) {
                figures.low_whisker = figures.low_whisker.min(value);
                figures.high_whisker = figures.high_whisker.max(value);
            } else {
                figures.outside += 1;
            }
        }
        // A quartile between two numbers can lie further out than any that a whisker reaches: it ends at the box.
        figures.low_whisker = figures.low_whisker.min(q1);
        figures.high_whisker = figures.high_whisker.max(q3);
        Some(figures)
    }
}

/// The known numbers first; gives how many they are.
fn partition_known(values: &mut [f64]) -> usize {
    let mut known = 0;
    for at in 0..values.len() {
        if values[at].is_finite() {
            values.swap(at, known);
            known += 1;
        }
    }
    known
}

/// The quantile of known numbers, which are put in another order; NaN of none.
pub fn quantile_of(values: &mut [f64], part: f64) -> f64 {
    if values.is_empty() {
        return f64::NAN;
    }
    let place = part * (values.len() - 1) as f64;
    let (_, low, above) = values.select_nth_unstable_by(place as usize, f64::total_cmp);
    let low = *low;
    let high = above.iter().copied().min_by(f64::total_cmp).unwrap_or(low);
    low + (high - low) * place.fract()
}

/// The figures of the numbers of each group: `groups_of` gives the groups of a row, all under `groups`. `None`
/// where a group has no number.
pub fn box_plots<'a>(
    values: &[f64],
    groups: usize,
    groups_of: impl Fn(usize) -> &'a [u32],
) -> Vec<Option<BoxPlot>> {
    // One list with the groups after each other, so that many groups take as much memory as few.
    let known = || values.iter().enumerate().filter(|(_, value)| value.is_finite());
    let mut starts = vec![0usize; groups + 1];
    for (row, _) in known() {
        groups_of(row).iter().for_each(|group| starts[*group as usize + 1] += 1);
    }
    for at in 1..starts.len() {
        starts[at] += starts[at - 1];
    }
    let mut sorted = vec![0.0; starts[groups]];
    let mut next = starts.clone();
    for (row, value) in known() {
        for group in groups_of(row) {
            sorted[next[*group as usize]] = *value;
            next[*group as usize] += 1;
        }
    }
    let (mut rest, mut parts) = (sorted.as_mut_slice(), Vec::with_capacity(groups));
    for pair in starts.windows(2) {
        let (part, others) = rest.split_at_mut(pair[1] - pair[0]);
        parts.push(part);
        rest = others;
    }
    parts.into_par_iter().map(BoxPlot::of).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn figures_are_numpys_and_tukeys() {
        // python: x = [1, 2, 4, 4, 5, 7, 30]; np.percentile(x, [25, 50, 75]) -> 3.0 4.0 6.0
        let mut values = [30.0, 1.0, f64::NAN, 4.0, 2.0, 7.0, 4.0, 5.0];
        let found = BoxPlot::of(&mut values).unwrap();
        assert_eq!((found.q1, found.median, found.q3), (3.0, 4.0, 6.0));
        assert_eq!((found.count, found.min, found.max), (7, 1.0, 30.0));
        assert_eq!((found.low_whisker, found.high_whisker, found.outside), (1.0, 7.0, 1));
        // np.percentile([0, 1, 5, 9], [25, 50, 75]) -> 0.75 3.0 6.0
        let found = BoxPlot::of(&mut [9.0, 0.0, 5.0, 1.0]).unwrap();
        assert_eq!((found.q1, found.median, found.q3), (0.75, 3.0, 6.0));
        assert_eq!(BoxPlot::of(&mut [f64::NAN]), None);
        // np.percentile([1, 2, 3, 100], [25, 75]) -> 1.75 27.25: the furthest number within 65.5 is 3.
        let found = BoxPlot::of(&mut [3.0, 100.0, 1.0, 2.0]).unwrap();
        assert_eq!((found.q3, found.high_whisker, found.outside), (27.25, 27.25, 1));
        let one = BoxPlot::of(&mut [7.0]).unwrap();
        assert_eq!((one.q1, one.low_whisker, one.high_whisker, one.outside), (7.0, 7.0, 7.0, 0));
    }

    #[test]
    fn each_group_has_its_own() {
        let values = [1.0, 2.0, f64::NAN, 4.0, 5.0];
        let groups: [&[u32]; 5] = [&[0], &[0, 2], &[1], &[2], &[]];
        let found = box_plots(&values, 3, |row| groups[row]);
        assert_eq!(found[0].unwrap().median, 1.5);
        assert_eq!(found[1], None);
        assert_eq!((found[2].unwrap().median, found[2].unwrap().count), (3.0, 2));
    }

    proptest! {
        #[test]
        fn figures_are_in_order_whatever_that_of_the_numbers(
            values in prop::collection::vec(-1e3f64..1e3, 1..200),
        ) {
            let found = BoxPlot::of(&mut values.clone()).unwrap();
            prop_assert!(found.min <= found.q1 && found.q1 <= found.median);
            prop_assert!(found.median <= found.q3 && found.q3 <= found.max);
            prop_assert!(found.min <= found.low_whisker && found.high_whisker <= found.max);
            prop_assert!(found.low_whisker <= found.q1 && found.q3 <= found.high_whisker);
            prop_assert!(found.outside < found.count);
            let mut turned = values.clone();
            turned.reverse();
            prop_assert_eq!(BoxPlot::of(&mut turned).unwrap(), found);
        }
    }
}
