//! The numbers that are known of samples, column by column.

use rayon::prelude::*;

use super::Subject;
use crate::analysis::distribution::{Axis, Bins, BoxPlot, Edges, Histogram, box_plots};
use crate::dataset::chunks::CHUNK;
use crate::dataset::columns::{Column, ColumnKind, all_columns};
use crate::dataset::query::Snapshot;
use crate::review::Near;

/// A number of each sample.
#[derive(Clone, Debug)]
pub enum Measure<'a> {
    Column(Column),
    /// The distance to the nearest neighbour, as the descriptor sees it.
    Nearest(&'a Near),
}

/// The name of [`Measure::Nearest`].
pub const NEAREST: &str = "distance";

impl Measure<'_> {
    /// The word on the command line and in JSON.
    pub fn name(&self) -> &str {
        match self {
            Self::Column(column) => &column.name,
            Self::Nearest(_) => NEAREST,
        }
    }

    pub fn title(&self) -> &str {
        match self {
            Self::Column(column) => &column.title,
            Self::Nearest(_) => "Distance to the nearest neighbour",
        }
    }

    pub fn unit(&self) -> &'static str {
        match self {
            Self::Column(column) => column.unit,
            Self::Nearest(_) => "",
        }
    }
}

/// The figures of one measure.
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

/// Every number that samples have, those of an analysis where there was one.
pub fn measures<'a>(snapshot: &Snapshot, near: Option<&'a Near>) -> Vec<Measure<'a>> {
    let numbers = all_columns(snapshot).into_iter().filter(|column| column.kind == ColumnKind::Number);
    numbers.map(Measure::Column).chain(near.map(Measure::Nearest)).collect()
}

/// The value of each of the rows, in their order; NaN where it is not known.
pub fn values_of(subject: Subject<'_>, measure: &Measure<'_>) -> Vec<f64> {
    match measure {
        Measure::Column(column) => {
            let mut all = vec![f64::NAN; subject.snapshot.len()];
            let fill = |(at, out): (usize, &mut [f64])| column.numbers(subject.snapshot, at * CHUNK, out);
            all.par_chunks_mut(CHUNK).enumerate().for_each(fill);
            subject.rows.iter().map(|row| all[*row as usize]).collect()
        }
        Measure::Nearest(near) => {
            let nearest =
                |row: &u32| near.of(*row).next().map_or(f64::NAN, |(_, distance)| f64::from(distance));
            subject.rows.iter().map(nearest).collect()
        }
    }
}

/// The bins of a measure's values. Those of a column that is kept in single precision have borders in single
/// precision, so that a query for a bin finds what was counted in it.
pub fn edges_of(measure: &Measure<'_>, values: &[f64], axis: Axis, bins: Bins) -> Edges {
    let mut edges = Edges::of(values, axis, bins);
    if let Measure::Column(column) = measure
        && column.is_single_precision()
    {
        edges.values.iter_mut().for_each(|edge| *edge = f64::from(*edge as f32));
        edges.values.dedup();
    }
    edges
}

/// The figures of a measure; `None` where no value is known.
pub fn numbers(subject: Subject<'_>, measure: &Measure<'_>, axis: Axis, bins: Bins) -> Option<Numbers> {
    let values = values_of(subject, measure);
    let all = BoxPlot::of(&mut values.clone())?;
    let (mean, deviation) = moments(&values);
    let edges = edges_of(measure, &values, axis, bins);
    Some(Numbers {
        name: measure.name().to_owned(),
        title: measure.title().to_owned(),
        unit: measure.unit(),
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
