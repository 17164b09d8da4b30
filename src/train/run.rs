//! A run: steps, held-out samples, checkpoints, and what it tells as it goes.
//!
//! Everything random follows from seed and step, so that a run that goes on from a checkpoint is the one
//! that was never interrupted. Batches are prepared on a thread of their own and handed over through a
//! queue of two. Losses are read back from the device every few steps only.
//!
//! A pause or a stop is seen between the pieces of a step, which take about a fifth of a second at most; a
//! step that was begun and not ended leaves no trace. Losses that are no numbers end the run with the last
//! checkpoint whose numbers all were. A graphics device that fails gives way to the processor, which goes
//! on from there.
//!
//! This file refuses to know the user interface.

mod batches;
mod feed;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use burn::tensor::Tensor;
use crossbeam_channel::{Receiver, bounded};

use super::checkpoint::{About, Checkpoint, CheckpointError, Figures, Unfit, place};
use super::config::{Config, ConfigError, Weight};
use super::device::{Kind, NoDevice, Processor};
use super::kernels::Adam;
use super::model::{DeviceError, Loss, Model, Numbers, numbers_of};
use super::pack::{CacheError, NO_CLASS, Pack, PackError};
use super::score::{Pictures, ScoreError, decode, prior, reconstruct, score};
use crate::jobs::{Control, Job, panic_message};
use batches::{Plan, Prepared};
pub use feed::{Feed, Told};

/// What to train.
pub struct Request {
    pub config: Config,
    pub pack: Arc<Pack>,
    /// Where the samples came from, for the checkpoint.
    pub source: String,
    pub processor: Processor,
    pub start: Start,
    /// The folder for checkpoints; without it none is written.
    pub out: Option<PathBuf>,
    pub cadence: Cadence,
}

/// What a run begins with.
#[derive(Debug, Default)]
pub enum Start {
    /// A new model.
    #[default]
    New,
    /// A run that was interrupted: the same samples and settings, but for its length.
    Resume(Box<Checkpoint>),
    /// What fits of another model.
    From(Box<Checkpoint>),
}

/// How often a run does what is no step, in steps; 0 is never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cadence {
    /// Losses are read back and told.
    pub report: u64,
    /// Held-out samples are scored, so many at most; all of them at the end.
    pub held_out: u64,
    pub held_out_rows: usize,
    /// A checkpoint is kept, as at the end.
    pub checkpoint: u64,
    /// Reconstructions and a sheet of samples are made, of so many pictures each.
    pub pictures: u64,
    pub picture_count: usize,
}

impl Cadence {
    /// What suits a run for a person who looks on: held-out samples and a checkpoint after each epoch.
    pub fn of(config: &Config, rows: usize) -> Self {
        let epoch = config.steps_per_epoch(rows);
        Self {
            report: 10,
            held_out: epoch,
            held_out_rows: 2048,
            checkpoint: epoch.clamp(50, 2000),
            pictures: 50,
            picture_count: 16,
        }
    }
}

/// What a run comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// It begins, at first or anew on another device.
    Began(Began),
    Step(StepReport),
    HeldOut(HeldOutReport),
    /// Some samples and what came back of them.
    Reconstructions {
        step: u64,
        originals: Pictures,
        returned: Pictures,
    },
    /// Pictures of latents that are the same throughout the run.
    Sheet {
        step: u64,
        pictures: Pictures,
    },
    Saved {
        step: u64,
        path: PathBuf,
    },
    /// A sentence for the person.
    Notice(String),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Began {
    pub device: String,
    pub parameters: u64,
    /// The step it begins with: 0, or that of the checkpoint.
    pub step: u64,
    pub steps: u64,
    pub training_rows: usize,
    pub held_out_rows: usize,
    /// Weights of another model that did not fit.
    pub unfit: Vec<Unfit>,
}

/// The losses of a step's batch, in nats per sample.
#[derive(Clone, Debug, PartialEq)]
pub struct StepReport {
    /// Steps that were made.
    pub step: u64,
    pub steps: u64,
    pub epoch: u64,
    pub figures: Figures,
    /// The divergence by dimension: `latent` numbers.
    pub by_dimension: Vec<f32>,
    pub beta: f32,
    /// Since the report before, without what was no step.
    pub samples_per_sec: f64,
    /// Since the run began, pauses and all.
    pub secs: f64,
    pub left_secs: f64,
}

/// The losses of samples that are not trained on, in nats per sample.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldOutReport {
    pub step: u64,
    pub rows: usize,
    pub figures: Figures,
    pub by_dimension: Vec<f32>,
}

/// Why a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    Completed,
    /// It was cancelled.
    Stopped,
    /// The losses were no numbers any more: a sentence.
    Diverged(String),
}

/// What a run ended with.
#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    pub why: Why,
    /// The model as it is: at the last step, or where its numbers last were all numbers.
    pub checkpoint: Checkpoint,
    /// What did the work at last.
    pub kind: Kind,
    /// Where it is on disk.
    pub path: Option<PathBuf>,
    /// The last figures over held-out samples: over all of them, where the run was completed.
    pub held_out: Option<HeldOutReport>,
    /// Samples a second over the whole run, without what was no step.
    pub samples_per_sec: f64,
    pub secs: f64,
}

/// Why a run could not be made.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Pack(#[from] PackError),
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    #[error(transparent)]
    Device(#[from] DeviceError),
    #[error(transparent)]
    NoDevice(#[from] NoDevice),
    #[error(
        "these are not the samples that the run began with: show those, or begin another run with what it learned"
    )]
    OtherSamples,
    #[error(
        "the samples have other paths than those that the run began with, from which it follows how they are \
         augmented: open them from the folder and under the names that they had then, or begin another run with \
         what it learned"
    )]
    OtherPaths,
    #[error(
        "this checkpoint of an augmented run is of an older Lenslet, which did not note the paths that its \
         augmentations follow from, so that it cannot go on as it began: begin another run with what it learned"
    )]
    UnknownPaths,
    #[error("a part that does not fit cannot be frozen, for it would never learn: {0}")]
    FrozenUnfit(String),
    #[error("the model is of other pictures than the samples: {0}")]
    OtherShape(String),
    #[error(transparent)]
    Cache(#[from] CacheError),
    #[error("no thread could be started: {0}")]
    NoThread(std::io::Error),
}

/// Starts a run on a thread of its own: `prepare` packs the samples and chooses the device there. `wake` is
/// called whenever there is something new in the feed, and at the end.
pub fn spawn(
    wake: impl Fn() + Send + Sync + 'static,
    prepare: impl FnOnce(&Control) -> Result<Request, TrainError> + Send + 'static,
) -> std::io::Result<(Job<Result<Ended, TrainError>>, Feed)> {
    let feed = Feed::default();
    let wake = Arc::new(wake);
    let (posts, at_end) = (feed.clone(), wake.clone());
    let job = Job::spawn(
        "train",
        move || at_end(),
        move |control| {
            let ended = prepare(control).and_then(|request| {
                run(request, control, &mut |event| {
                    posts.post(event);
                    wake();
                })
            });
            match ended {
                Err(TrainError::Pack(PackError::Cancelled(cancelled))) => Err(cancelled),
                other => Ok(other),
            }
        },
    )?;
    Ok((job, feed))
}

/// Trains, on this thread. A run that is cancelled ends with what it has; progress counts steps.
pub fn run(request: Request, control: &Control, tell: &mut dyn FnMut(Event)) -> Result<Ended, TrainError> {
    let Request { mut config, pack, source, mut processor, start, out, cadence } = request;
    let begun = Begun::of(&mut config, &pack, source, start)?;
    let steps = config.steps(pack.training.len());
    // A run that goes on begins with what is there already.
    let path = out.as_ref().map(|out| place(out, begun.checkpoint.about.step)).filter(|path| path.exists());
    let mut run = Run {
        weights: config.shape.weights(),
        steps,
        config,
        pack,
        out,
        cadence,
        control,
        tell,
        good: begun.checkpoint,
        path,
        held_out: None,
        worked: Duration::ZERO,
        trained: 0,
        started: Instant::now(),
    };
    loop {
        (run.tell)(Event::Began(Began {
            device: processor.name.clone(),
            parameters: run.config.shape.parameters(),
            step: run.good.about.step,
            steps,
            training_rows: run.pack.training.len(),
            held_out_rows: run.pack.held_out.len(),
            unfit: begun.unfit.clone(),
        }));
        control.begin("Training", steps);
        control.set_done(run.good.about.step);
        // burn panics where it has no other way to say that a device is lost.
        let ended = match processor.kind {
            Kind::Cpu => run.go(&processor),
            Kind::Gpu => catch_unwind(AssertUnwindSafe(|| run.go(&processor)))
                .unwrap_or_else(|cause| Err(DeviceError(panic_message(&*cause)).into())),
        };
        match ended {
            Err(TrainError::Device(error)) if processor.kind == Kind::Gpu => {
                processor = Processor::cpu();
                let step = run.good.about.step;
                (run.tell)(Event::Notice(format!(
                    "{error}. Training goes on from step {step} on {}.",
                    processor.name
                )));
            }
            Err(error) => return Err(error),
            Ok(why) => return Ok(run.end(why, processor.kind)),
        }
    }
}

/// What a run begins with.
struct Begun {
    checkpoint: Checkpoint,
    unfit: Vec<Unfit>,
}

impl Begun {
    /// Takes the settings that a checkpoint says, where the run goes on from one.
    fn of(config: &mut Config, pack: &Pack, source: String, start: Start) -> Result<Self, TrainError> {
        let mut unfit = Vec::new();
        if let Start::Resume(checkpoint) = start {
            if checkpoint.about.data != pack.fingerprint {
                return Err(TrainError::OtherSamples);
            }
            if checkpoint.about.config.augmentation.is_some() {
                match &checkpoint.about.keys {
                    None => return Err(TrainError::UnknownPaths),
                    Some(keys) if *keys != pack.keys_hash() => return Err(TrainError::OtherPaths),
                    Some(_) => {}
                }
            }
            *config = Config { length: config.length, ..checkpoint.about.config.clone() };
            config.check()?;
            let mut checkpoint = *checkpoint;
            checkpoint.about.config = config.clone();
            return Ok(Self { checkpoint, unfit });
        }
        if config.shape.classes > 0 {
            config.shape.classes = pack.class_names.len();
        }
        config.check()?;
        if (pack.size, pack.channels) != (config.shape.size, config.shape.channels) {
            let text = format!("{} px and {} px", config.shape.size, pack.size);
            return Err(TrainError::OtherShape(text));
        }
        let fresh = Model::new(&config.shape, config.seed, &burn::tensor::Device::flex());
        let mut weights = fresh.numbers()?;
        if let Start::From(checkpoint) = start {
            let fitted = checkpoint.fitted_to(&config.shape, &pack.class_names);
            for (weight, known) in weights.iter_mut().zip(fitted.numbers) {
                if let Some(known) = known {
                    *weight = known;
                }
            }
            unfit = fitted.unfit;
            let is_frozen = |unfit: &&Unfit| config.freeze.holds(&unfit.name);
            if let Some(frozen) = unfit.iter().find(is_frozen) {
                return Err(TrainError::FrozenUnfit(frozen.to_string()));
            }
        }
        let zeros: Numbers = weights.iter().map(|weight| vec![0.0; weight.len()]).collect();
        let classes = pack.class_names.clone();
        let mut about = About::new(config.clone(), source, pack.fingerprint.clone(), classes);
        about.keys = config.augmentation.is_some().then(|| pack.keys_hash());
        let moments = [zeros.clone(), zeros];
        Ok(Self { checkpoint: Checkpoint { about, weights, moments }, unfit })
    }
}

struct Run<'a> {
    config: Config,
    weights: Vec<Weight>,
    steps: u64,
    pack: Arc<Pack>,
    out: Option<PathBuf>,
    cadence: Cadence,
    control: &'a Control,
    tell: &'a mut dyn FnMut(Event),
    /// The last state whose numbers were all numbers, and where it is on disk.
    good: Checkpoint,
    path: Option<PathBuf>,
    held_out: Option<HeldOutReport>,
    /// The time of steps, and the samples in them.
    worked: Duration,
    trained: u64,
    started: Instant,
}

/// The state on the device.
struct State {
    model: Model,
    moments: [Vec<Tensor<1>>; 2],
    step: u64,
}

/// Sums over a batch on the device: reconstruction, then divergence by dimension, in nats.
type Sums = Tensor<1>;

impl Run<'_> {
    /// Trains from the last good state to the end.
    fn go(&mut self, processor: &Processor) -> Result<Why, TrainError> {
        let device = &processor.device;
        let on_device = |numbers: &Numbers| Model::of(&self.config.shape, numbers.clone(), device).weights;
        let mut state = State {
            model: Model::of(&self.config.shape, self.good.weights.clone(), device),
            moments: [on_device(&self.good.moments[0]), on_device(&self.good.moments[1])],
            step: self.good.about.step,
        };
        let (send, batches) = bounded(2);
        let pipeline = self.config.pipeline()?;
        let (config, pack) = (self.config.clone(), self.pack.clone());
        let plan = Plan { config, pack, steps: self.steps, pipeline };
        let first = state.step;
        std::thread::scope(|scope| {
            let prepare = move || {
                // It ends when nobody takes its batches any more.
                let _ = plan.batches(first).try_for_each(|batch| {
                    let failed = batch.is_err();
                    send.send(batch).map_err(drop)?;
                    if failed { Err(()) } else { Ok(()) }
                });
            };
            let spawned = std::thread::Builder::new().name("train-batches".to_owned());
            spawned.spawn_scoped(scope, prepare).map_err(TrainError::NoThread)?;
            let ended = match self.steps(&mut state, batches) {
                Ok(Why::Diverged(sentence)) => Ok(Why::Diverged(sentence)),
                Ok(why) => self.finish(&state, why),
                Err(error) => Err(error),
            };
            // Where the samples are lost, what was learned of them is not; a device that failed has nothing more
            // to say.
            if matches!(ended, Err(TrainError::Cache(_))) {
                self.rescue(&state);
            }
            ended
        })
    }

    /// Keeps what was learned where nothing more can be.
    fn rescue(&mut self, state: &State) {
        match self.keep(state) {
            Ok(true) if self.path.is_some() => {
                let text = format!("What was learned is kept as it was at step {}.", state.step);
                (self.tell)(Event::Notice(text));
            }
            Ok(_) => {}
            Err(error) => tracing::warn!("what was learned could not be kept: {error}"),
        }
    }

    /// Makes steps until there are no more, or the run is cancelled, or the losses are no numbers.
    fn steps(
        &mut self,
        state: &mut State,
        batches: Receiver<Result<Prepared, CacheError>>,
    ) -> Result<Why, TrainError> {
        let mut since_report = (Duration::ZERO, 0);
        loop {
            if self.control.checkpoint().is_err() {
                return Ok(Why::Stopped);
            }
            // Waiting for a batch is a part of a step.
            let began = Instant::now();
            let Ok(batch) = batches.recv() else { return Ok(Why::Completed) };
            let batch = batch?;
            let samples = batch.samples() as u64;
            let beta = self.config.beta_at(state.step);
            let Some(sums) = self.step(state, batch, beta) else { return Ok(Why::Stopped) };
            state.step += 1;
            self.control.set_done(state.step);
            let is_last = state.step >= self.steps;
            let is_due = |every: u64| every > 0 && state.step.is_multiple_of(every);
            let reported = (is_due(self.cadence.report) || is_last || is_due(self.cadence.checkpoint))
                .then(|| numbers_of(sums))
                .transpose()?;
            let took = began.elapsed();
            self.worked += took;
            self.trained += samples;
            since_report = (since_report.0 + took, since_report.1 + samples);
            if let Some(sums) = reported {
                let speed = since_report.1 as f64 / since_report.0.as_secs_f64().max(1e-9);
                since_report = (Duration::ZERO, 0);
                let report = self.report(state.step, &sums, samples, beta, speed);
                let is_number = report.figures.is_finite();
                (self.tell)(Event::Step(report));
                if !is_number {
                    return Ok(Why::Diverged(self.diverged(state.step)));
                }
            }
            if is_due(self.cadence.pictures) || state.step == 1 {
                self.pictures(state)?;
            }
            if is_due(self.cadence.held_out)
                && !is_last
                && self.look(state, self.cadence.held_out_rows)?.is_none()
            {
                return Ok(Why::Stopped);
            }
            if is_due(self.cadence.checkpoint) && !is_last && !self.keep(state)? {
                return Ok(Why::Diverged(self.diverged(state.step)));
            }
        }
    }

    /// One step; `None` where it was cancelled on the way, with nothing changed.
    fn step(&mut self, state: &mut State, batch: Prepared, beta: f32) -> Option<Sums> {
        let samples = batch.samples() as f32;
        let learns = |at: usize| !self.config.freeze.holds(&self.weights[at].name);
        let tracked = state.model.tracked(learns);
        let mut gradients: Vec<Option<Tensor<1>>> = vec![None; self.weights.len()];
        let mut all: Option<Sums> = None;
        for piece in batch.pieces {
            self.control.checkpoint().ok()?;
            let told = state.model.batch_of(piece.pixels, &piece.classes);
            let loss = Loss::of(&tracked, &told, state.model.latents(piece.noise));
            let mut found = (loss.total(beta) / samples).backward();
            for (gradient, weight) in gradients.iter_mut().zip(&tracked.weights) {
                if let Some(new) = weight.grad_remove(&mut found) {
                    *gradient = Some(match gradient.take() {
                        Some(sum) => sum + new,
                        None => new,
                    });
                }
            }
            let sums = Tensor::cat(vec![loss.reconstruction.inner(), loss.divergence.inner()], 0);
            all = Some(match all {
                Some(all) => all + sums,
                None => sums,
            });
        }
        // Nothing else holds the weights now, so that they change in their place.
        drop(tracked);
        let adam = Adam { learning_rate: self.config.learning_rate, step: state.step };
        let device = state.model.device().clone();
        let nothing = || Tensor::zeros([0], &device);
        for (at, gradient) in gradients.into_iter().enumerate() {
            let Some(gradient) = gradient else { continue };
            let [first, second] = &mut state.moments;
            let moments =
                [&mut first[at], &mut second[at]].map(|moment| std::mem::replace(moment, nothing()));
            let weight = std::mem::replace(&mut state.model.weights[at], nothing());
            let [weight, one, two] = adam.step(weight, moments, gradient);
            (state.model.weights[at], first[at], second[at]) = (weight, one, two);
        }
        all
    }

    fn report(&self, step: u64, sums: &[f32], samples: u64, beta: f32, samples_per_sec: f64) -> StepReport {
        let mean = |sum: f32| f64::from(sum) / samples as f64;
        let (reconstruction, by_dimension) =
            sums.split_first().map_or((f64::NAN, &[][..]), |(one, rest)| (mean(*one), rest));
        let by_dimension: Vec<f32> = by_dimension.iter().map(|sum| mean(*sum) as f32).collect();
        let divergence = by_dimension.iter().map(|value| f64::from(*value)).sum();
        let rows = self.pack.training.len();
        StepReport {
            step,
            steps: self.steps,
            epoch: (step.max(1) - 1) / self.config.steps_per_epoch(rows),
            figures: Figures { reconstruction, divergence },
            by_dimension,
            beta,
            samples_per_sec,
            secs: self.started.elapsed().as_secs_f64(),
            left_secs: Config { length: super::config::Length::Steps(self.steps), ..self.config.clone() }
                .estimate_secs(rows, step, self.samples_per_sec()),
        }
    }

    fn samples_per_sec(&self) -> f64 {
        self.trained as f64 / self.worked.as_secs_f64().max(1e-9)
    }

    fn diverged(&self, step: u64) -> String {
        format!(
            "The losses were no numbers at step {step}: the model is as it was at step {}. A smaller learning \
             rate than {} may help.",
            self.good.about.step, self.config.learning_rate
        )
    }

    /// Scores held-out samples, spread over all of them, and tells; `None` where it was cancelled.
    fn look(&mut self, state: &State, most: usize) -> Result<Option<()>, TrainError> {
        let rows = &self.pack.held_out;
        if rows.is_empty() {
            return Ok(Some(()));
        }
        let rows: Vec<u32> = rows.iter().copied().step_by(rows.len().div_ceil(most.max(1))).collect();
        // Progress is of the steps.
        let quiet = Quiet(self.control);
        let scores = match quiet
            .while_scoring(|| score(&state.model, &self.pack, &rows, self.config.seed, self.control))
        {
            Err(ScoreError::Cancelled(_)) => return Ok(None),
            Err(ScoreError::Device(error)) => return Err(error.into()),
            Err(ScoreError::Cache(error)) => return Err(error.into()),
            Ok(scores) => scores,
        };
        if let Some(figures) = scores.figures() {
            let report = HeldOutReport {
                step: state.step,
                rows: rows.len(),
                figures,
                by_dimension: scores.by_dimension,
            };
            self.held_out = Some(report.clone());
            (self.tell)(Event::HeldOut(report));
        }
        Ok(Some(()))
    }

    /// Tells what comes back of a few samples, and what a few latents are of.
    fn pictures(&mut self, state: &State) -> Result<(), TrainError> {
        let count = self.cadence.picture_count;
        if count == 0 || self.cadence.pictures == 0 {
            return Ok(());
        }
        let rows = if self.pack.held_out.is_empty() { &self.pack.training } else { &self.pack.held_out };
        let rows: Vec<u32> = rows.iter().copied().step_by(rows.len().div_ceil(count)).take(count).collect();
        let shape = &self.config.shape;
        let originals = Pictures {
            size: shape.size,
            channels: shape.channels.count(),
            pixels: self.pack.gathered(&rows)?,
        };
        let classes: Vec<u32> = match shape.classes {
            0 => vec![NO_CLASS; count],
            classes => (0..count).map(|at| (at % classes) as u32).collect(),
        };
        // A fresh control: what is cancelled ends at the next step.
        let quiet = Control::new();
        let latents = prior(shape.latent, count, self.config.seed);
        let made = reconstruct(&state.model, &self.pack, &rows, &quiet)
            .and_then(|returned| Ok((returned, decode(&state.model, &latents, &classes, &quiet)?)));
        match made {
            Ok((returned, pictures)) => {
                (self.tell)(Event::Reconstructions { step: state.step, originals, returned });
                (self.tell)(Event::Sheet { step: state.step, pictures });
                Ok(())
            }
            Err(ScoreError::Cancelled(_)) => Ok(()),
            Err(ScoreError::Device(error)) => Err(error.into()),
            Err(ScoreError::Cache(error)) => Err(error.into()),
        }
    }

    /// Keeps the state, on disk as well where there is a folder for it; `false` where it has numbers that
    /// are none, and nothing was kept.
    fn keep(&mut self, state: &State) -> Result<bool, TrainError> {
        if state.step == self.good.about.step && self.path.is_some() {
            return Ok(true);
        }
        let weights = state.model.numbers()?;
        let read = |tensors: &[Tensor<1>]| {
            tensors.iter().map(|tensor| numbers_of(tensor.clone())).collect::<Result<Numbers, _>>()
        };
        let moments = [read(&state.moments[0])?, read(&state.moments[1])?];
        let is_number = |numbers: &Numbers| numbers.iter().flatten().all(|number| number.is_finite());
        if !is_number(&weights) || !moments.iter().all(is_number) {
            return Ok(false);
        }
        let about = About {
            config: self.config.clone(),
            step: state.step,
            held_out: self.held_out.as_ref().map(|report| report.figures).or(self.good.about.held_out),
            ..self.good.about.clone()
        };
        self.good = Checkpoint { about, weights, moments };
        if let Some(out) = &self.out {
            let path = self.good.save(out)?;
            self.path = Some(path.clone());
            (self.tell)(Event::Saved { step: state.step, path });
        }
        Ok(true)
    }

    /// What is done when the steps are: the last look and the last checkpoint.
    fn finish(&mut self, state: &State, why: Why) -> Result<Why, TrainError> {
        if why == Why::Completed {
            // Who stops it now has all the steps.
            let _ = self.look(state, usize::MAX)?;
            self.pictures(state)?;
        }
        if !self.keep(state)? {
            return Ok(Why::Diverged(self.diverged(state.step)));
        }
        Ok(why)
    }

    fn end(self, why: Why, kind: Kind) -> Ended {
        Ended {
            why,
            kind,
            samples_per_sec: self.samples_per_sec(),
            secs: self.started.elapsed().as_secs_f64(),
            checkpoint: self.good,
            path: self.path,
            held_out: self.held_out,
        }
    }
}

/// Takes back what a part of the work adds to a job's progress.
struct Quiet<'a>(&'a Control);

impl Quiet<'_> {
    fn while_scoring<T>(&self, work: impl FnOnce() -> T) -> T {
        let done = self.0.progress().done;
        let out = work();
        self.0.set_done(done);
        out
    }
}

#[cfg(test)]
mod tests;
