//! The latent space of a trained model in the window: what a person looks at, and what came of it.
//!
//! What is to be decoded follows from [`LatentView`] alone. A change of it asks for the parts that differ; an
//! answer stays on screen until there is one to a newer question. This file refuses to know how anything is
//! decoded or drawn.
//!
//! | file | what |
//! | --- | --- |
//! | [`view`] | what is looked at |
//! | [`made`] | what is decoded and drawn, and how far that is |
//! | `asked` | what is to be decoded, and was not asked for |
//! | `way` | the way of a walk |

mod asked;
pub mod made;
pub mod view;
mod way;

use std::path::PathBuf;
use std::sync::Arc;

use self::made::SlotState;
pub use self::made::{Accepted, Latents, Legend, Made, MapFace, MapWish, Slot};
pub use self::view::{
    Along, Axes, CELLS, ColourBy, DRAWN, DrawFrom, DrawView, LatentTab, LatentView, STOPS, STRENGTH, STRIP,
    WalkView,
};
use self::way::Direction;
use super::gestures::Answer;
use super::session::Session;
use super::{Action, Effect, Level};
use crate::dataset::SampleId;
use crate::pipeline::evaluated::Evaluated;
use crate::train::checkpoint::About;
use crate::train::latent::Plane;
use crate::train::run::Ended;
use crate::train::space::Space;

/// Samples of the dataset that are shown beside a decoded one.
pub const NEAR: usize = 8;

/// How the latent space stands.
#[derive(Debug, Default)]
pub struct Latent {
    pub view: LatentView,
    /// What is being opened.
    pub opening: Option<ModelRef>,
    pub model: Option<Arc<OpenModel>>,
    /// Where the samples lie; `None` before they were encoded.
    pub space: Option<Arc<Space>>,
    pub map: Option<Arc<MapFace>>,
    /// Samples that changed since they began to be encoded.
    pub(super) changed: Vec<SampleId>,
    /// The direction from one selection to the other, and the selections that it is of.
    direction: Option<Direction>,
    map_asked: u64,
    map_answered: u64,
    map_wanted: Option<MapWish>,
    slots: [SlotState; Slot::ALL.len()],
    near_asked: u64,
    near_answered: u64,
    near_wanted: Option<Vec<f32>>,
    /// The samples nearest to the drawn one under the cursor, with their distances.
    pub near: Arc<Vec<(SampleId, f32)>>,
    /// How good the model is, once that was asked, and the filter of the samples that it was asked on.
    pub evaluated: Option<(Arc<Evaluated>, String)>,
    /// Questions are numbered on from here.
    questions: u64,
    is_dark: bool,
}

/// A model to look into.
#[derive(Clone, Debug, PartialEq)]
pub enum ModelRef {
    /// The folder of a checkpoint, or of a run.
    Folder(PathBuf),
    /// One that was trained here and that no folder keeps.
    Trained(Arc<Ended>),
}

/// A model that is looked into.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenModel {
    pub name: String,
    pub about: Arc<About>,
    pub folder: Option<PathBuf>,
    /// What decodes.
    pub device: String,
}

impl Latent {
    /// Nothing is open; questions are numbered on from `first`.
    pub fn new(first: u64, is_dark: bool) -> Self {
        Self { questions: first, is_dark, ..Self::default() }
    }

    /// The decoded pictures of a part; a moment old while newer ones are made.
    pub fn made(&self, slot: Slot) -> Option<&Made> {
        self.slots[slot as usize].made.as_ref()
    }

    /// Whether a part is decoded as it is wanted now.
    pub fn is_newest(&self, slot: Slot) -> bool {
        let state = &self.slots[slot as usize];
        state.made.is_some() && state.is_answered()
    }

    /// Whether all that was asked is answered.
    pub fn is_answered(&self) -> bool {
        let slots = self.slots.iter().all(SlotState::is_answered);
        slots && self.near_asked == self.near_answered && self.map_asked == self.map_answered
    }

    /// The numbers of a latent.
    fn size(&self) -> usize {
        self.model.as_ref().map_or(0, |model| model.about.config.shape.latent)
    }

    /// The directions of map and sheet; dimensions where there are no principal axes yet.
    pub fn plane(&self) -> Plane {
        match (self.view.axes, &self.space) {
            (Axes::Principal(axes), Some(space)) => Plane::Axes(space.pca.clone(), axes),
            (Axes::Principal(_), None) => Plane::Dimensions([0, 1]),
            (Axes::Dimensions(dimensions), _) => Plane::Dimensions(dimensions),
        }
    }

    /// The latent at a place of map and sheet.
    pub fn at(&self, place: [f32; 2]) -> Vec<f32> {
        self.plane().at(place, &self.view.base)
    }

    /// The place in the middle of a cell of the sheet.
    pub fn place_of(&self, column: usize, row: usize) -> [f32; 2] {
        let LatentView { centre, span, cells, .. } = self.view;
        let from_middle = |at: usize| ((at as f32 + 0.5) / cells as f32 - 0.5) * span;
        [centre[0] + from_middle(column), centre[1] - from_middle(row)]
    }

    /// What was made for another model goes.
    fn forget(&mut self) {
        self.space = None;
        self.map = None;
        self.map_wanted = None;
        self.slots = Default::default();
        self.near_wanted = None;
        (self.near_asked, self.near_answered, self.map_asked, self.map_answered) = (0, 0, 0, 0);
        self.near = Arc::default();
        self.evaluated = None;
        self.direction = None;
        self.changed.clear();
    }
}

impl Session {
    /// Carries out what a person did about the latent space.
    pub(super) fn latent_gesture(&mut self, action: Action) -> Answer {
        match action {
            Action::OpenModel { model } => {
                self.latent.opening = Some(model.clone());
                let device = self.training.draft.as_ref().map(|draft| draft.device).unwrap_or_default();
                (vec![Effect::OpenModel { model, device }], None)
            }
            Action::ChangeLatent(view) => {
                self.latent.view = *view;
                self.ask_latent()
            }
            Action::SelectWithin { outline, mode } => {
                let map = self.latent.map.clone();
                let within = map.map(|map| Effect::FindWithin { map, outline, mode });
                (within.into_iter().collect(), None)
            }
            Action::ExportDrawnTo { path } => {
                let accepted = self.latent.accepted();
                (accepted.map(|accepted| Effect::ExportDrawn { path, accepted }).into_iter().collect(), None)
            }
            _ => (Vec::new(), None),
        }
    }

    /// Takes in what came back about the latent space.
    pub(super) fn latent_result(&mut self, action: Action) -> Answer {
        let latent = &mut self.latent;
        match action {
            Action::ModelOpened(model) => {
                latent.forget();
                latent.opening = None;
                let size = model.about.config.shape.latent;
                latent.view.base = vec![0.0; size];
                latent.view.axes = Axes::default();
                latent.view.class = 0;
                latent.view.pointed = None;
                latent.view.walk.at = 0.0;
                // What was said of another model's draws says nothing of this one's.
                latent.view.draw = DrawView { seed: latent.view.draw.seed, ..DrawView::default() };
                latent.model = Some(model);
                return self.ask_latent();
            }
            Action::ModelFailed { text } => {
                latent.opening = None;
                return (Vec::new(), Some((Level::Error, text)));
            }
            Action::SpaceFound { space, columns } => {
                let changed = std::mem::take(&mut latent.changed);
                let columns = if changed.is_empty() { columns } else { columns.forgetting(&changed).into() };
                latent.direction = None;
                latent.space = Some(space);
                latent.near_wanted = None;
                self.snapshot = self.snapshot.modelled(Some(columns));
                let mut effects = vec![self.find_rows()];
                let (asked, told) = self.ask_latent();
                effects.extend(asked);
                return (effects, told);
            }
            Action::Decoded { slot, generation, made, is_last } => {
                if let Some(text) = latent.slots[slot as usize].take(generation, made, is_last) {
                    return (Vec::new(), Some((Level::Error, text)));
                }
            }
            Action::Evaluated { figures, filter } => latent.evaluated = Some((figures, filter)),
            Action::NearFound { generation, near } if generation == latent.near_asked => {
                let present = self.snapshot.derived().present();
                let is_there = |(sample, _): &&(SampleId, f32)| present.contains(*sample as usize);
                latent.near = Arc::new(near.iter().filter(is_there).copied().collect());
                latent.near_answered = generation;
            }
            Action::MapDrawn { generation, map } if generation == latent.map_asked => {
                latent.map_answered = generation;
                match map {
                    Ok(map) => latent.map = Some(map),
                    Err(text) => return (Vec::new(), Some((Level::Error, text))),
                }
            }
            _ => {}
        }
        (Vec::new(), None)
    }

    /// Asks for the map in the colours of a theme.
    pub(super) fn redraw_map(&mut self, is_dark: bool) -> Option<Effect> {
        self.latent.is_dark = is_dark;
        self.ask_map()
    }

    fn ask_latent(&mut self) -> Answer {
        let mut effects = self.latent.ask();
        effects.extend(self.ask_map());
        (effects, None)
    }

    /// Asks for the map as it is wanted now, where it is looked at.
    pub(super) fn ask_map(&mut self) -> Option<Effect> {
        let latent = &mut self.latent;
        if latent.space.is_none() || latent.view.tab != LatentTab::Map {
            return None;
        }
        let wish = MapWish {
            axes: latent.view.axes,
            colour: latent.view.colour.clone(),
            is_dark: latent.is_dark,
            rows: self.shown.answered,
        };
        if latent.map_wanted.as_ref() == Some(&wish) {
            return None;
        }
        latent.questions += 1;
        latent.map_asked = latent.questions;
        latent.map_wanted = Some(wish.clone());
        Some(Effect::DrawMap { generation: latent.map_asked, wish })
    }
}
