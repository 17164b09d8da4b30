//! Where boxes lie and how large they are.

use super::Subject;
use crate::analysis::distribution::{BoxTally, RelativeBox};
use crate::dataset::SampleId;
use crate::dataset::query::Snapshot;

/// The boxes of some samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Boxes {
    pub tally: BoxTally,
    /// Boxes in pixels of samples whose size is not known: they have no place and no size, and count for their sample.
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
    let (width, height) = (fact.width as f32, fact.height as f32);
    let mut left_out = 0;
    for record in snapshot.boxes().get(row) {
        let [x, y, across, down] = record.rect;
        let (by_width, by_height) = if record.relative { (1.0, 1.0) } else { (width, height) };
        let (centre, size) = if by_width == 0.0 || by_height == 0.0 {
            left_out += 1;
            ([f32::NAN; 2], [f32::NAN; 2])
        } else {
            let centre = [(x + across / 2.0) / by_width, (y + down / 2.0) / by_height];
            (centre, [across / by_width, down / by_height])
        };
        out.push(RelativeBox { class: record.class, centre, size });
    }
    left_out
}
