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

/// A box as parts of its picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlacedBox {
    /// From the top left corner, x to the right; of the width and of the height.
    pub centre: [f32; 2],
    pub size: [f32; 2],
}

impl BoxRecord {
    /// The box in a picture of so many pixels; `None` where it has no place in one, as in one whose size is not known.
    pub fn placed(&self, width: u32, height: u32) -> Option<PlacedBox> {
        let [x, y, across, down] = self.rect;
        let (by_width, by_height) = if self.relative { (1.0, 1.0) } else { (width as f32, height as f32) };
        let centre = [(x + across / 2.0) / by_width, (y + down / 2.0) / by_height];
        let size = [across / by_width, down / by_height];
        let is_known = by_width > 0.0 && by_height > 0.0;
        let placed = PlacedBox { centre, size };
        (is_known && centre.iter().chain(&size).all(|part| part.is_finite())).then_some(placed)
    }
}

impl PlacedBox {
    /// √(width × height), the side of a square of its area: 0 to 1, as large as the picture where it is larger.
    pub fn side(&self) -> f64 {
        (f64::from(self.size[0]) * f64::from(self.size[1])).max(0.0).sqrt().min(1.0)
    }
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
