//! The charts of a dashboard, counted: what is kept between two questions, and answers to them.

use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::card::{Card, CardId, Kind};
use super::cells::Cells;
use super::figures::{Figures, Labels, Numbers, Plane, RelationColumns, Relations, Values};
use crate::analysis::distribution::{Axis, Bins, Edges};
use crate::dataset::columns::{Column, ColumnKind, column};
use crate::dataset::query::{Bitmask, Query, Reading, Snapshot};

/// Cells across and down of two columns against each other.
const PLANE: [usize; 2] = [72, 48];
/// Bins of a column in a table of relations.
const RELATION_BINS: usize = 8;
/// A column whose greatest number is so many times its least is cut by its logarithm in such a table.
const WIDE: f64 = 100.0;
/// Words of a column that have a bar of their own.
const WORDS: usize = 5000;
/// Parts of a chart of label sets at most.
const LARGEST: usize = 1 << 24;

/// What is kept between two questions: masks of conditions, the cells of each chart, and its counts.
#[derive(Default)]
pub struct Board {
    snapshot: Option<Snapshot>,
    conditions: Vec<Condition>,
    coded: HashMap<Parts, Arc<Coded>>,
    counted: HashMap<CardId, Counted>,
}

/// What a query asks of a column, and the rows that fit.
struct Condition {
    column: Option<String>,
    query: Query,
    mask: Arc<Bitmask>,
}

/// How rows are told apart: charts of the same parts share them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Parts {
    Labels,
    Numbers { column: String, axis: Axis, bins: Bins, by_split: bool },
    Values { column: String },
    Plane { columns: [String; 2], axes: [Axis; 2] },
    Relations { with: String },
}

/// The part that each row falls into, what the parts are, and how many of all rows there are in each.
struct Coded {
    of: Vec<Reading>,
    cells: Cells,
    shape: Shape,
    all: Arc<Vec<u32>>,
}

/// What parts are.
enum Shape {
    Labels { splits: usize, all: Arc<Vec<u32>> },
    Numbers { edges: Edges, splits: usize },
    Values { names: Arc<Vec<String>> },
    Plane { x: Edges, y: Edges },
    Relations { columns: Arc<RelationColumns>, across: usize },
    Nothing(String),
}

/// The counts of a card, and the rows that they are of.
struct Counted {
    coded: Arc<Coded>,
    mask: Bitmask,
    counts: Vec<u32>,
}

impl Board {
    /// What the quick ones of these cards show for a query.
    pub fn answer(&mut self, snapshot: &Snapshot, query: &Query, cards: &[Card]) -> Vec<(CardId, Figures)> {
        self.ask(snapshot, query);
        let quick: Vec<&Card> = cards.iter().filter(|card| card.kind.is_quick()).collect();
        self.encode(snapshot, &quick);
        let mut before = std::mem::take(&mut self.counted);
        let work: Vec<(&Card, Arc<Coded>, Option<Counted>)> = quick
            .into_iter()
            .filter_map(|card| {
                let coded = self.coded.get(&Parts::of(card)?)?.clone();
                Some((card, coded, before.remove(&card.id)))
            })
            .collect();
        let count = |(card, coded, before): (&Card, Arc<Coded>, Option<Counted>)| {
            let mask = self.rows_for(snapshot, &card.kind.own_columns());
            let counted = Counted::of(coded, mask, before);
            let figures = counted.figures(snapshot);
            (card.id, counted, figures)
        };
        let found: Vec<(CardId, Counted, Figures)> = work.into_par_iter().map(count).collect();
        let mut figures = Vec::with_capacity(found.len());
        for (id, counted, shown) in found {
            self.counted.insert(id, counted);
            figures.push((id, shown));
        }
        figures
    }

    /// The rows that fit all conditions but those on these columns.
    pub fn rows_for(&self, snapshot: &Snapshot, own: &[&str]) -> Bitmask {
        let mut rows = snapshot.derived().present().clone();
        let is_own =
            |condition: &Condition| condition.column.as_deref().is_some_and(|column| own.contains(&column));
        self.conditions.iter().filter(|condition| !is_own(condition)).for_each(|condition| {
            rows.intersect(&condition.mask);
        });
        rows
    }

    /// Works the conditions out; those that were asked before of the same samples are kept.
    fn ask(&mut self, snapshot: &Snapshot, query: &Query) {
        let is_same = self.snapshot.as_ref().is_some_and(|before| before.shares_all_with(snapshot));
        let before = if is_same { std::mem::take(&mut self.conditions) } else { Vec::new() };
        let mask_of = |query: &Query| {
            let kept = before.iter().find(|condition| condition.query == *query);
            kept.map_or_else(|| Arc::new(query.mask(snapshot)), |kept| kept.mask.clone())
        };
        self.conditions = query
            .by_column()
            .into_iter()
            .map(|(column, query)| Condition { column, mask: mask_of(&query), query })
            .collect();
        self.snapshot = Some(snapshot.clone());
    }

    /// Tells the rows apart for these cards; what no card needs any more goes.
    fn encode(&mut self, snapshot: &Snapshot, cards: &[&Card]) {
        let mut before = std::mem::take(&mut self.coded);
        for parts in cards.iter().filter_map(|card| Parts::of(card)) {
            if self.coded.contains_key(&parts) {
                continue;
            }
            let readings = || parts.readings(snapshot);
            let kept = before.remove(&parts).filter(|kept| kept.of == readings());
            let coded = kept.unwrap_or_else(|| Arc::new(Coded::of(snapshot, &parts)));
            self.coded.insert(parts, coded);
        }
    }
}

impl Counted {
    fn of(coded: Arc<Coded>, mask: Bitmask, before: Option<Self>) -> Self {
        let counts = match before.filter(|before| Arc::ptr_eq(&before.coded, &coded)) {
            Some(before) => coded.cells.recounted(&before.counts, &before.mask, &mask),
            None => coded.cells.counts(&mask),
        };
        Self { coded, mask, counts }
    }

    fn figures(&self, snapshot: &Snapshot) -> Figures {
        let (all, shown) = (self.coded.all.clone(), self.counts.clone());
        let dataset = &snapshot.dataset;
        match &self.coded.shape {
            Shape::Labels { splits, all } => Figures::Labels(Labels {
                all: all.clone(),
                shown: Labels::of_sets(dataset, &shown, *splits),
                splits: *splits,
            }),
            Shape::Numbers { edges, splits } => {
                Figures::Numbers(Numbers { edges: edges.clone(), all, shown, splits: *splits })
            }
            Shape::Values { names } => Figures::Values(Values { names: names.clone(), all, shown }),
            Shape::Plane { x, y } => Figures::Plane(Plane { x: x.clone(), y: y.clone(), all, shown }),
            Shape::Relations { columns, across } => {
                Figures::Relations(Relations::of_sets(dataset, &shown, columns, *across))
            }
            Shape::Nothing(why) => Figures::Nothing(why.clone()),
        }
    }
}

impl Parts {
    fn of(card: &Card) -> Option<Self> {
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
    fn readings(&self, snapshot: &Snapshot) -> Vec<Reading> {
        let names: Vec<&str> = match self {
            Self::Labels => vec!["label"],
            Self::Numbers { column, .. } | Self::Values { column } => vec![column],
            Self::Plane { columns: [x, y], .. } => vec![x, y],
            Self::Relations { with } => vec!["label", with],
        };
        names.iter().filter_map(|name| Some(snapshot.reading(&column(snapshot, name)?))).collect()
    }
}

impl Coded {
    fn of(snapshot: &Snapshot, parts: &Parts) -> Self {
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
                all = Arc::new(Labels::of_sets(&snapshot.dataset, &all, splits));
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
    let labels = &snapshot.dataset.labels;
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
    let mut edges = Edges::of(values, axis, bins);
    if column.is_single_precision() {
        // So that a query for a bin finds what was counted in it.
        edges.values.iter_mut().for_each(|edge| *edge = f64::from(*edge as f32));
        edges.values.dedup();
    }
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

fn plane(snapshot: &Snapshot, columns: &[String; 2], axes: [Axis; 2]) -> Encoded {
    let edges = |at: usize| -> Result<(Edges, Vec<f64>), String> {
        let (column, values) = number_column(snapshot, &columns[at])?;
        Ok((edges_of(&column, &values, axes[at], Bins::Count(PLANE[at]))?, values))
    };
    let ((x, across), (y, down)) = (edges(0)?, edges(1)?);
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
    let mut ids: HashMap<String, u32> = HashMap::new();
    let mut word = String::new();
    let of: Vec<u32> = (0..snapshot.len() as u32)
        .map(|row| {
            word.clear();
            column.write(snapshot, row, &mut word);
            if word.is_empty() {
                return u32::MAX;
            }
            let next = ids.len() as u32;
            if let Some(id) = ids.get(&word) { *id } else { *ids.entry(word.clone()).or_insert(next) }
        })
        .collect();
    if ids.is_empty() {
        return Err("No sample has a value here.".to_owned());
    }
    if ids.len() > WORDS {
        return Err(format!("There are {} different values, which are too many to tell apart.", ids.len()));
    }
    let mut names: Vec<(String, u32)> = ids.into_iter().collect();
    names.sort_by_key(|(_, id)| *id);
    let count = names.len();
    let cells = Cells::new(snapshot.len(), count + 1, |first, out| {
        out.copy_from_slice(&of[first..first + out.len()]);
    });
    let names = names.into_iter().map(|(name, _)| name).collect();
    Ok((cells, Shape::Values { names: Arc::new(names) }))
}

fn relations(snapshot: &Snapshot, with: &str) -> Encoded {
    let classes = snapshot.dataset.labels.classes.len();
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
            let ends = edges_of(&column, &values, Axis::Linear, Bins::Count(1))?;
            let (low, high) = (ends.values[0], ends.values[ends.len()]);
            let axis = if low > 0.0 && high / low >= WIDE { Axis::Log } else { Axis::Linear };
            let edges = edges_of(&column, &values, axis, Bins::Count(RELATION_BINS))?;
            let across = edges.len() + 1;
            let bin = |row: usize| edges.bin(values[row]).unwrap_or(edges.len()) as u32;
            let cells = by_set(snapshot, across, bin)?;
            let columns = Arc::new(RelationColumns::Bins(edges));
            return Ok((cells, Shape::Relations { columns, across }));
        }
    };
    let wide = if columns == RelationColumns::Classes { classes } else { across };
    if classes * wide > Relations::LARGEST {
        return Err("There are too many classes for a table of them.".to_owned());
    }
    let is_by_split = columns == RelationColumns::Splits;
    let cells = by_set(snapshot, across, |row| if is_by_split { split_of(snapshot, row) } else { 0 })?;
    Ok((cells, Shape::Relations { columns: Arc::new(columns), across }))
}
