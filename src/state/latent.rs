//! The latent space of a trained model in the window: what a person looks at, and what came of it.
//!
//! What is to be decoded follows from [`LatentView`] alone. A change of it asks for the parts that differ; an
//! answer to an older question is dropped. This file refuses to know how anything is decoded or drawn.

use std::path::PathBuf;
use std::sync::Arc;

use super::gestures::Answer;
use super::session::Session;
use super::{Action, Effect, Level};
use crate::analysis::scatter::Scatter;
use crate::dataset::{SampleId, Verdict};
use crate::gpu::cells::Cells;
use crate::gpu::points::Points;
use crate::pipeline::evaluated::Evaluated;
use crate::train::checkpoint::About;
use crate::train::latent::walk::{added, walk};
use crate::train::latent::{Path, Plane, Rows, attribute, linear};
use crate::train::pack::NO_CLASS;
use crate::train::run::Ended;
use crate::train::score::{Pictures, prior};
use crate::train::space::Space;

/// Cells along a side of the sheet.
pub const CELLS: std::ops::RangeInclusive<usize> = 4..=32;
/// Pictures of a walk's strip.
pub const STRIP: usize = 13;
/// Samples that are drawn at once at most.
pub const DRAWN: usize = 1024;
/// Samples of the dataset that are shown beside a decoded one.
pub const NEAR: usize = 8;
/// How far a direction is followed both ways, in lengths of it.
pub const STRENGTH: f32 = 2.0;
/// Samples that a walk goes through at most.
pub const STOPS: usize = 8;

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

#[derive(Debug)]
struct Direction {
    without: Arc<Vec<SampleId>>,
    with: Arc<Vec<SampleId>>,
    latent: Option<Vec<f32>>,
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

/// A part of the panel that is decoded by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    /// What is under the pointer: the first to be served.
    Pointer,
    /// The moment of a walk.
    Moment,
    Strip,
    Sheet,
    Drawn,
}

impl Slot {
    pub const ALL: [Self; 5] = [Self::Pointer, Self::Moment, Self::Strip, Self::Sheet, Self::Drawn];
}

/// Latents to decode, and the class that each is of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Latents {
    /// `latent` numbers of each.
    pub numbers: Arc<Vec<f32>>,
    pub classes: Arc<Vec<u32>>,
}

/// Draws that were accepted, with where they came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Accepted {
    pub latents: Latents,
    /// The place of each in the draw.
    pub numbers: Vec<usize>,
    pub from: DrawFrom,
    pub seed: u64,
}

/// Decoded pictures, here or on the graphics device.
#[derive(Clone, Debug)]
pub enum Made {
    Here(Arc<Pictures>),
    OnDevice(Arc<Cells>),
}

impl PartialEq for Made {
    /// Whether they are the very same.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Here(one), Self::Here(two)) => Arc::ptr_eq(one, two),
            (Self::OnDevice(one), Self::OnDevice(two)) => Arc::ptr_eq(one, two),
            _ => false,
        }
    }
}

#[derive(Debug, Default)]
struct SlotState {
    wanted: Option<Latents>,
    asked: u64,
    answered: u64,
    made: Option<Made>,
}

/// What a map is to show.
#[derive(Clone, Debug, PartialEq)]
pub struct MapWish {
    pub axes: Axes,
    pub colour: ColourBy,
    pub is_dark: bool,
    /// Number of the view's rows, by which those that fit stand out.
    pub rows: u64,
}

/// The samples as points.
#[derive(Debug)]
pub struct MapFace {
    pub axes: Axes,
    pub plane: Plane,
    /// The point of each row of [`Space::samples`].
    pub scatter: Arc<Scatter>,
    /// The same with their colours, ready to be drawn.
    pub points: Points,
    pub legend: Legend,
}

impl PartialEq for MapFace {
    /// Whether they are the very same.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

/// What the colours of a map mean.
#[derive(Clone, Debug, PartialEq)]
pub enum Legend {
    /// Names with their colours, the most frequent first, and how many more there are.
    Names { names: Vec<(String, [u8; 4])>, more: usize },
    /// A scale between two numbers.
    Scale { title: String, low: f64, high: f64 },
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
        state.made.is_some() && state.asked == state.answered
    }

    /// Whether all that was asked is answered.
    pub fn is_answered(&self) -> bool {
        let slots = self.slots.iter().all(|slot| slot.asked == slot.answered);
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

    /// The latents of a walk's way, as many as its strip has: between samples, or along a direction.
    fn way(&self) -> Option<Vec<f32>> {
        let (space, view) = (self.space.as_ref()?, &self.view.walk);
        let latent = self.size();
        let rows_of = |samples: &[SampleId]| -> Vec<f32> {
            samples.iter().filter_map(|sample| space.mean(*sample)).flatten().copied().collect()
        };
        let stops = rows_of(&view.stops);
        match view.along {
            Along::Samples => {
                let points = Rows::new(&stops, latent).filter(|points| points.len() > 1)?;
                Some(walk(points, STEPS, view.path))
            }
            Along::Direction => {
                let first = stops.get(..latent).filter(|first| !first.is_empty())?;
                let direction = self.direction()?;
                let part = |at: usize| (at as f32 / (STRIP - 1) as f32 * 2.0 - 1.0) * STRENGTH;
                Some((0..STRIP).flat_map(|at| added(first, direction, part(at))).collect())
            }
        }
    }

    /// The direction from one selection to the other.
    pub fn direction(&self) -> Option<&[f32]> {
        self.direction.as_ref()?.latent.as_deref()
    }

    /// Works out the direction anew where the selections are others.
    fn renew_direction(&mut self) {
        let (with, without) = (&self.view.walk.with, &self.view.walk.without);
        let is_same =
            |known: &Direction| Arc::ptr_eq(&known.with, with) && Arc::ptr_eq(&known.without, without);
        let Some(space) = self.space.as_ref().filter(|_| !self.direction.as_ref().is_some_and(is_same))
        else {
            return;
        };
        let rows_of = |samples: &[SampleId]| -> Vec<f32> {
            samples.iter().filter_map(|sample| space.mean(*sample)).flatten().copied().collect()
        };
        let latents = (rows_of(with), rows_of(without));
        let rows = Rows::new(&latents.0, self.size()).zip(Rows::new(&latents.1, self.size()));
        let latent = rows.and_then(|(with, without)| attribute(with, without));
        self.direction = Some(Direction { with: with.clone(), without: without.clone(), latent });
    }

    /// What is to be decoded for a part, as the view is now.
    fn wanted(&self, slot: Slot) -> Option<Latents> {
        let (view, latent) = (&self.view, self.size());
        if latent == 0 {
            return None;
        }
        let alike = |numbers: Vec<f32>| {
            let classes = vec![self.told_class(); numbers.len() / latent];
            Latents { numbers: numbers.into(), classes: classes.into() }
        };
        match (slot, view.tab) {
            (Slot::Pointer, LatentTab::Map) => Some(alike(self.at(view.pointed?))),
            (Slot::Sheet, LatentTab::Sheet) => {
                let plane = self.plane();
                let cells = (0..view.cells).flat_map(|row| (0..view.cells).map(move |column| (column, row)));
                let at = |(column, row)| plane.at(self.place_of(column, row), &view.base);
                Some(alike(cells.flat_map(at).collect()))
            }
            (Slot::Strip, LatentTab::Walk) => {
                let way = self.way()?;
                let rows = way.len() / latent;
                let at = |place: usize| place * (rows - 1) / (STRIP - 1);
                let strip = (0..STRIP).flat_map(|place| way[at(place) * latent..][..latent].to_vec());
                Some(alike(strip.collect()))
            }
            (Slot::Moment, LatentTab::Walk) => Some(alike(self.moment()?)),
            (Slot::Drawn, LatentTab::Samples) => self.drawn(),
            _ => None,
        }
    }

    /// The latent of a walk's moment.
    pub fn moment(&self) -> Option<Vec<f32>> {
        let (way, latent) = (self.way()?, self.size());
        let legs = (way.len() / latent).checked_sub(1).filter(|legs| *legs > 0)?;
        let place = self.view.walk.at.clamp(0.0, 1.0) * legs as f32;
        let leg = (place as usize).min(legs - 1);
        let (from, to) = (&way[leg * latent..][..latent], &way[(leg + 1) * latent..][..latent]);
        Some(linear(from, to, place - leg as f32))
    }

    /// The latents that are drawn, with their classes.
    pub fn drawn(&self) -> Option<Latents> {
        let (draw, latent) = (&self.view.draw, self.size());
        let numbers = match draw.from {
            DrawFrom::Prior => prior(latent, draw.count, draw.seed),
            DrawFrom::Posterior => self.space.as_ref()?.mixture.sample(draw.count, draw.seed),
        };
        let told = self.model.as_ref()?.about.config.shape.classes;
        let class = |at: usize| match (told, draw.class) {
            (0, _) => NO_CLASS,
            (_, Some(class)) => class,
            (told, None) => (at % told) as u32,
        };
        Some(Latents { numbers: numbers.into(), classes: Arc::new((0..draw.count).map(class).collect()) })
    }

    /// The draws that were accepted; `None` where there are none.
    fn accepted(&self) -> Option<Accepted> {
        let (drawn, latent) = (self.drawn()?, self.size());
        let numbers = self.view.draw.accepted();
        let of = |at: &usize| drawn.numbers[at * latent..][..latent].to_vec();
        let latents = Latents {
            numbers: Arc::new(numbers.iter().flat_map(of).collect()),
            classes: Arc::new(numbers.iter().map(|at| drawn.classes[*at]).collect()),
        };
        let DrawView { from, seed, .. } = self.view.draw;
        (!numbers.is_empty()).then_some(Accepted { latents, numbers, from, seed })
    }

    /// The latent of the drawn sample under the cursor.
    fn pointed_at(&self) -> Option<Vec<f32>> {
        match self.view.tab {
            LatentTab::Walk => return self.moment(),
            LatentTab::Samples => {}
            _ => return None,
        }
        let wanted = self.slots[Slot::Drawn as usize].wanted.as_ref()?;
        let latent = self.size();
        wanted.numbers.get(self.view.draw.cursor * latent..)?.get(..latent).map(<[f32]>::to_vec)
    }

    fn told_class(&self) -> u32 {
        let told = self.model.as_ref().map_or(0, |model| model.about.config.shape.classes);
        if told == 0 { NO_CLASS } else { self.view.class.min(told as u32 - 1) }
    }

    /// Asks for all that is wanted and was not asked for.
    fn ask(&mut self) -> Vec<Effect> {
        self.renew_direction();
        let mut effects = Vec::new();
        for slot in Slot::ALL {
            let wanted = self.wanted(slot);
            let state = &mut self.slots[slot as usize];
            if wanted.is_none() || state.wanted == wanted {
                continue;
            }
            self.questions += 1;
            state.asked = self.questions;
            state.wanted.clone_from(&wanted);
            if let Some(latents) = wanted {
                effects.push(Effect::Decode { slot, generation: state.asked, latents });
            }
        }
        let near = self.pointed_at();
        if near.is_some() && near != self.near_wanted && self.space.is_some() {
            self.questions += 1;
            self.near_asked = self.questions;
            self.near_wanted.clone_from(&near);
            if let Some(latent) = near {
                effects.push(Effect::FindNear { generation: self.near_asked, latent });
            }
        }
        effects
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

/// Latents between two samples of a walk, of which the strip shows some.
const STEPS: usize = 48;

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
            Action::Decoded { slot, generation, made } => {
                let state = &mut latent.slots[slot as usize];
                if state.wanted.is_some() && state.asked == generation {
                    state.answered = generation;
                    match made {
                        Ok(made) => state.made = Some(made),
                        Err(text) => return (Vec::new(), Some((Level::Error, text))),
                    }
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
