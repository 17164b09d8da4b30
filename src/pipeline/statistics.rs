//! How a dataset is spread, gathered for window and command line alike: classes, splits, numbers, what goes with
//! what, boxes, average pictures, and the space that descriptions lie in.
//!
//! Each part is worked out of a snapshot and some of its rows by itself, so that what is on screen costs no more than
//! itself; [`gather`] works out all of them. [`charts`] makes charts of them.
//!
//! It refuses to know how the figures are worked out ([`crate::analysis::distribution`] does) and how they are shown.

mod boxes;
pub mod charts;
mod classes;
mod numbers;
mod pictures;
mod relations;
mod space;
mod words;

pub use boxes::{Boxes, boxes};
pub use classes::{Classes, classes, most_frequent};
pub use numbers::{Numbers, edges_of, number_columns, numbers, values_of};
pub use pictures::{PictureFigures, Pictures, pictures};
pub use relations::{Relation, Side, relation, relations};
pub use space::{ClassSpace, Space, space};
pub use words::Words;

use crate::analysis::distribution::coverage::CENTRES;
use crate::analysis::distribution::{Axis, Bins, DEFAULT_BETA};
use crate::chart::Hue;
use crate::dataset::query::Snapshot;
use crate::dataset::{ClassId, SampleId, Signals};
use crate::import::Reader;
use crate::jobs::{Cancelled, Control};

/// What statistics are of: some rows of a dataset.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    pub snapshot: &'a Snapshot,
    /// In any order, each once, all of them rows of the snapshot.
    pub rows: &'a [SampleId],
}

impl<'a> Subject<'a> {
    /// The classes of the row at that place of the rows.
    fn classes_at(&self, place: usize) -> &'a [ClassId] {
        self.snapshot.labels().get(self.rows[place])
    }

    fn class_names(&self) -> &'a [String] {
        &self.snapshot.labels().classes
    }

    /// What a class is drawn in.
    fn hue(&self, class: ClassId) -> Hue {
        self.snapshot.chosen_colour(class).map_or(Hue::Class(class), Hue::Chosen)
    }
}

/// What was looked at before, where it was.
#[derive(Clone, Copy, Default)]
pub struct Known<'a> {
    /// With descriptions.
    pub signals: Option<&'a Signals>,
}

/// What a person can set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// β of the effective number of samples.
    pub beta: f64,
    pub axis: Axis,
    pub bins: Bins,
    /// Centres of the coverage curve at most.
    pub centres: usize,
    /// Classes that have an average picture and a palette, the most frequent ones.
    pub pictured: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { beta: DEFAULT_BETA, axis: Axis::Linear, bins: Bins::Auto, centres: CENTRES, pictured: 100 }
    }
}

/// All of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    pub samples: u64,
    pub classes: Classes,
    /// Those of which a value is known.
    pub numbers: Vec<Numbers>,
    pub relations: Vec<Relation>,
    /// `None` where no sample has a box.
    pub boxes: Option<Boxes>,
    pub pictures: Pictures,
    /// `None` where nothing is described.
    pub space: Option<Space>,
}

/// Works out all figures of these rows. Pictures are decoded on `threads` threads.
pub fn gather(
    subject: Subject<'_>,
    reader: &Reader,
    known: Known<'_>,
    options: &Options,
    threads: usize,
    control: &Control,
) -> Result<Statistics, Cancelled> {
    control.begin("Counting", 0);
    let classes = classes(subject, options.beta);
    let columns = number_columns(subject.snapshot);
    control.begin("Counting numbers", columns.len() as u64);
    let mut figures = Vec::new();
    for column in &columns {
        control.checkpoint()?;
        figures.extend(numbers(subject, column, options.axis, options.bins));
        control.add(1);
    }
    let relations = relations(subject, &classes, control)?;
    control.checkpoint()?;
    let boxes = boxes(subject);
    let pictures = pictures(subject, reader, options.pictured, threads, control)?;
    let space = match known.signals {
        Some(signals) => Some(space(subject, signals, options.centres, control)?),
        None => None,
    };
    let space = space.filter(|space| !space.samples.is_empty());
    Ok(Statistics {
        samples: subject.rows.len() as u64,
        classes,
        numbers: figures,
        relations,
        boxes,
        pictures,
        space,
    })
}

#[cfg(test)]
mod tests;
