//! A trained model opened, and the samples encoded by it: each is a job.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::Context;

use super::live::Live;
use super::training::samples;
use super::{bug, waker};
use crate::jobs::{Cancelled, Control, Job, Outcome};
use crate::pipeline::modelled::{Asked, modelled_again};
use crate::state::latent::{ModelRef, OpenModel};
use crate::state::{Action, Level, Session};
use crate::text::sentence;
use crate::train::MODELS;
use crate::train::checkpoint::{self, Checkpoint};
use crate::train::device::{Choice, Graphics, Processor};
use crate::train::model::Model;
use crate::train::space::Space;
use crate::train::streamed::{Samples, StreamError};

/// A model that is open, on its device.
pub struct Loaded {
    pub checkpoint: Checkpoint,
    /// Where it is on the disk; the name of one that is not.
    pub folder: PathBuf,
    pub model: Model,
    pub device: String,
    pub graphics: Option<Graphics>,
}

/// Chooses what does the work, beside a window where there is one.
pub fn processor(choice: Choice, graphics: Option<&Graphics>) -> Result<Processor, String> {
    let chosen = match graphics {
        Some(graphics) => Processor::choose_beside(choice, graphics),
        None => Processor::choose(choice),
    };
    chosen.map_err(sentence)
}

/// A model that is being opened.
pub struct OpeningModel(Job<Result<Arc<Loaded>, String>>);

impl OpeningModel {
    pub fn start(
        model: ModelRef,
        device: Choice,
        graphics: Option<Graphics>,
        ctx: &Context,
    ) -> std::io::Result<Self> {
        let work = move |_: &Control| Ok(load(model, device, graphics).map(Arc::new));
        Ok(Self(Job::spawn("open-model", waker(ctx), work)?))
    }

    /// The model, or a sentence about why there is none, once it is known.
    pub fn poll(&mut self) -> Option<Result<Arc<Loaded>, String>> {
        Some(match self.0.poll()? {
            Outcome::Done(loaded) => loaded,
            Outcome::Cancelled => Err("The model was not opened.".to_owned()),
            Outcome::Panicked(cause) => Err(bug("opening the model", &cause)),
        })
    }
}

fn load(model: ModelRef, device: Choice, graphics: Option<Graphics>) -> Result<Loaded, String> {
    let (checkpoint, folder) = match model {
        ModelRef::Folder(path) => {
            let folder = checkpoint::find(&path).map_err(sentence)?;
            (Checkpoint::load(&folder).map_err(sentence)?, folder)
        }
        ModelRef::Trained(ended) => (ended.checkpoint.clone(), PathBuf::from("not kept")),
    };
    let processor = processor(device, graphics.as_ref())?;
    let model = processor.model(&checkpoint.about.config.shape, checkpoint.weights.clone());
    Ok(Loaded { checkpoint, folder, model, device: processor.name, graphics })
}

impl Loaded {
    /// The model, for whoever asks it about samples.
    pub fn asked(&self) -> Asked<'_> {
        Asked { checkpoint: &self.checkpoint, folder: &self.folder, model: &self.model }
    }

    /// The model as the window shows it.
    pub fn face(&self) -> OpenModel {
        let is_kept = self.folder.is_dir();
        // A project's models have a folder each, with one for every checkpoint.
        let run = self
            .folder
            .parent()
            .filter(|run| run.parent().and_then(Path::file_name).is_some_and(|name| name == MODELS));
        let named = run.unwrap_or(&self.folder);
        OpenModel {
            name: named.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            about: Arc::new(self.checkpoint.about.clone()),
            folder: is_kept.then(|| self.folder.clone()),
            device: self.device.clone(),
        }
    }
}

/// Samples that are being encoded.
pub struct Encoding(Job<Result<Found, String>>);

/// What encoding the samples comes to.
struct Found {
    told: Vec<Action>,
    space: Option<Arc<Space>>,
}

impl Encoding {
    /// Starts encoding all samples that are not pruned, once what is encoded `before` has let the project go: in
    /// the order of their paths, as the command line does, so that on the same kind of device what follows from
    /// all together is the same.
    /// What the project keeps of samples that are as they were is not asked again.
    pub fn start(
        loaded: Arc<Loaded>,
        live: &Live,
        session: &Session,
        before: Option<Self>,
        ctx: &Context,
    ) -> std::io::Result<Self> {
        let (snapshot, reader) = (session.snapshot.clone(), live.reader.clone());
        let project = live.project.clone();
        let work = move |control: &Control| {
            if let Some(before) = before {
                before.stop();
            }
            let all = samples(&snapshot, "");
            let samples = Samples { snapshot: &snapshot, reader: &reader, samples: &all };
            let threads = crate::pipeline::cores();
            match modelled_again(loaded.asked(), samples, &project, threads, control) {
                Ok(found) => {
                    control.begin("Looking for the axes", 0);
                    let scores = found.scored.scores;
                    let space = found.mixture.map(|mixture| {
                        let (samples, rows) = (found.scored.samples, snapshot.len());
                        Space::new(samples, rows, scores.means, &scores.log_variances, mixture, control)
                    });
                    let space = space.transpose()?.flatten().map(Arc::new);
                    let mut told: Vec<Action> = Vec::new();
                    let notify = |text: String| Action::Notify { level: Level::Warning, text };
                    match &space {
                        Some(space) => {
                            told.push(Action::SpaceFound { space: space.clone(), columns: found.columns });
                        }
                        None => told.push(notify("The model says nothing of these samples.".to_owned())),
                    }
                    told.extend(found.problem.map(notify));
                    Ok(Ok(Found { told, space }))
                }
                Err(StreamError::Cancelled(cancelled)) => Err::<_, Cancelled>(cancelled),
                Err(error) => Ok(Err(sentence(error))),
            }
        };
        Ok(Self(Job::spawn("encode", waker(ctx), work)?))
    }

    pub fn control(&self) -> &Control {
        self.0.control()
    }

    /// What came of it, and the space for the thread that decodes, once it has ended.
    pub fn poll(&mut self) -> Option<(Vec<Action>, Option<Arc<Space>>)> {
        let told = |level, text| (vec![Action::Notify { level, text }], None);
        Some(match self.0.poll()? {
            Outcome::Done(Ok(found)) => (found.told, found.space),
            Outcome::Done(Err(text)) => told(Level::Error, text),
            Outcome::Cancelled => told(Level::Info, "Encoding the samples was stopped.".to_owned()),
            Outcome::Panicked(cause) => told(Level::Error, bug("encoding the samples", &cause)),
        })
    }

    /// Cancels it and waits until it has let the project go.
    pub fn stop(mut self) {
        self.0.control().cancel();
        self.0.wait();
    }
}
