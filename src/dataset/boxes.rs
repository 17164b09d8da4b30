//! Bounding boxes of samples.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::SampleId;
use super::labels::ClassId;
use super::lists::Lists;

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

/// The boxes of every sample. Cloning it copies pointers, but for what was changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Boxes {
    /// As the source has them.
    pub given: Arc<Lists<BoxRecord>>,
    /// Samples whose boxes are these instead.
    pub changed: BTreeMap<SampleId, Vec<BoxRecord>>,
}

impl Boxes {
    /// Those of a source.
    pub fn new(given: Lists<BoxRecord>) -> Self {
        Self { given: given.into(), changed: BTreeMap::new() }
    }

    /// The boxes of one sample.
    pub fn get(&self, sample: SampleId) -> &[BoxRecord] {
        self.changed.get(&sample).map_or_else(|| self.given.get(sample), Vec::as_slice)
    }

    /// Whether no sample has a box. Boxes that were taken from each sample one by one still count.
    pub fn is_empty(&self) -> bool {
        self.given.is_empty() && self.changed.values().all(Vec::is_empty)
    }

    /// Every box that there is.
    pub fn iter(&self) -> impl Iterator<Item = &BoxRecord> {
        let samples = self.given.starts().len().saturating_sub(1) as SampleId;
        let own = (0..samples).filter(|sample| !self.changed.contains_key(sample));
        own.flat_map(|sample| self.given.get(sample)).chain(self.changed.values().flatten())
    }

    /// The same boxes with the classes that `class` gives; those of no class are left out.
    pub fn reclassed(&self, class: impl Fn(ClassId) -> Option<ClassId>) -> Self {
        let record = |one: &BoxRecord| Some(BoxRecord { class: class(one.class)?, ..*one });
        let changed = self.changed.iter();
        let changed = changed.map(|(sample, boxes)| (*sample, boxes.iter().filter_map(record).collect()));
        Self { given: self.given.filter_map(record).into(), changed: changed.collect() }
    }
}
