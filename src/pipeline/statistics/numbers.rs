//! The numbers that are known of samples, column by column.

use rayon::prelude::*;

use super::Subject;
use crate::analysis::distribution::{Axis, Bins, BoxPlot, Edges, Histogram, box_plots};
use crate::dataset::chunks::CHUNK;
use crate::dataset::columns::{Column, ColumnKind, all_columns};
use crate::dataset::query::Snapshot;

/// The figures of one column.
#[derive(Clone, Debug, PartialEq)]
pub struct Numbers {
    pub name: String,
    pub title: String,
    pub unit: &'static str,
    /// Of all rows of which it is known.
    pub all: BoxPlot,
    pub mean: f64,
    /// The standard deviation of these rows.
    pub deviation: f64,
    pub histogram: Histogram,
    /// By class; `None` where nothing is known.
    pub classes: Vec<Option<BoxPlot>>,
}

/// Every column of numbers that samples have.
pub fn number_columns(snapshot: &Snapshot) -> Vec<Column> {
    all_columns(snapshot).into_iter().filter(|column| column.kind == ColumnKind::Number).collect()
}

/// The value of each of the rows, in their order; NaN where it is not known.
pub fn values_of(subject: Subject<'_>, column: &Column) -> Vec<f64> {
    let mut all = vec![f64::NAN; subject.snapshot.len()];
    let fill = |(at, out): (usize, &mut [f64])| column.numbers(subject.snapshot, at * CHUNK, out);
    all.par_chunks_mut(CHUNK).enumerate().for_each(fill);
    subject.rows.iter().map(|row| all[*row as usize]).collect()
}

/// The bins of a column's values. Those of one that is kept in single precision have borders in single
/// precision, so that a query for a bin finds what was counted in it.
pub fn edges_of(column: &Column, values: &[f64], axis: Axis, bins: Bins) -> Edges {
    let mut edges = Edges::of(values, axis, bins);
    if column.is_single_precision() {
        edges.values.iter_mut().for_each(|edge| *edge = f64::from(*edge as f32));
        edges.values.dedup();
    }
    edges
}

/// The figures of a column; `None` where no value is known.
pub fn numbers(subject: Subject<'_>, column: &Column, axis: Axis, bins: Bins) -> Option<Numbers> {
    let values = values_of(subject, column);
    let all = BoxPlot::of(&mut values.clone())?;
    let (mean, deviation) = moments(&values);
    let edges = edges_of(column, &values, axis, bins);
    Some(Numbers {
        name: column.name.to_string(),
        title: column.title.to_string(),
        unit: column.unit,
        all,
        mean,
        deviation,
        classes: box_plots(&values, subject.class_names().len(), |place| subject.classes_at(place)),
        histogram: Histogram::in_edges(&values, edges),
    })
}

/// Mean and standard deviation of what is known, in one pass (B. P. Welford, 1962), in the order of the rows.
fn moments(values: &[f64]) -> (f64, f64) {
    let (mut count, mut mean, mut sum) = (0.0, 0.0, 0.0);
    for value in values.iter().filter(|value| value.is_finite()) {
        count += 1.0;
        let from_before = value - mean;
        mean += from_before / count;
        sum += from_before * (value - mean);
    }
    (mean, (sum / f64::max(count, 1.0)).sqrt())
}
