//! What goes with what: labels with labels, with splits, and with the bins of every number.

use std::borrow::Cow;

use super::Subject;
use super::classes::{Classes, most_frequent};
use super::numbers::{edges_of, number_columns, values_of};
use crate::analysis::distribution::{Axis, Bins, Cell, Edges, Table};
use crate::dataset::columns::Column;
use crate::dataset::query::{
    AttributeTest, Choice, Comparison, Node, Pattern, Quantity, Query, Snapshot, Test,
};
use crate::dataset::{ClassId, NO_SPLIT, SplitId};
use crate::jobs::{Cancelled, Control};

/// Classes of a side at most, the most frequent ones: a table of all would be their square.
const MAX_CLASSES: usize = 1024;
/// Bins of a number.
const BINS: usize = 8;
/// A number whose largest value is so many times its least is cut by its logarithm.
const WIDE: f64 = 100.0;

/// One side of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Side {
    Labels(Vec<ClassId>),
    /// [`NO_SPLIT`] stands for the samples of none.
    Splits(Vec<SplitId>),
    Bins {
        column: Column,
        edges: Edges,
    },
}

/// A table of two sides.
#[derive(Clone, Debug, PartialEq)]
pub struct Relation {
    pub rows: Side,
    pub columns: Side,
    pub table: Table,
    /// Every cell, the ones that say most first. Of labels with labels each pair once.
    pub cells: Vec<Cell>,
}

impl Side {
    /// The word in JSON: `label`, `split`, or the name of a column.
    pub fn name(&self) -> &str {
        match self {
            Self::Labels(_) => "label",
            Self::Splits(_) => "split",
            Self::Bins { column, .. } => &column.name,
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Self::Labels(classes) => classes.len(),
            Self::Splits(splits) => splits.len(),
            Self::Bins { edges, .. } => edges.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The label, the split or the range at a place; empty where there is none.
    pub fn name_at(&self, snapshot: &Snapshot, at: u32) -> String {
        let dataset = &snapshot.dataset;
        let name = match self {
            Self::Labels(classes) => classes
                .get(at as usize)
                .and_then(|class| snapshot.labels().classes.get(*class as usize).cloned()),
            Self::Splits(splits) => splits.get(at as usize).map(|split| {
                dataset.split_names.get(*split as usize).cloned().unwrap_or_else(|| "none".to_owned())
            }),
            Self::Bins { edges, .. } => edges.range(at as usize).map(|(low, high, _)| {
                format!("{} – {}", crate::chart::number_text(low), crate::chart::number_text(high))
            }),
        };
        name.unwrap_or_default()
    }

    /// What a query asks for to have a place of this side.
    fn tests(&self, snapshot: &Snapshot, at: u32) -> Vec<Node> {
        let dataset = &snapshot.dataset;
        let literal = |name: &String| Choice::Name(Pattern::literal(name.as_str()));
        let test = match self {
            Self::Labels(classes) => {
                let class =
                    classes.get(at as usize).and_then(|class| snapshot.labels().classes.get(*class as usize));
                class.map(|name| Test::Label(vec![literal(name)]))
            }
            Self::Splits(splits) => splits.get(at as usize).map(|split| match *split {
                NO_SPLIT => Test::Split(vec![Choice::None]),
                split => {
                    Test::Split(dataset.split_names.get(split as usize).map(literal).into_iter().collect())
                }
            }),
            Self::Bins { column, edges } => {
                let Some((low, high, is_last)) = edges.range(at as usize) else { return Vec::new() };
                let high = Quantity::Number(high);
                let high = if is_last { Comparison::AtMost(high) } else { Comparison::Less(high) };
                let both = [Comparison::AtLeast(Quantity::Number(low)), high];
                return both.map(|comparison| Node::Test(compared(column, comparison))).into();
            }
        };
        test.map(Node::Test).into_iter().collect()
    }

    /// Where of this side the row at a place of the rows is; `bins` has its bin where this is of bins.
    fn members(&self, subject: Subject<'_>, place: usize, map: &[u32], bins: &[u32], found: &mut Vec<u32>) {
        found.clear();
        match self {
            Self::Labels(_) => {
                let known = subject.classes_at(place).iter().map(|class| map[*class as usize]);
                found.extend(known.filter(|at| *at != NONE));
            }
            Self::Splits(_) => {
                let split = subject.snapshot.dataset.splits[subject.rows[place] as usize];
                let at = map[(split as usize).min(map.len() - 1)];
                found.extend(Some(at).filter(|at| *at != NONE));
            }
            Self::Bins { .. } => found.extend(bins.get(place).copied().filter(|at| *at != NONE)),
        }
    }

    /// Whether anything is known on this side of the row at a place of the rows: a label, or a number.
    fn is_known(&self, subject: Subject<'_>, place: usize, bins: &[u32]) -> bool {
        match self {
            Self::Labels(_) => !subject.classes_at(place).is_empty(),
            Self::Splits(_) => true,
            Self::Bins { .. } => bins.get(place).is_some_and(|at| *at != NONE),
        }
    }

    /// Where each class or split is on this side.
    fn map(&self, snapshot: &Snapshot) -> Vec<u32> {
        let dataset = &snapshot.dataset;
        match self {
            Self::Labels(classes) => places(snapshot.labels().classes.len(), classes.iter().copied()),
            Self::Splits(splits) => {
                let count = dataset.split_names.len();
                places(count + 1, splits.iter().map(|split| u32::from(*split).min(count as u32)))
            }
            Self::Bins { .. } => Vec::new(),
        }
    }
}

/// Not on a side.
const NONE: u32 = u32::MAX;

fn places(count: usize, ids: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut places = vec![NONE; count];
    for (place, id) in ids.enumerate() {
        places[id as usize] = place as u32;
    }
    places
}

fn compared(column: &Column, comparison: Comparison) -> Test {
    match &column.name {
        Cow::Borrowed(name) => Test::Number { column: name, test: comparison },
        Cow::Owned(name) => {
            let name = name.strip_prefix("attr.").unwrap_or(name).to_owned();
            Test::Attribute { name, test: AttributeTest::Compare(comparison) }
        }
    }
}

impl Relation {
    /// The query for the samples of a cell.
    pub fn query(&self, snapshot: &Snapshot, cell: &Cell) -> Query {
        let mut nodes = self.rows.tests(snapshot, cell.row);
        nodes.extend(self.columns.tests(snapshot, cell.column));
        let mut nodes = nodes.into_iter();
        Query::new(nodes.next().map(|first| Node::and(first, nodes.collect())))
    }
}

/// The table of two sides, of the rows that have a label or a value on both; `None` where one of them has nothing in it.
pub fn relation(subject: Subject<'_>, rows: Side, columns: Side) -> Option<Relation> {
    if rows.is_empty() || columns.is_empty() || subject.rows.is_empty() {
        return None;
    }
    let is_of_pairs = rows == columns;
    let [of_rows, of_columns] =
        [&rows, &columns].map(|side| (side.map(subject.snapshot), bins_of(subject, side)));
    let mut table = Table::new(rows.len(), columns.len());
    let (mut row_members, mut column_members) = (Vec::new(), Vec::new());
    for place in 0..subject.rows.len() {
        // What is not known on one side says nothing of how often both go together.
        if !rows.is_known(subject, place, &of_rows.1) || !columns.is_known(subject, place, &of_columns.1) {
            continue;
        }
        rows.members(subject, place, &of_rows.0, &of_rows.1, &mut row_members);
        columns.members(subject, place, &of_columns.0, &of_columns.1, &mut column_members);
        table.add(&row_members, &column_members, 1);
    }
    let cells = if is_of_pairs { table.ranked_pairs() } else { table.ranked() };
    Some(Relation { rows, columns, table, cells })
}

/// The bin of each row, where a side is of bins.
fn bins_of(subject: Subject<'_>, side: &Side) -> Vec<u32> {
    let Side::Bins { column, edges } = side else { return Vec::new() };
    let values = values_of(subject, column);
    values.into_iter().map(|value| edges.bin(value).map_or(NONE, |bin| bin as u32)).collect()
}

impl Side {
    /// The bins of a column for a table; `None` where it has fewer than two.
    pub fn of_column(subject: Subject<'_>, column: &Column) -> Option<Self> {
        let values = values_of(subject, column);
        let known = values.iter().copied().filter(|value| value.is_finite());
        let (low, high) = known
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        let axis = if low > 0.0 && high / low >= WIDE { Axis::Log } else { Axis::Linear };
        let edges = edges_of(column, &values, axis, Bins::Count(BINS));
        (edges.len() > 1).then(|| Self::Bins { column: column.clone(), edges })
    }

    /// The labels that have samples, the most frequent ones where there are very many.
    pub fn labels(classes: &Classes) -> Self {
        let mut found = most_frequent(&classes.counts, MAX_CLASSES);
        found.sort_unstable();
        Self::Labels(found)
    }
}

/// Labels with labels, where samples have several; with splits, where there are two; and with every number that
/// differs among the samples. Nothing where there are fewer than two labels.
pub fn relations(
    subject: Subject<'_>,
    classes: &Classes,
    control: &Control,
) -> Result<Vec<Relation>, Cancelled> {
    let labels = Side::labels(classes);
    if labels.len() < 2 {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    if classes.is_multilabel {
        found.extend(relation(subject, labels.clone(), labels.clone()));
    }
    if classes.split_ids.len() > 1 {
        found.extend(relation(subject, labels.clone(), Side::Splits(classes.split_ids.clone())));
    }
    let columns = number_columns(subject.snapshot);
    control.begin("Comparing labels with numbers", columns.len() as u64);
    for column in &columns {
        control.checkpoint()?;
        // How many labels a sample has says nothing of which.
        if column.name != "labels"
            && let Some(bins) = Side::of_column(subject, column)
        {
            found.extend(relation(subject, labels.clone(), bins));
        }
        control.add(1);
    }
    Ok(found)
}
