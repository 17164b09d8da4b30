//! Training beside the person, and what is known before: what suits the samples, which models there are.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::Context;

use super::live::Live;
use super::{bug, waker};
use crate::dataset::query::{self, Snapshot};
use crate::import::Reader;
use crate::jobs::{Cancelled, Control, Job, Outcome};
use crate::pipeline;
use crate::state::training::Begin;
use crate::state::{Action, Draft, End, ModelFace, Session};
use crate::text::sentence;
use crate::train::checkpoint::{self, Checkpoint};
use crate::train::config::Length;
use crate::train::device::{Graphics, Processor};
use crate::train::pack::{Room, Wanted, chosen, pack};
use crate::train::run::{Cadence, Ended, Feed, Request, Start, Told, TrainError, spawn};
use crate::train::{MODELS, suggest};

/// A run that is under way.
pub struct Training {
    job: Job<Result<Ended, TrainError>>,
    feed: Feed,
}

impl Training {
    /// Starts a run on the samples of the view as it is now.
    pub fn start(
        live: &Live,
        session: &Session,
        draft: Draft,
        graphics: Option<Graphics>,
        ctx: &Context,
    ) -> std::io::Result<Self> {
        let (snapshot, reader) = (session.snapshot.clone(), live.reader.clone());
        let filter = session.overlay.view.filter.clone();
        let models = live.writable_project().map(|_| live.folder().join(MODELS));
        let (job, feed) = spawn(waker(ctx), move |control| {
            let samples = samples(&snapshot, &filter);
            prepare(&snapshot, &reader, samples, draft, graphics, models, control)
        })?;
        Ok(Self { job, feed })
    }

    pub fn control(&self) -> &Control {
        self.job.control()
    }

    /// What it told since the last time, and once it has ended how.
    pub fn poll(&mut self) -> (Option<Action>, Option<Action>) {
        // Asked first: what was told before the end is there then.
        let ended = self.job.poll();
        let told = self.feed.take();
        let told = (told != Told::default()).then(|| Action::TrainTold(Box::new(told)));
        let end = ended.map(|outcome| match outcome {
            Outcome::Done(Ok(ended)) => End::Ended(Arc::new(ended)),
            Outcome::Done(Err(error)) => End::Failed(sentence(error)),
            Outcome::Cancelled => End::Cancelled,
            Outcome::Panicked(cause) => End::Failed(bug("training", &cause)),
        });
        (told, end.map(|end| Action::TrainingEnded(Box::new(end))))
    }

    /// Cancels it and waits until what it learned is on the disk.
    pub fn stop(mut self) {
        self.job.control().cancel();
        self.job.wait();
    }
}

/// The samples of a view that take part, in the order of their paths: that of the command line, so that a
/// run may go on there.
pub fn samples(snapshot: &Snapshot, filter: &str) -> Vec<crate::dataset::SampleId> {
    // What cannot be read shows nothing, and so trains on nothing.
    let Ok(query) = query::parse(filter, snapshot.vocabulary()) else { return Vec::new() };
    chosen(snapshot, &query::rows(snapshot, &query, "path", Default::default()))
}

/// Packs the samples and chooses the device, on the run's own thread.
fn prepare(
    snapshot: &Snapshot,
    reader: &Reader,
    samples: Vec<crate::dataset::SampleId>,
    draft: Draft,
    graphics: Option<Graphics>,
    models: Option<PathBuf>,
    control: &Control,
) -> Result<Request, TrainError> {
    let Draft { mut config, device, begin, augment: _ } = draft;
    let mut steps_made = None;
    let (start, out, class_names) = match begin {
        Begin::New => (Start::New, new_run(models.as_deref()), None),
        Begin::From(path) => {
            let checkpoint = Checkpoint::load(&path)?;
            (Start::From(checkpoint.into()), new_run(models.as_deref()), None)
        }
        Begin::Resume(run) => {
            checkpoint::mend(&run);
            let checkpoint = Checkpoint::load(&run)?;
            let class_names = Some(checkpoint.about.class_names.clone());
            steps_made = Some(checkpoint.about.step);
            (Start::Resume(checkpoint.into()), models.map(|_| run), class_names)
        }
    };
    let wanted = Wanted { class_names, ..Wanted::of(&config) };
    let room = out.as_deref().map_or_else(Room::default, Room::in_folder);
    let pack = Arc::new(pack(snapshot, reader, &samples, &wanted, &room, pipeline::cores(), control)?);
    if steps_made.is_some_and(|made| made >= config.steps(pack.training.len())) {
        // It was completed: as long again.
        config.length = match config.length {
            Length::Epochs(epochs) => Length::Epochs(epochs.saturating_mul(2)),
            Length::Steps(steps) => Length::Steps(steps.saturating_mul(2)),
        };
    }
    control.begin("Preparing the device", 0);
    Ok(Request {
        processor: match &graphics {
            Some(graphics) => Processor::choose_beside(device, graphics)?,
            None => Processor::choose(device)?,
        },
        cadence: Cadence::of(&config, pack.training.len()),
        config,
        pack,
        source: snapshot.dataset.source.clone(),
        start,
        out,
    })
}

/// The folder of a new run: its number is one more than the largest there.
fn new_run(models: Option<&Path>) -> Option<PathBuf> {
    let models = models?;
    let number = |run: &PathBuf| run.file_name()?.to_str()?.strip_prefix("model-")?.parse::<u32>().ok();
    let last = runs(models).iter().filter_map(number).max().unwrap_or(0);
    Some(models.join(format!("model-{:03}", last + 1)))
}

/// The folders of runs.
fn runs(models: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(models) else { return Vec::new() };
    entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

/// The models that a project keeps, the newest first. What cannot be read is none.
fn models(folder: &Path) -> Vec<ModelFace> {
    let mut runs = runs(&folder.join(MODELS));
    // Their numbers have as many digits.
    runs.sort_by(|one, two| two.cmp(one));
    let face = |run: PathBuf| match checkpoint::look(&run) {
        Ok((checkpoint, about)) => Some(ModelFace { checkpoint, run, about: about.into() }),
        Err(error) => {
            tracing::debug!("{error}");
            None
        }
    };
    runs.into_iter().filter_map(face).collect()
}

/// Finds out what is known before anything is trained, on a thread of its own.
pub struct Asking(Job<Vec<Action>>);

impl Asking {
    /// What suits the samples of the view, how fast the processor is, and which models there are.
    pub fn what_suits(live: &Live, session: &Session, ctx: &Context) -> std::io::Result<Self> {
        let (snapshot, reader) = (session.snapshot.clone(), live.reader.clone());
        let (filter, folder) = (session.overlay.view.filter.clone(), live.folder().to_owned());
        let work = move |control: &Control| {
            let samples = samples(&snapshot, &filter);
            let config = Box::new(suggest::config_for(&snapshot, &reader, &samples));
            control.checkpoint()?;
            let speed = suggest::processor_speed();
            let models = Arc::new(models(&folder));
            Ok(vec![Action::ModelsListed(models), Action::TrainingSuggested { config, speed }])
        };
        Ok(Self(Job::spawn("training-suggest", waker(ctx), work)?))
    }

    /// Which models there are.
    pub fn which_models(live: &Live, ctx: &Context) -> std::io::Result<Self> {
        let folder = live.folder().to_owned();
        let work = move |_: &Control| -> Result<_, Cancelled> {
            Ok(vec![Action::ModelsListed(Arc::new(models(&folder)))])
        };
        Ok(Self(Job::spawn("models", waker(ctx), work)?))
    }

    /// What was found out, once it was.
    pub fn poll(&mut self) -> Option<Vec<Action>> {
        Some(match self.0.poll()? {
            Outcome::Done(actions) => actions,
            Outcome::Cancelled => Vec::new(),
            Outcome::Panicked(cause) => {
                let text = bug("looking at the samples", &cause);
                vec![Action::Notify { level: crate::state::Level::Error, text }]
            }
        })
    }
}
