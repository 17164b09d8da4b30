//! Bounding boxes of samples, as one flat column.

use serde::{Deserialize, Serialize};

use super::labels::ClassId;

/// A box in pixels of the oriented image: the origin is the top left corner, x to the right.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BoxRecord {
    pub class: ClassId,
    /// Left, top, width and height. Relative to the image's size (0 to 1) when `relative`, else
    /// in pixels.
    pub rect: [f32; 4],
    /// Whether `rect` is a fraction of the image's width and height (YOLO) or in pixels.
    pub relative: bool,
}

/// The boxes of every sample: sample `i` owns `records[starts[i]..starts[i + 1]]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Boxes {
    /// One more than there are samples; empty when no sample has a box.
    pub starts: Vec<u32>,
    pub records: Vec<BoxRecord>,
}

impl Boxes {
    /// The boxes of one sample.
    pub fn get(&self, sample: super::SampleId) -> &[BoxRecord] {
        let at = sample as usize;
        match (self.starts.get(at), self.starts.get(at + 1)) {
            (Some(start), Some(end)) => &self.records[*start as usize..*end as usize],
            _ => &[],
        }
    }

    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }
}
