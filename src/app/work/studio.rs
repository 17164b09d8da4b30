//! What a person sees of a trained model: the model opened, the samples encoded, latents decoded.
//!
//! Models are opened and samples are encoded by jobs. Decoding is on one thread for the whole life of the
//! program, which a graphics device wants; of each part of the panel the newest question counts.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crossbeam_channel::Sender;
use egui::Context;

use super::live::Live;
use super::training::samples;
use super::{bug, waker};
use crate::dataset::SampleId;
use crate::dataset::query::Rows;
use crate::jobs::{Cancelled, Control, Job, Newest, Outcome};
use crate::pipeline::modelled::{Asked, modelled};
use crate::state::latent::{Latents, Made, MapFace, ModelRef, NEAR, OpenModel, Slot};
use crate::state::{Action, Level, SelectMode, Session};
use crate::text::sentence;
use crate::train::checkpoint::{self, Checkpoint};
use crate::train::device::{Choice, Graphics, Processor};
use crate::train::model::Model;
use crate::train::score::decode;
use crate::train::space::Space;
use crate::train::streamed::{Samples, StreamError};
use crate::train::{MODELS, ondevice};

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
    /// the order of their paths, as the command line does, so that what follows from all together is the same.
    pub fn start(
        loaded: Arc<Loaded>,
        live: &Live,
        session: &Session,
        before: Option<Self>,
        ctx: &Context,
    ) -> std::io::Result<Self> {
        let (snapshot, reader) = (session.snapshot.clone(), live.reader.clone());
        let project = live.writable_project();
        let work = move |control: &Control| {
            if let Some(before) = before {
                before.stop();
            }
            let all = samples(&snapshot, "");
            let samples = Samples { snapshot: &snapshot, reader: &reader, samples: &all };
            match modelled(loaded.asked(), samples, project.as_deref(), crate::pipeline::cores(), control) {
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

/// What is asked of the thread that decodes: of each part the newest.
#[derive(Default)]
struct Questions {
    loaded: Option<Arc<Loaded>>,
    decode: [Option<(u64, Latents)>; Slot::ALL.len()],
    near: Option<(u64, Arc<Space>, Vec<f32>)>,
    within: Option<Within>,
}

/// An outline on a map, and whom to look for in it.
pub struct Within {
    pub map: Arc<MapFace>,
    pub space: Arc<Space>,
    pub rows: Arc<Rows>,
    pub outline: Vec<[f32; 2]>,
    pub mode: SelectMode,
}

impl Within {
    /// The samples of the view in it.
    fn samples(&self) -> Vec<SampleId> {
        let rows = self.map.scatter.within(&self.outline);
        let samples = rows.iter().filter_map(|row| self.space.samples.get(*row as usize)).copied();
        samples.filter(|sample| self.rows.mask().contains(*sample as usize)).collect()
    }
}

/// The thread that decodes.
pub struct Studio(Newest<Questions>);

impl Studio {
    /// Starts the thread. Answers go to `answers`, and `wake` is called after each.
    pub fn spawn(answers: Sender<Action>, wake: impl Fn() + Send + 'static) -> Self {
        Self(Newest::spawn("decode", move |questions: Questions| {
            let Questions { loaded, decode, near, within } = questions;
            if let Some(within) = within {
                let samples = within.samples();
                if !samples.is_empty() {
                    // The window may be gone by now.
                    let _ = answers.send(Action::SelectSamples { samples, mode: within.mode });
                    wake();
                }
            }
            for (slot, question) in Slot::ALL.into_iter().zip(decode) {
                let (Some(loaded), Some((generation, latents))) = (&loaded, question) else { continue };
                // The window may be gone by now.
                let _ = answers.send(decoded(loaded, slot, generation, &latents));
                wake();
            }
            if let Some((generation, space, latent)) = near {
                let near = Arc::new(space.near(&latent, NEAR));
                let _ = answers.send(Action::NearFound { generation, near });
                wake();
            }
        }))
    }

    pub fn decode(&self, loaded: &Arc<Loaded>, slot: Slot, generation: u64, latents: Latents) {
        self.0.change(|waiting| {
            let waiting = waiting.get_or_insert_default();
            // What was asked of another model is of no use any more.
            if waiting.loaded.as_ref().is_some_and(|known| !Arc::ptr_eq(known, loaded)) {
                waiting.decode = Default::default();
            }
            waiting.loaded = Some(loaded.clone());
            waiting.decode[slot as usize] = Some((generation, latents));
        });
    }

    /// Selects what is within an outline.
    pub fn find_within(&self, within: Within) {
        self.0.change(|waiting| waiting.get_or_insert_default().within = Some(within));
    }

    pub fn find_near(&self, space: &Arc<Space>, generation: u64, latent: Vec<f32>) {
        self.0.change(|waiting| {
            waiting.get_or_insert_default().near = Some((generation, space.clone(), latent));
        });
    }
}

fn decoded(loaded: &Loaded, slot: Slot, generation: u64, latents: &Latents) -> Action {
    let made = match crate::jobs::run(|| Ok(make(loaded, slot, latents))) {
        Outcome::Done(made) => made,
        Outcome::Cancelled => Err("Decoding was stopped.".to_owned()),
        Outcome::Panicked(cause) => Err(bug("decoding", &cause)),
    };
    Action::Decoded { slot, generation, made }
}

/// The sheet stays on the graphics device where the model is there; all else comes here.
fn make(loaded: &Loaded, slot: Slot, latents: &Latents) -> Result<Made, String> {
    let control = Control::new();
    if slot == Slot::Sheet
        && let Some(graphics) = &loaded.graphics
    {
        let cells = ondevice::decode(graphics, &loaded.model, &latents.numbers, &latents.classes, &control);
        if let Some(cells) = cells.map_err(sentence)? {
            return Ok(Made::OnDevice(cells.into()));
        }
    }
    let pictures = decode(&loaded.model, &latents.numbers, &latents.classes, &control).map_err(sentence)?;
    Ok(Made::Here(pictures.into()))
}
