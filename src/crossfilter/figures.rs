//! What a chart shows, worked out: counts of all samples and of those that the other conditions leave.

use std::sync::Arc;

use crate::analysis::distribution::{Cell, Edges, Table};
use crate::chart::Chart;
use crate::dataset::Labels as DatasetLabels;

/// What a card shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Figures {
    Labels(Labels),
    Numbers(Numbers),
    Values(Values),
    Plane(Plane),
    Relations(Relations),
    /// Charts that are drawn as they are.
    Charts(Vec<Chart>),
    /// A sentence about why there is nothing.
    Nothing(String),
}

/// Samples by class and split.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Labels {
    /// Class by class, of each as many numbers as there are splits and one for no split; after the classes
    /// those of unlabelled samples.
    pub all: Arc<Vec<u32>>,
    pub shown: Vec<u32>,
    /// Splits, and one for none.
    pub splits: usize,
}

impl Labels {
    /// Sums of label sets by split as sums of classes by split.
    pub(super) fn of_sets(labels: &DatasetLabels, by_set: &[u32], splits: usize) -> Vec<u32> {
        let mut found = vec![0; (labels.classes.len() + 1) * splits];
        for (set, counts) in labels.sets.iter().zip(by_set.chunks(splits)) {
            let unlabelled = [labels.classes.len() as u32];
            let rows = if set.is_empty() { unlabelled.as_slice() } else { set.as_slice() };
            for row in rows {
                let into = &mut found[*row as usize * splits..][..splits];
                into.iter_mut().zip(counts).for_each(|(into, count)| *into += count);
            }
        }
        found
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        (self.all.len() / self.splits.max(1)).saturating_sub(1)
    }

    /// Samples of a class, or of none where it is the number of classes, by split: all, and those that are left.
    pub fn of(&self, class: usize) -> (&[u32], &[u32]) {
        let range = class * self.splits..(class + 1) * self.splits;
        (self.all.get(range.clone()).unwrap_or_default(), self.shown.get(range).unwrap_or_default())
    }

    /// Samples by class of those that are left.
    pub fn shown_by_class(&self) -> Vec<u64> {
        (0..self.classes())
            .map(|class| self.of(class).1.iter().map(|count| u64::from(*count)).sum())
            .collect()
    }
}

/// The histogram of a column.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Numbers {
    pub edges: Edges,
    /// Bin by bin, of each as many numbers as there are splits and one for no split, or one where they are not
    /// told apart; after the bins those that are in none.
    pub all: Arc<Vec<u32>>,
    pub shown: Vec<u32>,
    pub splits: usize,
}

impl Numbers {
    /// Samples of a bin: all, and those that are left.
    pub fn of(&self, bin: usize) -> (&[u32], &[u32]) {
        let range = bin * self.splits..(bin + 1) * self.splits;
        (self.all.get(range.clone()).unwrap_or_default(), self.shown.get(range).unwrap_or_default())
    }

    /// Samples in no bin: their number is unknown, or has no place on the axis.
    pub fn outside(&self) -> u32 {
        self.of(self.edges.len()).0.iter().sum()
    }
}

/// Samples by the words of a column.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values {
    /// The most frequent words.
    pub names: Arc<Vec<String>>,
    /// One per name, and one for samples with another word or none.
    pub all: Arc<Vec<u32>>,
    pub shown: Vec<u32>,
}

/// Two columns against each other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plane {
    pub x: Edges,
    pub y: Edges,
    /// Line by line from the least `y`; after the cells those that are in none.
    pub all: Arc<Vec<u32>>,
    pub shown: Vec<u32>,
}

/// What goes together more or less often than by chance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Relations {
    /// What the columns of the table are: classes, splits with none at the end, or bins.
    pub columns: Arc<RelationColumns>,
    /// The ones that say most first; of classes with classes each pair once.
    pub cells: Vec<Cell>,
    /// Samples that are left, of those that have a label or a number on both sides.
    pub samples: u64,
}

/// The columns of a table of relations.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum RelationColumns {
    #[default]
    Classes,
    Splits,
    Bins(Edges),
}

impl Relations {
    /// Cells that are kept at most: nobody reads further.
    pub(super) const KEPT: usize = 2000;

    /// Cells that a table has at most: one of thousands of classes by themselves would not fit into memory.
    pub(super) const LARGEST: usize = 1 << 20;

    /// The table of label sets by columns, as many as `across`; the last one of bins is for rows in none.
    pub(super) fn of_sets(
        labels: &DatasetLabels,
        by_set: &[u32],
        columns: &Arc<RelationColumns>,
        across: usize,
    ) -> Self {
        let wide = match **columns {
            RelationColumns::Classes => labels.classes.len(),
            RelationColumns::Splits => across,
            RelationColumns::Bins(_) => across - 1,
        };
        let mut table = Table::new(labels.classes.len(), wide);
        // What has no label or no number is not known to go with anything, and is not counted.
        let sets = labels.sets.iter().zip(by_set.chunks(across)).filter(|(set, _)| !set.is_empty());
        for (set, counts) in sets {
            for (column, count) in (0u32..).zip(counts).filter(|(_, count)| **count > 0) {
                let members: &[u32] = match **columns {
                    RelationColumns::Classes => set,
                    _ if (column as usize) < wide => &[column],
                    _ => continue,
                };
                table.add(set, members, (*count).into());
            }
        }
        let is_of_pairs = **columns == RelationColumns::Classes;
        let cells = match is_of_pairs {
            true => table.first_ranked_pairs(Self::KEPT),
            false => table.first_ranked(Self::KEPT),
        };
        Self { columns: columns.clone(), cells, samples: table.samples }
    }
}
