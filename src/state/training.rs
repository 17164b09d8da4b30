//! Training in the window: the settings of the next run, the run, and the models that are kept.
//!
//! All of it is plain data. What a run tells comes in through [`Action::TrainTold`], and is kept in bounded
//! memory: [`Curve`]s and the [`Film`] thin out as they grow.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::command::Command;
use super::gestures::Answer;
use super::session::Session;
use super::{Action, Effect, Level};
use crate::dataset::edit::PipelineSlot;
use crate::store::JournalOp;
use crate::text::counted;
use crate::train::SETTINGS;
use crate::train::checkpoint::{About, Figures};
use crate::train::config::{Channels, Config, Fit, Shape};
use crate::train::device::{Choice, Kind};
use crate::train::run::{Began, Ended, HeldOutReport, StepReport, Told, Why};
use crate::train::score::Pictures;

/// A latent dimension whose divergence is less says nothing of a sample, in nats: it has collapsed.
pub const COLLAPSED: f32 = 0.01;

/// How training stands.
#[derive(Debug, Default)]
pub struct Training {
    /// The settings of the next run; `None` until it is known what suits the samples.
    pub draft: Option<Draft>,
    /// Whether it was asked what suits the samples.
    pub is_asked: bool,
    /// Multiplications and additions a second, as measured on the processor and on a graphics device.
    pub speeds: Speeds,
    /// The last run of this window.
    pub run: Option<Run>,
    /// Models that the project keeps, the newest first.
    pub models: Arc<Vec<ModelFace>>,
}

/// The settings of the next run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Draft {
    pub config: Config,
    #[serde(default)]
    pub device: Choice,
    /// The pipeline by which samples are augmented.
    #[serde(default)]
    pub augment: Option<PipelineSlot>,
    /// No project keeps it: the next start is a new model.
    #[serde(skip)]
    pub begin: Begin,
}

/// What a run begins with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Begin {
    /// A new model.
    #[default]
    New,
    /// What fits of a trained one: the folder of its run, of which the newest checkpoint counts.
    From(PathBuf),
    /// A run that was stopped goes on: the folder of the run.
    Resume(PathBuf),
}

/// How fast devices train, in multiplications and additions a second; `None` before it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Speeds {
    pub cpu: Option<f64>,
    pub gpu: Option<f64>,
}

impl Speeds {
    fn of(&mut self, kind: Kind) -> &mut Option<f64> {
        match kind {
            Kind::Cpu => &mut self.cpu,
            Kind::Gpu => &mut self.gpu,
        }
    }
}

/// A model on the disk.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelFace {
    /// The folder of its newest checkpoint, and of the run.
    pub checkpoint: PathBuf,
    pub run: PathBuf,
    pub about: Arc<About>,
}

impl ModelFace {
    /// What a person calls it.
    pub fn name(&self) -> String {
        model_name(&self.run)
    }
}

/// What a person calls a model: the name of its folder.
pub fn model_name(folder: &Path) -> String {
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// What the folder of a model is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelFor {
    /// It is looked into.
    Latent,
    /// The model beside a person who labels sees by it.
    Labelling,
}

/// A run, while it goes on and after.
#[derive(Debug)]
pub struct Run {
    pub config: Config,
    pub began: Option<Began>,
    pub latest: Option<StepReport>,
    /// Losses of training batches, and of held-out samples.
    pub curve: Curve,
    pub held_out: Vec<HeldOutReport>,
    pub reconstructions: Option<Reconstructions>,
    pub film: Film,
    pub saved: Option<(u64, PathBuf)>,
    pub end: Option<End>,
}

/// Samples beside what comes back of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Reconstructions {
    pub step: u64,
    pub originals: Arc<Pictures>,
    pub returned: Arc<Pictures>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    Ended(Arc<Ended>),
    /// A sentence.
    Failed(String),
    /// It was stopped before there was a model.
    Cancelled,
}

impl Run {
    fn new(config: Config) -> Self {
        Self {
            config,
            began: None,
            latest: None,
            curve: Curve::default(),
            held_out: Vec::new(),
            reconstructions: None,
            film: Film::default(),
            saved: None,
            end: None,
        }
    }

    pub fn is_running(&self) -> bool {
        self.end.is_none()
    }

    /// The divergence by dimension that is newest, of held-out samples where there are any: nats.
    pub fn by_dimension(&self) -> &[f32] {
        match (self.held_out.last(), &self.latest) {
            (Some(report), _) => &report.by_dimension,
            (None, Some(report)) => &report.by_dimension,
            (None, None) => &[],
        }
    }

    /// Takes in what was told since the last time.
    fn take(&mut self, told: Told) {
        if let Some(began) = told.began {
            self.began = Some(began);
        }
        for report in told.steps {
            self.curve.push(Point { step: report.step as f64, figures: report.figures });
            self.latest = Some(report);
        }
        self.held_out.extend(told.held_out);
        while self.held_out.len() > Curve::MOST {
            // The last one stays.
            let odd = self.held_out.len() % 2;
            let mut at = 0;
            self.held_out.retain(|_| {
                at += 1;
                at % 2 == odd
            });
        }
        if let Some((step, originals, returned)) = told.reconstructions {
            let (originals, returned) = (originals.into(), returned.into());
            self.reconstructions = Some(Reconstructions { step, originals, returned });
        }
        if let Some((step, pictures)) = told.sheet {
            self.film.push(step, pictures.into());
        }
        if told.saved.is_some() {
            self.saved = told.saved;
        }
    }
}

/// Losses at a step, in nats per sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub step: f64,
    pub figures: Figures,
}

/// Losses over steps, in bounded memory: when there are too many points, each two become their mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    pub points: Vec<Point>,
    /// Reports that each point is the mean of, and those of the next point so far.
    per_point: usize,
    waiting: Vec<Point>,
}

impl Default for Curve {
    fn default() -> Self {
        Self { points: Vec::new(), per_point: 1, waiting: Vec::new() }
    }
}

impl Curve {
    /// Points at most.
    pub const MOST: usize = 1024;

    pub fn push(&mut self, point: Point) {
        self.waiting.push(point);
        if self.waiting.len() < self.per_point {
            return;
        }
        self.points.push(mean(&self.waiting));
        self.waiting.clear();
        if self.points.len() >= Self::MOST {
            self.points = self.points.chunks(2).map(mean).collect();
            self.per_point *= 2;
        }
    }
}

/// The mean of some points.
fn mean(points: &[Point]) -> Point {
    let of = |number: fn(&Point) -> f64| points.iter().map(number).sum::<f64>() / points.len().max(1) as f64;
    Point {
        step: of(|point| point.step),
        figures: Figures {
            reconstruction: of(|point| point.figures.reconstruction),
            divergence: of(|point| point.figures.divergence),
        },
    }
}

/// Pictures of the same latents over the steps of a run, in bounded memory: when there are too many, every
/// second one goes, and fewer are taken in from then on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Film {
    pub frames: Vec<(u64, Arc<Pictures>)>,
    /// Frames that were told; one of `2^thinned` is kept, and the newest.
    told: u64,
    thinned: u32,
}

impl Film {
    /// Frames at most.
    pub const MOST: usize = 96;

    pub fn push(&mut self, step: u64, pictures: Arc<Pictures>) {
        // The newest is there until the next comes, whether it stays or not.
        if self.told > 0 && !(self.told - 1).is_multiple_of(1 << self.thinned) {
            self.frames.pop();
        }
        self.frames.push((step, pictures));
        self.told += 1;
        if self.frames.len() > Self::MOST {
            let mut at = 0;
            self.frames.retain(|_| {
                at += 1;
                at % 2 == 1
            });
            self.thinned += 1;
        }
    }
}

impl Draft {
    /// The same run, beginning with what a model has learned: of its shape, on pictures as it knows them.
    pub fn begin_with(&mut self, model: &ModelFace) {
        let known = &model.about.config;
        self.begin = Begin::From(model.run.clone());
        self.config.shape = known.shape.clone();
        (self.config.fit, self.config.batch) = (known.fit, known.batch);
    }

    pub fn new(config: Config) -> Self {
        Self { config, device: Choice::default(), augment: None, begin: Begin::default() }
    }

    /// Takes the size of the pictures and what suits it; what has nothing to do with the size stays.
    pub fn set_size(&mut self, size: usize) {
        let usual = Config::preset(size, self.config.shape.channels);
        let shape = &mut self.config.shape;
        *shape = Shape { likelihood: shape.likelihood, classes: shape.classes, ..usual.shape };
        self.config.batch = usual.batch;
    }

    /// What is wrong with the settings, as a sentence.
    pub fn problem(&self) -> Option<String> {
        self.config.check().err().map(|error| crate::text::sentence(&error))
    }

    /// What an estimate is of, in words.
    pub fn where_text(&self, speeds: &Speeds) -> &'static str {
        match self.device {
            Choice::Gpu => "on the graphics device",
            Choice::Auto if speeds.gpu.is_some() => "on the graphics device",
            Choice::Auto | Choice::Cpu => "on the processor",
        }
    }

    /// How long a run over so many samples takes, in seconds; `None` before a speed is known.
    pub fn estimate_secs(&self, rows: usize, speeds: &Speeds) -> Option<f64> {
        let speed = match self.device {
            Choice::Cpu => speeds.cpu,
            Choice::Gpu => speeds.gpu,
            Choice::Auto => speeds.gpu.or(speeds.cpu),
        }?;
        let samples_per_sec = speed / self.config.shape.cost().max(1) as f64;
        Some(self.config.estimate_secs(rows, 0, samples_per_sec))
    }
}

impl Training {
    /// What a project kept; a value of another version is as good as none.
    pub fn new(kept: Option<serde_json::Value>) -> Self {
        let draft = kept.and_then(|kept| serde_json::from_value(kept).ok());
        Self { draft, ..Self::default() }
    }

    pub fn is_running(&self) -> bool {
        self.run.as_ref().is_some_and(Run::is_running)
    }
}

impl Session {
    /// Carries out what a person did about training.
    pub(super) fn training_gesture(&mut self, action: Action) -> Answer {
        match action {
            Action::AskTraining => {
                if self.training.is_asked {
                    return (Vec::new(), None);
                }
                self.training.is_asked = true;
                (vec![Effect::SuggestTraining], None)
            }
            Action::ChangeTraining(draft) => self.change_training(*draft),
            Action::StartTraining => self.start_training(),
            Action::ResumeTraining { run } => self.resume_training(run),
            _ => (Vec::new(), None),
        }
    }

    /// Takes in what came back about training.
    pub(super) fn training_result(&mut self, action: Action) -> Answer {
        match action {
            Action::TrainingSuggested { config, speed } => {
                self.training.speeds.cpu = self.training.speeds.cpu.or(Some(speed));
                self.training.draft.get_or_insert_with(|| Draft::new(*config));
            }
            Action::ModelsListed(models) => self.training.models = models,
            Action::TrainTold(told) => {
                let notices: Vec<String> = told.notices.iter().cloned().collect();
                if let Some(run) = &mut self.training.run {
                    run.take(*told);
                }
                if !notices.is_empty() {
                    return (Vec::new(), Some((Level::Warning, notices.join(" "))));
                }
            }
            Action::TrainingEnded(end) => return self.training_ended(*end),
            _ => {}
        }
        (Vec::new(), None)
    }

    fn change_training(&mut self, mut draft: Draft) -> Answer {
        // Those of a model are as many as the samples have.
        if draft.config.shape.classes > 0 {
            draft.config.shape.classes = self.snapshot.labels().classes.len().clamp(1, 1000);
        }
        let before = self.training.draft.replace(draft);
        let now = self.training.draft.as_ref();
        if before.as_ref() == now || !self.project.can_write() {
            return (Vec::new(), None);
        }
        let value = serde_json::to_value(now).unwrap_or_default();
        (vec![Effect::Journal(JournalOp::SetValue(SETTINGS.to_owned(), value))], None)
    }

    fn start_training(&mut self) -> Answer {
        let told = |text: String| (Vec::new(), Some((Level::Warning, text)));
        let Some(draft) = self.training.draft.clone() else {
            // Nobody has seen the settings yet.
            let mut effects = self.training_gesture(Action::AskTraining).0;
            effects.push(Effect::TogglePane(super::Pane::Train));
            return (effects, None);
        };
        if self.training.is_running() {
            return told("A model is being trained already. Stop it to start another.".to_owned());
        }
        if let Some(problem) = draft.problem() {
            return told(problem);
        }
        if self.shown.found.rows.is_empty() {
            return told("No sample is shown that a model could learn from. Clear the filter.".to_owned());
        }
        if draft.config.shape.classes > 0 && self.snapshot.labels().classes.is_empty() {
            let text = "No sample has a label that the model could be told: switch “Tell it the class” off.";
            return told(text.to_owned());
        }
        let mut draft = draft;
        let text = draft.augment.map(|slot| self.overlay.pipelines[slot as usize].clone());
        draft.config.augmentation = text.filter(|text| !text.is_empty());
        self.training.run = Some(Run::new(draft.config.clone()));
        (vec![Effect::Train(Box::new(draft))], None)
    }

    /// Goes on with a run that was stopped or completed.
    fn resume_training(&mut self, run: PathBuf) -> Answer {
        let Some(model) = self.training.models.iter().find(|model| model.run == run) else {
            return (Vec::new(), None);
        };
        let device = self.training.draft.as_ref().map(|draft| draft.device).unwrap_or_default();
        let config = model.about.config.clone();
        if self.training.is_running() {
            let text = "A model is being trained already. Stop it to go on with another.".to_owned();
            return (Vec::new(), Some((Level::Warning, text)));
        }
        let draft = Draft { config, device, augment: None, begin: Begin::Resume(run) };
        self.training.run = Some(Run::new(draft.config.clone()));
        (vec![Effect::Train(Box::new(draft))], None)
    }

    fn training_ended(&mut self, end: End) -> Answer {
        let Some(run) = &mut self.training.run else { return (Vec::new(), None) };
        let told = match &end {
            End::Cancelled => (Level::Info, "Training was stopped before it began.".to_owned()),
            End::Failed(text) => (Level::Error, text.clone()),
            End::Ended(ended) => {
                let step = counted(ended.checkpoint.about.step, "step");
                match &ended.why {
                    Why::Completed => (Level::Info, format!("Training is done: {step}.")),
                    Why::Stopped => (Level::Info, format!("Training was stopped after {step}.")),
                    Why::Diverged(text) => (Level::Error, text.clone()),
                }
            }
        };
        if let End::Ended(ended) = &end
            && ended.samples_per_sec > 0.0
            && ended.samples_per_sec.is_finite()
        {
            let speed = ended.samples_per_sec * run.config.shape.cost() as f64;
            *self.training.speeds.of(ended.kind) = Some(speed);
        }
        if let End::Ended(ended) = &end
            && let Some(checkpoint) = &ended.path
        {
            self.labeller.lesson.sight.model_learned(checkpoint);
        }
        run.end = Some(end);
        (vec![Effect::ListModels], Some(told))
    }

    /// Carries out a command of training.
    pub(super) fn training_command(&mut self, command: Command) -> Answer {
        match command {
            Command::Train => self.start_training(),
            _ => (Vec::new(), None),
        }
    }
}

/// The sizes, in pixels, that a person is offered.
pub const SIZES: [usize; 7] = [16, 28, 32, 48, 64, 96, 128];

/// What pictures of a model are, in words: "28 px, grey".
pub fn pictures_text(shape: &Shape) -> String {
    let colour = match shape.channels {
        Channels::Grey => "grey",
        Channels::Colour => "colour",
    };
    format!("{} px, {colour}", shape.size)
}

/// How a picture comes to a square, in words.
pub fn fit_title(fit: Fit) -> &'static str {
    match fit {
        Fit::Letterbox => "Letterbox: whole, with black beside it",
        Fit::Crop => "Crop: the middle",
        Fit::Stretch => "Stretch: whole, distorted",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(step: u64) -> Point {
        let figures = Figures { reconstruction: step as f64, divergence: 1.0 };
        Point { step: step as f64, figures }
    }

    #[test]
    fn a_curve_is_bounded_and_keeps_its_mean() {
        for count in [1u64, 1000, 1024, 5000, 100_000] {
            let mut curve = Curve::default();
            (1..=count).for_each(|step| curve.push(point(step)));
            assert!(curve.points.len() < Curve::MOST && !curve.points.is_empty(), "{count}");
            assert!(curve.points.is_sorted_by(|one, two| one.step < two.step), "{count}");
            for point in &curve.points {
                assert!((point.step - point.figures.reconstruction).abs() < 1e-6, "{count}");
                assert!((point.figures.divergence - 1.0).abs() < 1e-9);
            }
            let last = curve.points.last().unwrap().step;
            assert!(last > count as f64 * 0.98 - 1.0, "{count}: {last}");
        }
    }

    #[test]
    fn a_film_is_bounded_and_has_its_first_and_newest_frame() {
        let mut film = Film::default();
        for step in 0..10_000u64 {
            film.push(step, Arc::default());
            assert!(film.frames.len() <= Film::MOST);
            assert_eq!(film.frames[0].0, 0);
            assert_eq!(film.frames.last().unwrap().0, step);
            assert!(film.frames.is_sorted_by(|one, two| one.0 < two.0));
        }
        assert!(film.frames.len() >= Film::MOST / 2);
        // They are spread over the whole of it.
        let longest = film.frames.windows(2).map(|pair| pair[1].0 - pair[0].0).max().unwrap();
        assert!(longest <= 10_000 / 40, "{longest}");
    }

    #[test]
    fn another_size_keeps_what_has_nothing_to_do_with_it() {
        let mut draft = Draft::new(Config::preset(28, Channels::Grey));
        draft.config.seed = 7;
        draft.config.shape.classes = 3;
        draft.set_size(64);
        let shape = &draft.config.shape;
        assert_eq!((shape.size, shape.depth, shape.latent, shape.classes), (64, 3, 32, 3));
        assert_eq!((draft.config.seed, draft.config.batch), (7, 64));
        assert_eq!(draft.problem(), None);
        draft.config.beta = -1.0;
        assert!(draft.problem().unwrap().contains('β'));
    }

    #[test]
    fn an_estimate_is_of_the_device_that_is_chosen() {
        let mut draft = Draft::new(Config::preset(28, Channels::Grey));
        let cost = draft.config.shape.cost() as f64;
        let speeds = Speeds { cpu: Some(cost * 1000.0), gpu: None };
        // Ten epochs of 1,280 samples in 10 steps each, at a thousand samples a second.
        assert_eq!(draft.estimate_secs(1280, &speeds).map(f64::round), Some(13.0));
        draft.device = Choice::Gpu;
        assert_eq!(draft.estimate_secs(1280, &speeds), None);
    }
}
