//! What is looked at in the latent space: all that a person sets there.
//!
//! This file refuses to know what comes of it.

use std::sync::Arc;

use crate::dataset::{SampleId, Verdict};
use crate::train::latent::Path;

/// Cells along a side of the sheet.
pub const CELLS: std::ops::RangeInclusive<usize> = 4..=32;
/// Pictures of a walk's strip.
pub const STRIP: usize = 13;
/// Samples that are drawn at once at most.
pub const DRAWN: usize = 1024;
/// How far a direction is followed both ways, in lengths of it.
pub const STRENGTH: f32 = 2.0;
/// Samples that a walk goes through at most.
pub const STOPS: usize = 8;

/// What is looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct LatentView {
    pub tab: LatentTab,
    pub axes: Axes,
    /// What the latent is beside the two axes, a number for each dimension.
    pub base: Vec<f32>,
    /// The class that the decoder is told, where the model was told classes.
    pub class: u32,
    pub colour: ColourBy,
    /// The place in the middle of the sheet, and from edge to edge, in units of the latent.
    pub centre: [f32; 2],
    pub span: f32,
    /// Cells along a side of the sheet.
    pub cells: usize,
    /// The empty place of the map that is decoded.
    pub pointed: Option<[f32; 2]>,
    pub walk: WalkView,
    pub draw: DrawView,
}

impl Default for LatentView {
    fn default() -> Self {
        Self {
            tab: LatentTab::default(),
            axes: Axes::default(),
            base: Vec::new(),
            class: 0,
            colour: ColourBy::Class,
            centre: [0.0; 2],
            span: 6.0,
            cells: 12,
            pointed: None,
            walk: WalkView::default(),
            draw: DrawView::default(),
        }
    }
}

/// The parts of the panel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LatentTab {
    #[default]
    Map,
    Sheet,
    Walk,
    Samples,
    Report,
}

impl LatentTab {
    pub const ALL: [Self; 5] = [Self::Map, Self::Sheet, Self::Walk, Self::Samples, Self::Report];

    pub fn title(self) -> &'static str {
        match self {
            Self::Map => "Map",
            Self::Sheet => "Sheet",
            Self::Walk => "Walk",
            Self::Samples => "Samples",
            Self::Report => "Report",
        }
    }
}

/// The two directions of map and sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Axes {
    /// Principal axes of the samples, by number from 0.
    Principal([usize; 2]),
    /// Dimensions of the latent, by number from 0.
    Dimensions([usize; 2]),
}

impl Default for Axes {
    fn default() -> Self {
        Self::Principal([0, 1])
    }
}

/// What the points of the map are coloured by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ColourBy {
    Class,
    Split,
    /// A column of numbers, by name.
    Column(String),
}

/// A walk between samples, or along a direction.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WalkView {
    pub along: Along,
    pub path: Path,
    /// Samples that it goes through; a direction is added to the first.
    pub stops: Vec<SampleId>,
    /// Selections that a direction leads from and to.
    pub without: Arc<Vec<SampleId>>,
    pub with: Arc<Vec<SampleId>>,
    /// The part of the way, 0 to 1.
    pub at: f32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Along {
    #[default]
    Samples,
    Direction,
}

/// Draws from the model.
#[derive(Clone, Debug, PartialEq)]
pub struct DrawView {
    pub from: DrawFrom,
    /// The class that all are of; all in turn where there is none.
    pub class: Option<u32>,
    /// 1 to [`DRAWN`].
    pub count: usize,
    pub seed: u64,
    /// What a person said of each; as many as there are drawn.
    pub verdicts: Vec<Verdict>,
    pub cursor: usize,
}

impl Default for DrawView {
    fn default() -> Self {
        let count = 64;
        let verdicts = vec![Verdict::Undecided; count];
        Self { from: DrawFrom::default(), class: None, count, seed: 1, verdicts, cursor: 0 }
    }
}

impl DrawView {
    /// The numbers of those that were accepted.
    pub fn accepted(&self) -> Vec<usize> {
        let are = self.verdicts.iter().enumerate().filter(|(_, verdict)| **verdict == Verdict::Keep);
        are.map(|(at, _)| at).collect()
    }
}

/// Where latents are drawn from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DrawFrom {
    /// N(0, 1).
    #[default]
    Prior,
    /// A mixture fitted to where the samples lie.
    Posterior,
}

impl DrawFrom {
    /// The word that an export says it by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Prior => "prior",
            Self::Posterior => "posterior",
        }
    }
}
