//! Comparing a model's draws with samples, beside the person.

use std::sync::Arc;

use egui::Context;

use super::live::Live;
use super::studio::Loaded;
use super::training::samples;
use super::{bug, waker};
use crate::jobs::{Control, Job, Outcome};
use crate::pipeline;
use crate::pipeline::evaluated::{EvaluateError, Evaluated, GENERATED, evaluate};
use crate::state::{Action, Level, Session};
use crate::text::sentence;
use crate::train::pack::Room;
use crate::train::streamed::Samples;

/// The seed of the draws: the command line's, unless it is told another.
const SEED: u64 = 1;

/// A comparison that is under way.
pub struct Evaluating {
    job: Job<Result<Evaluated, String>>,
    filter: String,
}

impl Evaluating {
    /// Starts comparing with the samples of the view.
    pub fn start(
        loaded: Arc<Loaded>,
        live: &Live,
        session: &Session,
        ctx: &Context,
    ) -> std::io::Result<Self> {
        let (snapshot, reader) = (session.snapshot.clone(), live.reader.clone());
        let filter = session.overlay.view.filter.clone();
        let (asked, room) = (filter.clone(), Room::in_folder(live.folder()));
        let work = move |control: &Control| {
            let all = samples(&snapshot, &filter);
            let of = Samples { snapshot: &snapshot, reader: &reader, samples: &all };
            let threads = pipeline::cores();
            match evaluate(loaded.asked(), of, GENERATED, SEED, &room, threads, control) {
                Err(EvaluateError::Cancelled(cancelled)) => Err(cancelled),
                other => Ok(other.map_err(sentence)),
            }
        };
        Ok(Self { job: Job::spawn("evaluate", waker(ctx), work)?, filter: asked })
    }

    pub fn control(&self) -> &Control {
        self.job.control()
    }

    /// What came of it, once it has ended.
    pub fn poll(&mut self) -> Option<Action> {
        let told = |level, text| Action::Notify { level, text };
        Some(match self.job.poll()? {
            Outcome::Done(Ok(figures)) => {
                Action::Evaluated { figures: Arc::new(figures), filter: std::mem::take(&mut self.filter) }
            }
            Outcome::Done(Err(text)) => told(Level::Error, text),
            Outcome::Cancelled => told(Level::Info, "The comparison was stopped.".to_owned()),
            Outcome::Panicked(cause) => told(Level::Error, bug("the comparison", &cause)),
        })
    }
}
