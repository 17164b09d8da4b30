//! Augmentation in the window: two pipelines that are worked on, and the sheet of what one does to samples.
//!
//! A pipeline is changed by [`Action::ChangePipeline`]: while a control is held it only moves what is drawn, and
//! once it is let go it is an edit, so that one gesture is one step of undo. What is drawn follows from the
//! pipelines and [`AugmentView`] alone; an answer to an older question is dropped. This file refuses to know how
//! variants are made and drawn.

use std::sync::Arc;

use super::gestures::Answer;
use super::session::Session;
use super::{Action, Effect, Level};
use crate::analysis::quality::Check;
use crate::augment::formats::{Format, read, write};
use crate::augment::param::Value;
use crate::augment::pipeline::{Done, Pipeline, Step, What};
use crate::dataset::SampleId;
use crate::dataset::edit::{Edit, PipelineSlot};
use crate::gpu::mosaic::Tile;
use crate::pipeline::channels::ChannelStatistics;
use crate::text::sentence;
use crate::train::device::Choice;

/// Samples on a sheet.
pub const SAMPLES: std::ops::RangeInclusive<usize> = 1..=32;
/// Variants beside each.
pub const VARIANTS: std::ops::RangeInclusive<usize> = 1..=16;
/// Side of a cell in points.
pub const CELLS: std::ops::RangeInclusive<f32> = 48.0..=256.0;
/// Values of a parameter that are shown side by side.
pub const SWEEP: usize = 9;
/// Variants that can be pinned.
pub const PINNED: usize = 16;

/// How augmentation stands.
#[derive(Debug, Default)]
pub struct Augment {
    pub view: AugmentView,
    /// As they are drawn: ahead of what is kept while a control is held.
    pipelines: [Arc<Pipeline>; 2],
    /// Why a kept pipeline cannot be read, if it cannot.
    pub problem: Option<String>,
    /// The samples of a stratified draw from the view.
    drawn: Arc<Vec<SampleId>>,
    /// The samples that the sheet is of.
    samples: Arc<Vec<SampleId>>,
    pub sheet: Sheet,
    /// The cell that was open when the sheet was asked for last.
    opened: Option<usize>,
    /// Whether the panel was on screen, so that something is drawn.
    is_asked: bool,
    asked: u64,
    /// The first question of the cells that the sheet has now.
    laid_out: u64,
    picks_asked: u64,
    picks_answered: u64,
}

/// What is looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct AugmentView {
    /// The pipeline that is worked on.
    pub slot: PipelineSlot,
    pub show: Show,
    pub from: From,
    /// Samples of the sheet, and variants of each.
    pub samples: usize,
    pub variants: usize,
    /// Luck: the same seed leaves every variant what it is.
    pub seed: u64,
    /// Which samples a draw comes to.
    pub draw: u64,
    /// The step that alone is done.
    pub solo: Option<u32>,
    /// Side of a cell in points.
    pub cell: f32,
    /// What makes the variants that are shown.
    pub device: Choice,
    /// The cell that is open large.
    pub open: Option<usize>,
    /// Variants that stay on the sheet whatever else is shown.
    pub pinned: Vec<(SampleId, u32)>,
}

impl Default for AugmentView {
    fn default() -> Self {
        Self {
            slot: PipelineSlot::A,
            show: Show::Variants,
            from: From::Draw,
            samples: 6,
            variants: 6,
            seed: 1,
            draw: 1,
            solo: None,
            cell: 104.0,
            device: Choice::Auto,
            open: None,
            pinned: Vec::new(),
        }
    }
}

/// What the sheet shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Show {
    /// Each sample beside variants of it.
    #[default]
    Variants,
    /// The same variants by pipeline A and by pipeline B, one above the other.
    Compare,
    /// Each sample at values of one parameter, from its least to its most.
    Sweep { step: u32, param: usize },
    /// One sample at values of two parameters.
    Plane { across: (u32, usize), down: (u32, usize) },
}

/// Where the samples of the sheet are from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum From {
    /// Some of every class of the view.
    #[default]
    Draw,
    Selection,
}

/// A cell of the sheet: what it is of.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    pub sample: SampleId,
    /// `None` is the sample as it is.
    pub variant: Option<u32>,
    pub slot: PipelineSlot,
    /// Parameters that are set in this cell: the step, the place of the parameter, and the number.
    pub changes: Vec<(u32, usize, f64)>,
    /// Where it stands on the sheet.
    pub row: usize,
    pub column: usize,
    /// The cell with the sample as it is, where there is one.
    pub original: Option<usize>,
}

/// What is to be drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct VariantsWish {
    /// By slot, with what is off or not alone left out.
    pub pipelines: [Arc<Pipeline>; 2],
    pub seed: u64,
    pub cells: Arc<Vec<Cell>>,
    /// Side of a cell in points; the larger sides of what is drawn come to it.
    pub edge: f32,
    pub device: Choice,
    /// The cell that is open large, which is drawn as it is.
    pub open: Option<usize>,
    /// Whether a control is held, and a coarse picture now is worth more than a good one later.
    pub is_held: bool,
}

/// A parameter whose safe range is to be found, among these values.
#[derive(Clone, Debug, PartialEq)]
pub struct RangeWish {
    /// The pipeline that it is asked of: an answer for another one is of no use.
    pub of: Arc<Pipeline>,
    /// The step alone.
    pub pipeline: Arc<Pipeline>,
    pub step: u32,
    pub param: usize,
    pub values: Vec<f64>,
    pub samples: Arc<Vec<SampleId>>,
    pub seed: u64,
}

/// The sheet as far as it is drawn.
#[derive(Clone, Debug, Default)]
pub struct Sheet {
    pub cells: Arc<Vec<Cell>>,
    /// One for each cell; an older one until the new one is there.
    pub drawn: Vec<Option<Arc<Drawn>>>,
    /// Rows, and cells beside each other at most.
    pub rows: usize,
    pub columns: usize,
    /// Whether all is drawn as it was asked for last.
    pub is_current: bool,
    /// The open cell as it is, once it is drawn.
    pub open: Option<Arc<Drawn>>,
    /// The graphics device that makes the variants; `None` for the processor.
    pub device: Option<Arc<str>>,
}

impl Sheet {
    /// How far variants drifted, the middle one and the farthest, and how many fail checks, of how many.
    pub fn drift(&self) -> Option<DriftFace> {
        let is_variant = |(cell, _): &(&Cell, &Option<Arc<Drawn>>)| cell.variant.is_some();
        let variants = self.cells.iter().zip(&self.drawn).filter(is_variant);
        let drawn: Vec<&Drawn> = variants.filter_map(|(_, drawn)| drawn.as_deref()).collect();
        let mut drifts: Vec<f32> = drawn.iter().filter_map(|drawn| drawn.drift).collect();
        let middle = crate::pipeline::drift::middle(&mut drifts)?;
        let most = drifts.last().copied()?;
        let failing = drawn.iter().filter(|drawn| !drawn.fails.is_empty()).count();
        Some(DriftFace { middle, most, failing, variants: drawn.len() })
    }
}

/// What is said when all of a sheet is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastWord {
    /// The graphics device that was to make variants; `None` for the processor.
    pub device: Option<Arc<str>>,
}

/// How far the variants of a sheet drifted, in distances between classes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DriftFace {
    pub middle: f32,
    pub most: f32,
    /// Variants that fail a quality check.
    pub failing: usize,
    pub variants: usize,
}

/// A cell that was drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    pub picture: Shown,
    /// Of the variant itself, which may be larger.
    pub size: [u32; 2],
    /// What was done, with every number that was drawn.
    pub done: Vec<Done>,
    /// Boxes as parts of the picture's sides, left, top, width, height, with the numbers of their classes.
    pub boxes: Vec<(u32, [f32; 4])>,
    /// Key points as parts of the picture's sides.
    pub points: Vec<[f32; 2]>,
    /// Boxes of the sample that are not in the variant.
    pub lost_boxes: usize,
    /// Samples that were mixed in.
    pub mixed: Vec<SampleId>,
    /// How far it is from the sample, as a part of how far the classes are apart, once that is known.
    pub drift: Option<f32>,
    /// Quality checks that the sample passes and the variant fails.
    pub fails: Vec<Check>,
    /// Whether it was made of a smaller picture than the sample's.
    pub is_coarse: bool,
    /// Why there is no picture.
    pub problem: Option<String>,
}

/// Where the pixels of a cell are.
#[derive(Clone, Debug, PartialEq)]
pub enum Shown {
    /// There are none.
    Nothing,
    /// Here: red, green, blue and straight alpha of each.
    Pixels { width: usize, height: usize, rgba: Vec<u8> },
    /// In the memory of the graphics device, where they were made.
    Tile(Tile),
}

impl Shown {
    /// Width and height in pixels.
    pub fn size(&self) -> [usize; 2] {
        match self {
            Self::Nothing => [0; 2],
            Self::Pixels { width, height, .. } => [*width, *height],
            Self::Tile(tile) => tile.size().map(|side| side as usize),
        }
    }
}

impl Augment {
    pub(super) fn new(first_question: u64) -> Self {
        Self {
            asked: first_question,
            laid_out: first_question + 1,
            picks_asked: first_question,
            picks_answered: first_question,
            ..Self::default()
        }
    }

    /// Whether the panel was on screen, so that something is drawn.
    pub fn is_asked(&self) -> bool {
        self.is_asked
    }

    /// Whether the sheet is drawn as it was asked for last.
    pub fn is_current(&self) -> bool {
        !self.is_asked || (self.sheet.is_current && self.picks_asked == self.picks_answered)
    }

    pub fn pipeline(&self, slot: PipelineSlot) -> &Arc<Pipeline> {
        &self.pipelines[slot as usize]
    }

    /// The pipeline that is worked on.
    pub fn current(&self) -> &Arc<Pipeline> {
        self.pipeline(self.view.slot)
    }

    /// Whether this view differs from that one in the samples alone.
    fn is_of_view(&self, other: &AugmentView) -> bool {
        let AugmentView { from, samples, draw, .. } = self.view;
        self.view == AugmentView { from, samples, draw, ..other.clone() }
    }

    /// Takes the kept pipelines.
    fn take(&mut self, texts: &[String; 2]) {
        self.problem = None;
        for (pipeline, text) in self.pipelines.iter_mut().zip(texts) {
            match text.as_str() {
                "" => *pipeline = Arc::default(),
                text => match read(text, None) {
                    Ok(read) => *pipeline = Arc::new(read.pipeline),
                    Err(error) => self.problem = Some(sentence(error)),
                },
            }
        }
    }

    /// The cells of the sheet as things stand. Pinned variants come first.
    fn cells(&self) -> Vec<Cell> {
        let view = &self.view;
        let variants = || (0..view.variants as u32).map(|number| (Some(number), Vec::new()));
        let as_it_is = || std::iter::once((None, Vec::new()));
        let mut rows = Rows::default();
        for (at, (sample, _)) in view.pinned.iter().enumerate() {
            // A row for each sample, where its first pin is.
            if !view.pinned[..at].iter().any(|(before, _)| before == sample) {
                let pins = view.pinned.iter().filter(|(other, _)| other == sample);
                rows.add(
                    *sample,
                    view.slot,
                    as_it_is().chain(pins.map(|(_, number)| (Some(*number), Vec::new()))),
                );
            }
        }
        match view.show {
            Show::Variants => {
                for sample in self.samples.iter() {
                    rows.add(*sample, view.slot, as_it_is().chain(variants()));
                }
            }
            Show::Compare => {
                for sample in self.samples.iter() {
                    PipelineSlot::ALL
                        .into_iter()
                        .for_each(|slot| rows.add(*sample, slot, as_it_is().chain(variants())));
                }
            }
            Show::Sweep { step, param } => {
                let values = self.values_of(step, param).unwrap_or_default();
                for sample in self.samples.iter() {
                    let at = values.iter().map(|value| (Some(0), vec![(step, param, *value)]));
                    rows.add(*sample, view.slot, as_it_is().chain(at));
                }
            }
            Show::Plane { across, down } => {
                let columns = self.values_of(across.0, across.1).unwrap_or_default();
                let lines = self.values_of(down.0, down.1).unwrap_or_default();
                for (sample, line) in self
                    .samples
                    .first()
                    .into_iter()
                    .flat_map(|sample| lines.iter().map(move |line| (sample, line)))
                {
                    let at = |column: &f64| vec![(across.0, across.1, *column), (down.0, down.1, *line)];
                    rows.add(*sample, view.slot, columns.iter().map(|column| (Some(0), at(column))));
                }
            }
        }
        rows.cells
    }

    /// The values of a parameter that a sweep goes through: [`SWEEP`] of them from the least to the most, or all
    /// whole ones where there are fewer.
    pub fn values_of(&self, step: u32, param: usize) -> Option<Vec<f64>> {
        use crate::augment::param::Kind as ParamKind;
        let What::Operation(settings) = &self.current().step(step)?.what else { return None };
        let (least, most, steps) = match settings.operation.params.get(param)?.kind {
            ParamKind::Range { least, most, step, .. } | ParamKind::Number { least, most, step, .. } => {
                (least, most, step)
            }
            _ => return None,
        };
        let last = (SWEEP - 1) as f64;
        let mut values: Vec<f64> =
            (0..SWEEP).map(|at| steps.near(least + (most - least) * at as f64 / last, least, most)).collect();
        values.dedup();
        Some(values)
    }

    /// What is drawn by a pipeline: with a step alone, all others are off.
    fn effective(&self, slot: PipelineSlot) -> Arc<Pipeline> {
        let pipeline = self.pipeline(slot);
        match self.view.solo {
            Some(solo) if slot == self.view.slot && pipeline.step(solo).is_some() => {
                Arc::new(Pipeline { name: pipeline.name.clone(), steps: alone(&pipeline.steps, solo) })
            }
            _ => pipeline.clone(),
        }
    }
}

/// Cells row by row.
#[derive(Default)]
struct Rows {
    cells: Vec<Cell>,
    next: usize,
}

/// Which variant, and the parameters that are set for it.
type Kind = (Option<u32>, Vec<(u32, usize, f64)>);

impl Rows {
    fn add(&mut self, sample: SampleId, slot: PipelineSlot, row: impl Iterator<Item = Kind>) {
        let mut original = None;
        for (column, (variant, changes)) in row.enumerate() {
            let cell = Cell { sample, variant, slot, changes, row: self.next, column, original };
            if variant.is_none() {
                original = Some(self.cells.len());
            }
            self.cells.push(cell);
        }
        self.next += 1;
    }
}

/// The steps with all off but one, at any depth, and the groups that it is in; that one is always done.
fn alone(steps: &[Step], solo: u32) -> Vec<Step> {
    let only = |step: &Step| {
        let mut step = step.clone();
        if step.id == solo {
            (step.is_on, step.probability) = (true, 1.0);
            return Some(step);
        }
        let What::Group(group) = &mut step.what else { return None };
        group.steps = alone(&group.steps, solo);
        (step.is_on, step.probability) = (true, 1.0);
        (!group.steps.is_empty()).then_some(step)
    };
    steps.iter().filter_map(only).collect()
}

impl Session {
    /// Carries out what a person did in the panel.
    pub(super) fn augment_gesture(&mut self, action: Action) -> Answer {
        match action {
            Action::AskVariants => {
                self.augment.is_asked = true;
                (self.pick_samples(), None)
            }
            Action::LeaveVariants => {
                let augment = &mut self.augment;
                (augment.is_asked, augment.sheet, augment.opened) = (false, Sheet::default(), None);
                // Answers that are on their way are of no use.
                augment.laid_out = augment.asked + 1;
                (vec![Effect::RestVariants], None)
            }
            Action::ChangePipeline { pipeline, what, is_held } => {
                let slot = self.augment.view.slot;
                if is_held {
                    self.augment.pipelines[slot as usize] = pipeline;
                    return (self.draw_variants(true), None);
                }
                self.set_pipeline(slot, pipeline, what)
            }
            Action::MeasureChannels { step } => {
                let slot = self.augment.view.slot;
                (vec![Effect::MeasureChannels { slot, step }], None)
            }
            Action::SuggestRange { step, param } => {
                let Some(values) = self.augment.values_of(step, param) else { return (Vec::new(), None) };
                let pipeline = self.augment.current();
                let of = pipeline.clone();
                let alone = Pipeline { name: String::new(), steps: alone(&pipeline.steps, step) };
                let samples = self.augment.samples.clone();
                let seed = self.augment.view.seed;
                let wish = RangeWish { of, pipeline: alone.into(), step, param, values, samples, seed };
                (vec![Effect::SuggestRange { wish: Box::new(wish) }], None)
            }
            Action::ChangeAugment(view) => {
                let before = std::mem::replace(&mut self.augment.view, *view);
                let now = &self.augment.view;
                let other_samples =
                    (before.from, before.samples, before.draw) != (now.from, now.samples, now.draw);
                let mut effects = if other_samples { self.pick_samples() } else { Vec::new() };
                // Where the samples come to the same, what else is looked at may have changed.
                if effects.is_empty() || !self.augment.is_of_view(&before) {
                    effects.extend(self.draw_variants(false));
                }
                (effects, None)
            }
            _ => (Vec::new(), None),
        }
    }

    /// Keeps a pipeline.
    fn set_pipeline(&mut self, slot: PipelineSlot, pipeline: Arc<Pipeline>, what: String) -> Answer {
        let to = match pipeline.steps.is_empty() && pipeline.name.is_empty() {
            true => String::new(),
            false => write(&pipeline, Format::Lenslet).0,
        };
        self.augment.pipelines[slot as usize] = pipeline;
        let (mut effects, told) = self.edit(Edit::SetPipeline { slot, from: String::new(), to, what });
        // Where the gesture ended where it began nothing was edited, and what is drawn is coarse.
        if effects.is_empty() {
            effects = self.draw_variants(false);
        }
        (effects, told)
    }

    /// Takes in what came back.
    pub(super) fn augment_result(&mut self, action: Action) -> Answer {
        let augment = &mut self.augment;
        match action {
            Action::PipelineRead { slot, name, read: Ok((pipeline, notes)) } => {
                let (effects, _) = self.set_pipeline(slot, pipeline, format!("Open the pipeline {name}"));
                let told =
                    (!notes.is_empty()).then(|| (Level::Warning, format!("{name}: {}", notes.join(" "))));
                return (effects, told);
            }
            Action::PipelineRead { read: Err(error), .. } => {
                return (Vec::new(), Some((Level::Error, sentence(error))));
            }
            Action::RangeFound { of, step, param, found } if Arc::ptr_eq(&of, augment.current()) => {
                return self.take_range(step, param, found);
            }
            Action::ChannelsMeasured { slot, step, statistics } => {
                return self.take_statistics(slot, step, &statistics);
            }
            Action::SamplesPicked { generation, samples } if generation == augment.picks_asked => {
                augment.drawn = samples;
                augment.picks_answered = generation;
                return (self.take_samples(), None);
            }
            // While a control is held questions come faster than answers: what is of the same cells is shown.
            Action::VariantsDrawn { generation, cells, open, last }
                if (augment.laid_out..=augment.asked).contains(&generation) =>
            {
                for (at, drawn) in cells {
                    if let Some(slot) = augment.sheet.drawn.get_mut(at) {
                        *slot = Some(drawn);
                    }
                }
                if generation == augment.asked {
                    augment.sheet.open = open.or(augment.sheet.open.take());
                    if let Some(LastWord { device }) = last {
                        (augment.sheet.is_current, augment.sheet.device) = (true, device);
                    }
                }
            }
            Action::VariantsFailed { generation, cause } if generation == augment.asked => {
                augment.sheet.is_current = true;
                let text = format!("A bug in Lenslet stopped the preview: {cause}.");
                return (Vec::new(), Some((Level::Error, text)));
            }
            _ => {}
        }
        (Vec::new(), None)
    }

    /// Sets a parameter to the range that was found for it.
    fn take_range(&mut self, step: u32, param: usize, found: Result<[f64; 2], String>) -> Answer {
        let range = match found {
            Ok(range) => range,
            Err(text) => return (Vec::new(), Some((Level::Warning, text))),
        };
        let mut pipeline = Pipeline::clone(self.augment.current());
        let Some(Step { what: What::Operation(settings), .. }) = pipeline.step_mut(step) else {
            return (Vec::new(), None);
        };
        let Some(known) = settings.operation.params.get(param) else { return (Vec::new(), None) };
        if let Some(value) = known.fit(Value::Range(range)) {
            settings.values[param] = value;
        }
        let what = format!("{}: safe {}", settings.operation.title, known.name.replace('_', " "));
        let [low, high] = range;
        let text = format!("{what} is {low} to {high}. Ctrl+Z takes it back.");
        let (effects, _) = self.set_pipeline(self.augment.view.slot, pipeline.into(), what);
        (effects, Some((Level::Info, text)))
    }

    /// Sets what a step normalises by to what was measured. Other steps may be other ones by now.
    fn take_statistics(&mut self, slot: PipelineSlot, id: u32, statistics: &ChannelStatistics) -> Answer {
        let level = if statistics.unreadable > 0 { Level::Warning } else { Level::Info };
        let told = statistics.sentence();
        if statistics.pixels == 0 {
            return (Vec::new(), Some((Level::Warning, "No sample of the view can be read.".to_owned())));
        }
        // As it is kept: of a control that is held nothing is, yet.
        let kept = read(&self.overlay.pipelines[slot as usize], None).map(|read| read.pipeline);
        let mut pipeline = kept.unwrap_or_else(|_| Pipeline::clone(self.augment.pipeline(slot)));
        let is_set = pipeline.step_mut(id).is_some_and(|step| match &mut step.what {
            What::Operation(settings) => statistics.set(settings),
            _ => false,
        });
        if !is_set {
            let text = format!("{told} The step that it was measured for is gone, and nothing is set.");
            return (Vec::new(), Some((Level::Warning, text)));
        }
        let what = "Normalize: mean and deviation of the view".to_owned();
        let (effects, _) = self.set_pipeline(slot, pipeline.into(), what);
        (effects, Some((level, format!("{told} Ctrl+Z takes it back."))))
    }

    /// The kept pipelines are other ones.
    pub(super) fn pipelines_changed(&mut self) -> Vec<Effect> {
        self.augment.take(&self.overlay.pipelines);
        self.draw_variants(false)
    }

    /// The rows of the view, or what is selected, are other ones.
    pub(super) fn augment_view_changed(&mut self) -> Vec<Effect> {
        if self.augment.is_asked { self.pick_samples() } else { Vec::new() }
    }

    /// Whether what is selected is another one than what the sheet shows.
    pub(super) fn augment_selection_changed(&mut self) -> Vec<Effect> {
        let is_shown = self.augment.is_asked && self.augment.view.from == From::Selection;
        if is_shown { self.take_samples() } else { Vec::new() }
    }

    fn pick_samples(&mut self) -> Vec<Effect> {
        if self.augment.view.from == From::Selection {
            return self.take_samples();
        }
        self.augment.picks_asked += 1;
        let (count, seed) = (self.augment.view.samples, self.augment.view.draw);
        vec![Effect::PickSamples { generation: self.augment.picks_asked, count, seed }]
    }

    /// Shows the samples that there are now.
    fn take_samples(&mut self) -> Vec<Effect> {
        let count = self.augment.view.samples;
        let samples = match self.augment.view.from {
            From::Draw => self.augment.drawn.clone(),
            From::Selection => Arc::new(self.selection.iter().take(count).collect()),
        };
        if samples == self.augment.samples && !self.augment.sheet.cells.is_empty() {
            return Vec::new();
        }
        self.augment.samples = samples;
        self.draw_variants(false)
    }

    /// Asks for the sheet as things stand.
    fn draw_variants(&mut self, is_held: bool) -> Vec<Effect> {
        let augment = &mut self.augment;
        if !augment.is_asked {
            return Vec::new();
        }
        let cells = Arc::new(augment.cells());
        let rows = cells.iter().map(|cell| cell.row + 1).max().unwrap_or(0);
        let columns = cells.iter().map(|cell| cell.column + 1).max().unwrap_or(0);
        let sheet = &mut augment.sheet;
        // What is of the same sample stays until what is new is drawn.
        let place = |cell: &Cell| (cell.sample, cell.row, cell.column);
        let stays = sheet.cells.len() == cells.len()
            && sheet.cells.iter().zip(cells.iter()).all(|(old, new)| place(old) == place(new));
        if !stays {
            sheet.drawn = vec![None; cells.len()];
            // What is open stays open wherever it stands now.
            augment.view.open = augment.view.open.and_then(|at| match sheet.cells.get(at) {
                Some(opened) => cells.iter().rposition(|cell| cell.is_of(opened)),
                // The panel comes back on screen as it was.
                None => (sheet.cells.is_empty() && at < cells.len()).then_some(at),
            });
        }
        if augment.view.open != augment.opened || is_held {
            // What was open was another cell, or is followed on the sheet until the control is let go.
            sheet.open = None;
            augment.opened = augment.view.open;
        }
        (sheet.rows, sheet.columns) = (rows, columns);
        (sheet.cells, sheet.is_current) = (cells.clone(), cells.is_empty());
        if cells.is_empty() {
            return Vec::new();
        }
        augment.asked += 1;
        if !stays {
            augment.laid_out = augment.asked;
        }
        let wish = VariantsWish {
            pipelines: PipelineSlot::ALL.map(|slot| augment.effective(slot)),
            seed: augment.view.seed,
            cells,
            edge: augment.view.cell,
            device: augment.view.device,
            open: augment.view.open,
            is_held,
        };
        vec![Effect::DrawVariants { generation: augment.asked, wish: Box::new(wish) }]
    }
}

impl Cell {
    /// Whether it is of the same as another one, wherever that stands.
    fn is_of(&self, other: &Self) -> bool {
        let what = |cell: &Self| (cell.sample, cell.variant, cell.slot);
        what(self) == what(other) && self.changes == other.changes
    }

    /// The pipeline that the cell is drawn by.
    pub fn pipeline(&self, pipelines: &[Arc<Pipeline>; 2]) -> Arc<Pipeline> {
        let pipeline = &pipelines[self.slot as usize];
        if self.changes.is_empty() {
            return pipeline.clone();
        }
        let mut changed = Pipeline::clone(pipeline);
        for (id, param, number) in &self.changes {
            let Some(step) = changed.step_mut(*id) else { continue };
            step.probability = 1.0;
            if let What::Operation(settings) = &mut step.what
                && let Some(known) = settings.operation.params.get(*param)
                && let Some(value) = known.fit(Value::Number(*number))
            {
                settings.values[*param] = value;
            }
        }
        Arc::new(changed)
    }
}
