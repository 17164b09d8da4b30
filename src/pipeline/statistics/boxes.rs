//! Where boxes lie and how large they are.

use super::Subject;
use crate::analysis::distribution::{BoxTally, RelativeBox};
use crate::dataset::SampleId;
use crate::dataset::query::Snapshot;

/// The boxes of some samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Boxes {
    pub tally: BoxTally,
    /// Boxes that have no place and no size, such as those in pixels of samples whose size is not known: they count for
    /// their sample.
    pub left_out: u64,
}

/// The figures of the boxes of these rows; `None` where the dataset has none.
pub fn boxes(subject: Subject<'_>) -> Option<Boxes> {
    let snapshot = subject.snapshot;
    if snapshot.boxes().is_empty() {
        return None;
    }
    let mut tally = BoxTally::new(subject.class_names().len());
    let (mut left_out, mut relative) = (0, Vec::new());
    for row in subject.rows {
        relative.clear();
        left_out += relative_boxes(snapshot, *row, &mut relative);
        tally.add(&relative);
    }
    Some(Boxes { tally, left_out })
}

/// Appends a sample's boxes as parts of its picture; gives how many could not be, which are there without a place, so
/// that they count as boxes of the sample.
fn relative_boxes(snapshot: &Snapshot, row: SampleId, out: &mut Vec<RelativeBox>) -> u64 {
    let fact = snapshot.facts.get(row);
    let mut left_out = 0;
    for record in snapshot.boxes().get(row) {
        let placed = record.placed(fact.width, fact.height);
        left_out += u64::from(placed.is_none());
        let (centre, size) =
            placed.map_or(([f32::NAN; 2], [f32::NAN; 2]), |placed| (placed.centre, placed.size));
        out.push(RelativeBox { class: record.class, centre, size });
    }
    left_out
}
