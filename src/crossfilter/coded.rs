//! How rows are told apart by a chart: the part that each falls into, and what the parts are.

use std::sync::Arc;

use rayon::prelude::*;

use super::card::{Card, Kind};
use super::cells::Cells;
use super::figures::{Labels, RelationColumns, Relations};
use crate::analysis::distribution::{Axis, Bins, Edges};
use crate::dataset::columns::{Column, ColumnKind, column};
use crate::dataset::query::{Reading, Snapshot};
use crate::pipeline::statistics::{self, Words};

/// Cells across and down of two columns against each other.
const PLANE: [usize; 2] = [72, 48];
/// Bins of a column in a table of relations.
const RELATION_BINS: usize = 8;
/// A column whose greatest number is so many times its least is cut by its logarithm in such a table.
const WIDE: f64 = 100.0;
/// Why there is no table.
const TOO_MANY: &str = "There are too many classes for a table of them.";
/// Parts of a chart of label sets at most.
const LARGEST: usize = 1 << 24;

/// How rows are told apart: charts of the same parts share them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Parts {
    Labels,
    Numbers { column: String, axis: Axis, bins: Bins, by_split: bool },
    Values { column: String },
    Plane { columns: [String; 2], axes: [Axis; 2] },
    Relations { with: String },
}

/// The part that each row falls into, what the parts are, and how many of all rows there are in each.
pub(super) struct Coded {
    pub of: Vec<Reading>,
    pub cells: Cells,
    pub shape: Shape,
    pub all: Arc<Vec<u32>>,
}

/// What parts are.
pub(super) enum Shape {
    Labels { splits: usize, all: Arc<Vec<u32>> },
    Numbers { edges: Edges, splits: usize },
    Values { names: Arc<Vec<String>> },
    Plane { x: Edges, y: Edges },
    Relations { columns: Arc<RelationColumns>, across: usize },
    Nothing(String),
}

impl Parts {
    pub fn of(card: &Card) -> Option<Self> {
        let options = &card.options;
        Some(match &card.kind {
            Kind::Classes | Kind::Imbalance | Kind::Splits => Self::Labels,
            Kind::Numbers { column } => Self::Numbers {
                column: column.clone(),
                axis: options.axis(0),
                bins: options.bins(),
                by_split: options.by_split,
            },
            Kind::Values { column } => Self::Values { column: column.clone() },
            Kind::Scatter { x, y } => {
                Self::Plane { columns: [x.clone(), y.clone()], axes: [options.axis(0), options.axis(1)] }
            }
            Kind::Relations { with } => Self::Relations { with: with.clone() },
            Kind::BoxPlots { .. } | Kind::Boxes | Kind::Pictures | Kind::Coverage => return None,
        })
    }

    /// What the parts are read from.
    pub fn readings(&self, snapshot: &Snapshot) -> Vec<Reading> {
        let names: Vec<&str> = match self {
            Self::Labels => vec!["label"],
            Self::Numbers { column, .. } | Self::Values { column } => vec![column],
            Self::Plane { columns: [x, y], .. } => vec![x, y],
            Self::Relations { with } => vec!["label", with],
        };
        reading_of(snapshot, &names)
    }
}

/// What these columns are read from.
pub(super) fn reading_of(snapshot: &Snapshot, names: &[&str]) -> Vec<Reading> {
    names.iter().filter_map(|name| Some(snapshot.reading(&column(snapshot, name)?))).collect()
}

impl Coded {
    pub fn of(snapshot: &Snapshot, parts: &Parts) -> Self {
        let (cells, shape) = match parts {
            Parts::Labels => labels(snapshot),
            Parts::Numbers { column, axis, bins, by_split } => {
                numbers(snapshot, column, *axis, *bins, *by_split)
            }
            Parts::Values { column } => values(snapshot, column),
            Parts::Plane { columns, axes } => plane(snapshot, columns, *axes),
            Parts::Relations { with } => relations(snapshot, with),
        }
        .unwrap_or_else(|why| (Cells::default(), Shape::Nothing(why)));
        let mut all = Arc::new(match shape {
            Shape::Nothing(_) => Vec::new(),
            _ => cells.counts(snapshot.derived().present()),
        });
        let shape = match shape {
            Shape::Labels { splits, .. } => {
                all = Arc::new(Labels::of_sets(snapshot.labels(), &all, splits));
                Shape::Labels { splits, all: all.clone() }
            }
            shape => shape,
        };
        Self { of: parts.readings(snapshot), cells, shape, all }
    }
}

/// The cells of a chart and what they are, or a sentence about why there are none.
type Encoded = Result<(Cells, Shape), String>;

/// The number of a split among all of them, none being the last.
fn split_of(snapshot: &Snapshot, row: usize) -> u32 {
    let none = snapshot.dataset.split_names.len() as u32;
    u32::from(snapshot.dataset.splits[row]).min(none)
}

/// Label sets by what each row is told apart by beside that, out of so many.
fn by_set(snapshot: &Snapshot, across: usize, other: impl Fn(usize) -> u32 + Sync) -> Result<Cells, String> {
    let labels = &**snapshot.labels();
    let count = labels.sets.len() * across;
    if count > LARGEST {
        return Err("There are more combinations of labels than this chart can count.".to_owned());
    }
    Ok(Cells::new(snapshot.len(), count, |first, out| {
        for (row, cell) in (first..).zip(out) {
            *cell = labels.of[row] * across as u32 + other(row);
        }
    }))
}

fn labels(snapshot: &Snapshot) -> Encoded {
    let splits = snapshot.dataset.split_names.len() + 1;
    let cells = by_set(snapshot, splits, |row| split_of(snapshot, row))?;
    Ok((cells, Shape::Labels { splits, all: Arc::default() }))
}

/// A column of numbers with the numbers of all rows.
fn number_column(snapshot: &Snapshot, name: &str) -> Result<(Column, Vec<f64>), String> {
    let column = column(snapshot, name).filter(|column| column.kind != ColumnKind::Text);
    let column =
        column.ok_or_else(|| format!("The dataset has no column of numbers that is called {name}."))?;
    let mut values = vec![f64::NAN; snapshot.len()];
    /// Rows that a thread reads at once.
    const PART: usize = 16_384;
    let fill = |(part, out): (usize, &mut [f64])| column.numbers(snapshot, part * PART, out);
    values.par_chunks_mut(PART).enumerate().for_each(fill);
    let present = snapshot.derived().present();
    values.par_iter_mut().enumerate().for_each(|(row, value)| {
        if !present.contains(row) {
            *value = f64::NAN;
        }
    });
    Ok((column, values))
}

/// The bins of a column's numbers.
fn edges_of(column: &Column, values: &[f64], axis: Axis, bins: Bins) -> Result<Edges, String> {
    let edges = statistics::edges_of(column, values, axis, bins);
    match edges.is_empty() {
        true if axis == Axis::Log => Err("No number over 0 is known yet, which a log axis needs.".to_owned()),
        true => Err("No numbers are known yet.".to_owned()),
        false => Ok(edges),
    }
}

fn numbers(snapshot: &Snapshot, name: &str, axis: Axis, bins: Bins, by_split: bool) -> Encoded {
    let (column, values) = number_column(snapshot, name)?;
    let edges = edges_of(&column, &values, axis, bins)?;
    let splits = if by_split { snapshot.dataset.split_names.len() + 1 } else { 1 };
    let cells = Cells::new(snapshot.len(), (edges.len() + 1) * splits, |first, out| {
        for (row, cell) in (first..).zip(out) {
            let bin = edges.bin(values[row]).unwrap_or(edges.len());
            let split = if by_split { split_of(snapshot, row) } else { 0 };
            *cell = (bin * splits) as u32 + split;
        }
    });
    Ok((cells, Shape::Numbers { edges, splits }))
}

/// The bins of two columns against each other, across and up, with the numbers of all rows.
pub(super) fn plane_edges(
    snapshot: &Snapshot,
    columns: [&str; 2],
    axes: [Axis; 2],
) -> Result<[(Edges, Vec<f64>); 2], String> {
    let edges = |at: usize| -> Result<(Edges, Vec<f64>), String> {
        let (column, values) = number_column(snapshot, columns[at])?;
        Ok((edges_of(&column, &values, axes[at], Bins::Count(PLANE[at]))?, values))
    };
    Ok([edges(0)?, edges(1)?])
}

fn plane(snapshot: &Snapshot, columns: &[String; 2], axes: [Axis; 2]) -> Encoded {
    let [(x, across), (y, down)] = plane_edges(snapshot, [&columns[0], &columns[1]], axes)?;
    let nowhere = x.len() * y.len();
    let cells = Cells::new(snapshot.len(), nowhere + 1, |first, out| {
        for (row, cell) in (first..).zip(out) {
            *cell = match (x.bin(across[row]), y.bin(down[row])) {
                (Some(column), Some(line)) => (line * x.len() + column) as u32,
                _ => nowhere as u32,
            };
        }
    });
    Ok((cells, Shape::Plane { x, y }))
}

fn values(snapshot: &Snapshot, name: &str) -> Encoded {
    let column = column(snapshot, name).ok_or_else(|| format!("The dataset has no column {name}."))?;
    let Words { names, of } = Words::of(snapshot, &column, 0..snapshot.len() as u32)?;
    let cells = Cells::new(snapshot.len(), names.len() + 1, |first, out| {
        out.copy_from_slice(&of[first..first + out.len()]);
    });
    Ok((cells, Shape::Values { names: Arc::new(names) }))
}

fn relations(snapshot: &Snapshot, with: &str) -> Encoded {
    let classes = snapshot.labels().classes.len();
    if classes < 2 {
        return Err(
            "There are fewer than two classes, so nothing goes with one more than with another.".to_owned()
        );
    }
    let (columns, across) = match with {
        "label" => (RelationColumns::Classes, 1),
        "split" => (RelationColumns::Splits, snapshot.dataset.split_names.len() + 1),
        name => {
            let (column, values) = number_column(snapshot, name)?;
            let known = values.iter().copied().filter(|value| value.is_finite());
            let (low, high) = known.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            });
            let axis = if low > 0.0 && high / low >= WIDE { Axis::Log } else { Axis::Linear };
            let edges = edges_of(&column, &values, axis, Bins::Count(RELATION_BINS))?;
            if classes * edges.len() > Relations::LARGEST {
                return Err(TOO_MANY.to_owned());
            }
            let across = edges.len() + 1;
            let bin = |row: usize| edges.bin(values[row]).unwrap_or(edges.len()) as u32;
            let cells = by_set(snapshot, across, bin)?;
            let columns = Arc::new(RelationColumns::Bins(edges));
            return Ok((cells, Shape::Relations { columns, across }));
        }
    };
    let wide = if columns == RelationColumns::Classes { classes } else { across };
    if classes * wide > Relations::LARGEST {
        return Err(TOO_MANY.to_owned());
    }
    let is_by_split = columns == RelationColumns::Splits;
    let cells = by_set(snapshot, across, |row| if is_by_split { split_of(snapshot, row) } else { 0 })?;
    Ok((cells, Shape::Relations { columns: Arc::new(columns), across }))
}
