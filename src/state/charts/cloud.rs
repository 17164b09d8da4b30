//! Two columns against each other as points, ready to be drawn.

use std::sync::Arc;

use crate::analysis::distribution::Edges;
use crate::analysis::scatter::Scatter;
use crate::dataset::SampleId;
use crate::dataset::query::Bitmask;
use crate::gpu::points::Points;

/// The samples of a card as points.
#[derive(Clone, Debug)]
pub struct Cloud {
    /// The ends of the axes, across and up: 0 and 1 of a place.
    pub edges: [Edges; 2],
    /// The place of each row; none for what has no place.
    pub scatter: Arc<Scatter>,
    /// Rows that all conditions but the card's own leave: the others step back.
    pub shown: Bitmask,
    /// The others, and over them those that are left, with their colours.
    pub points: [Points; 2],
    /// Points that are drawn at most, where the processor draws and all would not be fluid.
    pub thinned: Option<usize>,
}

impl PartialEq for Cloud {
    /// Whether they are the very same.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Cloud {
    /// The sample that is left nearest to a place, no further than `reach` to a side and up or down.
    pub fn at(&self, place: [f32; 2], reach: [f32; 2]) -> Option<SampleId> {
        self.scatter.nearest_of(place, reach, |row| self.shown.contains(row as usize))
    }
}
