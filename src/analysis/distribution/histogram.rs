//! Histograms of a column: bins that a person set or that follow from the data, on a linear or a log axis.
//!
//! Unless a person sets them, bins are as wide as 2 IQR / ∛n (D. Freedman and P. Diaconis, "On the histogram as
//! a density estimator", 1981); where the quartiles are one number, there are ⌈log₂ n⌉ + 1 (H. A. Sturges, 1926).
//! Whole numbers have bins of whole width on a linear axis, so that none holds more numbers than its neighbour.
//! On a log axis all of it is of the decimal logarithms; what is not over 0 is counted apart.
//!
//! A value on an edge belongs to the bin above it, and the greatest to the last bin.

use rayon::prelude::*;

/// Bins at most.
pub const MAX_BINS: usize = 1000;
/// Bins that follow from the data at most: more cannot be told apart in a chart.
pub const MAX_AUTO_BINS: usize = 120;
/// Rows that a thread counts at once.
const PART: usize = 65_536;

/// How numbers lie along an axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Axis {
    #[default]
    Linear,
    /// By decimal logarithm; numbers that are not over 0 have no place.
    Log,
}

impl Axis {
    /// The word used in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Log => "log",
        }
    }

    /// Where a number lies; NaN where it has no place.
    pub fn place(self, value: f64) -> f64 {
        match self {
            Self::Linear if value.is_finite() => value,
            Self::Log if value > 0.0 && value.is_finite() => value.log10(),
            _ => f64::NAN,
        }
    }

    /// The number that lies there.
    pub fn value(self, place: f64) -> f64 {
        match self {
            Self::Linear => place,
            Self::Log => 10f64.powf(place),
        }
    }
}

/// How many bins there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Bins {
    /// As follow from the data.
    #[default]
    Auto,
    /// So many, 1 to [`MAX_BINS`]; of whole numbers on a linear axis at most so many.
    Count(usize),
}

/// The borders of bins, ascending: one more than there are bins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Edges {
    pub axis: Axis,
    pub values: Vec<f64>,
}

impl Edges {
    /// The bins of these numbers; none where none of them has a place on the axis.
    pub fn of(values: &[f64], axis: Axis, bins: Bins) -> Self {
        let mut places: Vec<f64> =
            values.par_iter().map(|value| axis.place(*value)).filter(|place| !place.is_nan()).collect();
        let bounds = places.par_iter().map(|place| (*place, *place)).reduce_with(|one, two| {
            // The least and the greatest are the same in any order.
            (one.0.min(two.0), one.1.max(two.1))
        });
        // Numbers too far apart for their difference to be one have no bins.
        let bounds = bounds.filter(|(low, high)| (high - low).is_finite());
        let Some((low, high)) = bounds else { return Self { axis, values: Vec::new() } };
        let is_whole =
            axis == Axis::Linear && high - low < 1e15 && places.par_iter().all(|place| place.fract() == 0.0);
        let values = match bins {
            Bins::Count(count) if is_whole => {
                whole_edges(low, high, (high - low + 1.0) / count.clamp(1, MAX_BINS) as f64)
            }
            Bins::Count(count) => even_edges(axis, low, high, (high - low) / count.clamp(1, MAX_BINS) as f64),
            Bins::Auto if is_whole => whole_edges(low, high, auto_width(&mut places, low, high)),
            Bins::Auto => even_edges(axis, low, high, auto_width(&mut places, low, high)),
        };
        Self { axis, values }
    }

    /// Number of bins.
    pub fn len(&self) -> usize {
        self.values.len().saturating_sub(1)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bin that a number falls into.
    pub fn bin(&self, value: f64) -> Option<usize> {
        let (first, last) = (*self.values.first()?, *self.values.last()?);
        if !(first..=last).contains(&value) || self.is_empty() {
            return None;
        }
        let (low, high) = (self.axis.place(first), self.axis.place(last));
        let part = (self.axis.place(value) - low) / (high - low);
        let mut bin = ((part * self.len() as f64) as usize).min(self.len() - 1);
        // The edges have the last word, so that a query for a bin finds what was counted in it.
        while bin > 0 && value < self.values[bin] {
            bin -= 1;
        }
        while bin + 1 < self.len() && value >= self.values[bin + 1] {
            bin += 1;
        }
        Some(bin)
    }

    /// The lower and the upper border of a bin, and whether the upper one belongs to it.
    pub fn range(&self, bin: usize) -> Option<(f64, f64, bool)> {
        let (low, high) = (*self.values.get(bin)?, *self.values.get(bin + 1)?);
        Some((low, high, bin + 1 == self.len()))
    }
}

/// The width by Freedman and Diaconis, or by Sturges where that has none.
fn auto_width(places: &mut [f64], low: f64, high: f64) -> f64 {
    let count = places.len() as f64;
    let iqr = super::box_plot::quantile_of(places, 0.75) - super::box_plot::quantile_of(places, 0.25);
    let least = (high - low) / MAX_AUTO_BINS as f64;
    let width = match iqr > 0.0 {
        true => 2.0 * iqr / count.cbrt(),
        false => (high - low) / (count.log2().ceil() + 1.0),
    };
    width.max(least)
}

/// Edges at whole numbers from the least to past the greatest.
fn whole_edges(low: f64, high: f64, width: f64) -> Vec<f64> {
    let width = width.ceil().max(1.0);
    let bins = ((high - low) / width).floor() as usize + 1;
    (0..=bins).map(|at| low + width * at as f64).collect()
}

/// Bins of one width on the axis from the least to the greatest; one around a number that is alone.
fn even_edges(axis: Axis, low: f64, high: f64, width: f64) -> Vec<f64> {
    if low == high || width.is_nan() || width <= 0.0 {
        let (below, above) = (axis.value(low - 0.5), axis.value(high + 0.5));
        return if below < above { vec![below, above] } else { Vec::new() };
    }
    // A width that divides the range but for rounding makes no bin more.
    let bins = (((high - low) / width - 1e-9).ceil() as usize).clamp(1, MAX_BINS);
    let place = |at: usize| low + (high - low) * (at as f64 / bins as f64);
    let mut edges: Vec<f64> = (0..=bins).map(|at| axis.value(place(at))).collect();
    if axis == Axis::Linear {
        edges[bins] = high;
    } else {
        // A logarithm taken back is off by its rounding: the ends are to hold what they are of.
        edges[0] = edges[0].min(axis.value(low)) * (1.0 - 1e-12);
        edges[bins] = edges[bins].max(axis.value(high)) * (1.0 + 1e-12);
    }
    edges.dedup();
    edges
}

/// How many numbers fall into each bin.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    pub edges: Edges,
    /// By bin.
    pub counts: Vec<u64>,
    /// Numbers that are not over 0, which have no place on a log axis.
    pub not_positive: u64,
    /// Values that are not known, or are outside the edges.
    pub unknown: u64,
}

impl Histogram {
    /// The histogram of numbers, NaN where one is not known.
    pub fn of(values: &[f64], axis: Axis, bins: Bins) -> Self {
        Self::in_edges(values, Edges::of(values, axis, bins))
    }

    /// The same in bins that are given.
    pub fn in_edges(values: &[f64], edges: Edges) -> Self {
        let counted = grouped(values, &edges, 1, |_| &[0]);
        let [counts]: [Vec<u64>; 1] = counted.try_into().unwrap_or_default();
        let not_positive = match edges.axis {
            Axis::Linear => 0,
            Axis::Log => values.par_iter().filter(|value| **value <= 0.0).count() as u64,
        };
        let unknown = values.len() as u64 - not_positive - counts.iter().sum::<u64>();
        Self { edges, counts, not_positive, unknown }
    }
}

/// How many numbers of each group fall into each bin: `groups_of` gives the groups of a row, all under `groups`.
pub fn grouped<'a>(
    values: &[f64],
    edges: &Edges,
    groups: usize,
    groups_of: impl Fn(usize) -> &'a [u32] + Sync,
) -> Vec<Vec<u64>> {
    let bins = edges.len();
    if bins == 0 || groups == 0 {
        return vec![vec![0; bins]; groups];
    }
    let part = |(at, part): (usize, &[f64])| {
        let mut counts = vec![0u64; groups * bins];
        for (row, value) in part.iter().enumerate() {
            if let Some(bin) = edges.bin(*value) {
                groups_of(at * PART + row).iter().for_each(|group| counts[*group as usize * bins + bin] += 1);
            }
        }
        counts
    };
    let add = |mut one: Vec<u64>, two: Vec<u64>| {
        one.iter_mut().zip(two).for_each(|(one, two)| *one += two);
        one
    };
    let counts = values.par_chunks(PART).enumerate().map(part).reduce_with(add);
    counts.unwrap_or_else(|| vec![0; groups * bins]).chunks(bins).map(<[u64]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bins_are_numpys_where_it_has_them() {
        // python: x = np.array([(i*i*37) % 1001 / 7 for i in range(500)]);
        // np.histogram(x, bins='fd'), np.histogram(x, bins=4)
        let values: Vec<f64> = (0..500).map(|at: i32| f64::from(at * at * 37 % 1001) / 7.0).collect();
        let found = Histogram::of(&values, Axis::Linear, Bins::Auto);
        assert_eq!(found.counts, FD);
        assert_eq!(Histogram::of(&values, Axis::Linear, Bins::Count(4)).counts, FOUR);
    }

    const FD: &[u64] = &[48, 51, 61, 59, 53, 53, 58, 59, 58];
    const FOUR: &[u64] = &[113, 128, 137, 122];

    #[test]
    fn whole_numbers_have_whole_bins() {
        let values: Vec<f64> = [0, 0, 1, 2, 2, 2, 5].map(f64::from).into();
        let found = Histogram::of(&values, Axis::Linear, Bins::Count(20));
        assert_eq!(found.edges.values, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(found.counts, [2, 1, 3, 0, 0, 1]);
        // 0 to 9 in at most four bins are three each, and one: in four as wide as each other some had three, some two.
        let ten: Vec<f64> = (0..10).map(f64::from).collect();
        let found = Histogram::of(&ten, Axis::Linear, Bins::Count(4));
        assert_eq!(found.edges.values, [0.0, 3.0, 6.0, 9.0, 12.0]);
        assert_eq!(found.counts, [3, 3, 3, 1]);
        let wide: Vec<f64> = (0..1000).map(f64::from).collect();
        let found = Histogram::of(&wide, Axis::Linear, Bins::Auto);
        assert!(found.edges.values.iter().all(|edge| edge.fract() == 0.0));
        assert!(found.counts[..found.counts.len() - 1].iter().all(|count| *count == found.counts[0]));
    }

    #[test]
    fn a_log_axis_counts_apart_what_has_no_logarithm() {
        let values = [1.0, 10.0, 100.0, 1000.0, 0.0, -5.0, f64::NAN];
        let found = Histogram::of(&values, Axis::Log, Bins::Count(3));
        assert_eq!(found.counts, [1, 1, 2]);
        assert_eq!((found.not_positive, found.unknown), (2, 1));
        for (edge, expected) in found.edges.values.iter().zip([1.0, 10.0, 100.0, 1000.0]) {
            assert!((edge / expected - 1.0).abs() < 1e-9, "{found:?}");
        }
    }

    #[test]
    fn one_number_and_none_have_their_bins() {
        let one = Histogram::of(&[2.5; 3], Axis::Linear, Bins::Auto);
        assert_eq!((one.edges.values.as_slice(), one.counts.as_slice()), (&[2.0, 3.0][..], &[3][..]));
        let none = Histogram::of(&[f64::NAN], Axis::Log, Bins::Count(5));
        assert_eq!((none.counts.len(), none.unknown), (0, 1));
        assert_eq!(none.edges.bin(1.0), None);
        assert_eq!(Histogram::of(&[], Axis::Linear, Bins::Auto), Histogram::default());
    }

    proptest! {
        #[test]
        fn every_number_is_in_one_bin_and_its_range_holds_it(
            values in prop::collection::vec(prop_oneof![-1e6f64..1e6, -3f64..3.0, Just(0.0)], 1..300),
            count in 1usize..60, is_log in any::<bool>(), is_auto in any::<bool>(),
        ) {
            let axis = if is_log { Axis::Log } else { Axis::Linear };
            let bins = if is_auto { Bins::Auto } else { Bins::Count(count) };
            let found = Histogram::of(&values, axis, bins);
            prop_assert_eq!(found.counts.iter().sum::<u64>() + found.not_positive, values.len() as u64);
            prop_assert_eq!(found.unknown, 0);
            prop_assert!(found.counts.len() <= MAX_AUTO_BINS + 1);
            prop_assert!(found.edges.values.windows(2).all(|pair| pair[0] < pair[1]));
            for value in values.iter().filter(|value| !is_log || **value > 0.0) {
                let bin = found.edges.bin(*value).unwrap();
                let (low, high, is_last) = found.edges.range(bin).unwrap();
                prop_assert!(low <= *value && (*value < high || is_last && *value <= high));
            }
            let mut turned = values.clone();
            turned.reverse();
            prop_assert_eq!(Histogram::of(&turned, axis, bins), found);
        }
    }
}
