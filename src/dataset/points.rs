//! Key points of samples.

use serde::{Deserialize, Serialize};

use super::lists::Lists;

/// A key point of the oriented image, whose origin is the top left corner, x to the right.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PointRecord {
    /// Right of the left edge and below the upper one: parts of the image's sides (0 to 1) where
    /// `relative`, else in pixels.
    pub at: [f32; 2],
    pub relative: bool,
}

impl PointRecord {
    /// The place in pixels of an image of this size.
    pub fn in_pixels(&self, [width, height]: [u32; 2]) -> [f32; 2] {
        let [x, y] = self.at;
        if self.relative { [x * width as f32, y * height as f32] } else { [x, y] }
    }
}

/// The key points of every sample.
pub type Points = Lists<PointRecord>;
