//! Drawing: one view per file, state in, actions out.
//!
//! A view is a function of a [`Pencil`]: it reads [`State`], asks [`Pictures`] for textures, and
//! pushes [`Action`]s. This room refuses to know files and threads.

pub mod augment;
pub mod balance;
pub mod changes;
pub mod charts;
pub mod checks;
pub mod chips;
pub mod class_pick;
pub mod dialogs;
pub mod duplicates;
pub mod filters;
pub mod grid;
pub mod inspector;
pub mod issues;
pub mod label;
pub mod label_keys;
pub mod latent;
pub mod lists;
pub mod offers;
pub mod pruning;
pub mod sample_menu;
pub mod scroller;
pub mod search;
pub mod sheet;
pub mod shell;
pub mod status;
pub mod table;
pub mod tags;
pub mod theme;
pub mod train;
pub mod welcome;
pub mod widgets;

use std::sync::Arc;

use egui::{Rect, TextureId, Vec2};

use crate::dataset::SampleId;
use crate::media::{Decoded, Metadatum};
use crate::state::{Action, Level, State};

/// What a view draws with.
pub struct Pencil<'a> {
    pub state: &'a State,
    pub pictures: &'a mut dyn Pictures,
    pub actions: &'a mut Vec<Action>,
}

impl Pencil<'_> {
    pub fn act(&mut self, action: Action) {
        self.actions.push(action);
    }

    /// Says that a note could not be kept, and what it says: it can be copied from there.
    fn tell_lost_note(&mut self, note: &str) {
        /// Signs that are shown: more would cover the window.
        const SHOWN: usize = 600;
        if note.trim().is_empty() {
            return;
        }
        let shown: String = note.trim().chars().take(SHOWN).collect();
        let text = format!("A note was not kept, since its sample is not open any more: “{shown}”");
        self.act(Action::Notify { level: Level::Warning, text });
    }
}

/// Textures of samples, decoded by somebody else. Asking is cheap and never waits.
pub trait Pictures {
    /// A thumbnail at least `edge_px` screen pixels large where the sample is that large, or
    /// `None` while it is being made. Asking is a request for it.
    fn thumbnail(&mut self, sample: SampleId, edge_px: u32) -> Option<Thumb>;

    /// A thumbnail that will likely be asked for next.
    fn prefetch_thumbnail(&mut self, _sample: SampleId, _edge_px: u32) {}

    /// The whole sample. Asking is a request for it.
    fn full(&mut self, sample: SampleId) -> FullPicture;

    /// Samples that were asked for in full in this frame to stand side by side: none of them is dropped
    /// for another.
    fn full_together(&mut self, _samples: &[SampleId]) {}

    /// Samples that will likely be asked for in full next.
    fn prefetch_full(&mut self, samples: &[SampleId]);
}

/// A sample's thumbnail.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thumb {
    pub texture: TextureId,
    pub uv: Rect,
    /// Size of the thumbnail in its own pixels.
    pub size: Vec2,
}

/// Whether a whole sample is there.
#[derive(Clone)]
pub enum FullPicture {
    Loading,
    Ready(Arc<Full>),
    /// A sentence that says why there is no picture, and what is known of the sample.
    Failed {
        message: String,
        metadata: Arc<Vec<Metadatum>>,
    },
}

/// A whole sample with its textures. Cloning it copies pointers.
#[derive(Clone)]
pub struct Full {
    pub decoded: Arc<Decoded>,
    /// The image scaled down, largest first, each in one texture: what is drawn from afar, and in
    /// place of tiles that are still on their way. Empty for a small image.
    pub reduced: Vec<Reduced>,
    /// Parts of the image, in image pixels, each with its texture. Those of a large image come
    /// over several frames.
    pub tiles: Vec<(Rect, egui::TextureHandle)>,
    /// Pixels per value, one array per channel of `decoded.raster`.
    pub histogram: Arc<Vec<[u32; 256]>>,
    pub metadata: Arc<Vec<Metadatum>>,
}

/// A whole image at a smaller size.
#[derive(Clone)]
pub struct Reduced {
    /// Pixels of this texture per pixel of the image, below 1.
    pub scale: f32,
    pub texture: egui::TextureHandle,
}

#[cfg(test)]
pub mod testing {
    //! What tests of views need.

    use super::*;

    /// No pictures at all.
    pub struct NoPictures;

    impl Pictures for NoPictures {
        fn thumbnail(&mut self, _: SampleId, _: u32) -> Option<Thumb> {
            None
        }

        fn full(&mut self, _: SampleId) -> FullPicture {
            FullPicture::Loading
        }

        fn prefetch_full(&mut self, _: &[SampleId]) {}
    }
}
